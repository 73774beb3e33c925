// C programs and TypeScript over one segment, each in both roles: an atomic counter, a word to sleep on, a ring with
// two cursors; and what a C program leaves that is killed in the middle.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { notify, waitAsync } from '../../src/index.ts';
import {
  close,
  ftruncate,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  shm_open,
  shm_unlink,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { uniqueName, until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { Peer } from './peer.ts';
import { makers, Shared } from './shared.ts';

suite('counter.c', { skip: needs('gcc') }, () => {
  before(() => compiled('counter.c'));

  for (const maker of makers) {
    test(`both count in what ${maker} has made, and no step is lost`, async () => {
      await using both = await Shared.by(maker, 'counter.c', 8);
      const words = new Int32Array(both.buffer);
      const adding = both.ask('add 2000000');
      await until(() => Atomics.load(words, 0) > 0, 'C to begin');
      for (let i = 0; i < 200_000; i++) Atomics.add(words, 0, 1);
      await adding;
      assert.equal(Atomics.load(words, 0), 2_200_000);
      assert.equal(await both.ask('get'), '2200000');
    });
  }

  test('C sleeps on a word until notify', async () => {
    await using both = await Shared.by('memspan', 'counter.c', 8);
    const words = new Int32Array(both.buffer);
    const woken = both.ask('wait 0');
    // Woken and told nothing, it sleeps again.
    await until(() => notify(words, 1) === 1, 'C to sleep');
    await until(() => notify(words, 1) === 1, 'C to sleep again');
    Atomics.store(words, 1, 7);
    notify(words, 1);
    assert.equal(await woken, '7');
  });

  test('waitAsync sleeps on a word until C wakes it', async () => {
    await using both = await Shared.by('the program', 'counter.c', 8);
    const words = new Int32Array(both.buffer);
    const { async, value } = waitAsync(words, 1, 0);
    assert.equal(async, true);
    assert.equal(await both.ask('tell 9'), '1');
    assert.equal(await value, 'ok');
    assert.equal(Atomics.load(words, 1), 9);
  });

  test('C is killed while it counts: every step that it did is there, and others go on', async () => {
    await using both = await Shared.by('the program', 'counter.c', 8);
    const words = new Int32Array(both.buffer);
    both.ask('add 2000000000').catch(() => {});
    await until(() => Atomics.load(words, 0) > 10_000, 'C to count');
    await both.replace();
    const count = Atomics.load(words, 0);
    assert.equal(await both.ask('add 5'), '5');
    Atomics.add(words, 0, 1);
    assert.equal(Number(await both.ask('get')), count + 6);
  });
});

/** The ring of ring.c, seen from here. */
class Ring {
  static readonly size: number = 128 + 64 * 4;
  static readonly capacity: number = 64;
  readonly #cursors: Int32Array;
  readonly #items: Uint32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#cursors = new Int32Array(buffer, 0, 32);
    this.#items = new Uint32Array(buffer, 128, Ring.capacity);
  }

  get length(): number {
    return (Atomics.load(this.#cursors, 0) - Atomics.load(this.#cursors, 16)) | 0;
  }

  tryWrite(item: number): boolean {
    if (this.length === Ring.capacity) return false;
    const head = Atomics.load(this.#cursors, 0);
    this.#items[(head >>> 0) % Ring.capacity] = item;
    Atomics.store(this.#cursors, 0, head + 1);
    return true;
  }

  tryRead(): number | undefined {
    if (this.length === 0) return undefined;
    const tail = Atomics.load(this.#cursors, 16);
    const item = this.#items[(tail >>> 0) % Ring.capacity];
    Atomics.store(this.#cursors, 16, tail + 1);
    return item;
  }

  async write(first: number, count: number): Promise<void> {
    for (let i = 0; i < count; i++) while (!this.tryWrite(first + i)) await turn();
  }

  async read(): Promise<number> {
    for (;;) {
      const item = this.tryRead();
      if (item !== undefined) return item;
      await turn();
    }
  }
}

suite('ring.c', { skip: needs('gcc') }, () => {
  before(() => compiled('ring.c'));
  const count = 5_000;

  for (const maker of makers) {
    test(`what TypeScript writes C reads, in a ring that ${maker} has made`, async () => {
      await using both = await Shared.by(maker, 'ring.c', Ring.size);
      const sum = both.ask(`read ${count}`);
      await new Ring(both.buffer).write(1, count);
      assert.equal(await sum, String((count * (count + 1)) / 2));
    });

    test(`what C writes TypeScript reads, in a ring that ${maker} has made`, async () => {
      await using both = await Shared.by(maker, 'ring.c', Ring.size);
      const ring = new Ring(both.buffer);
      const written = both.ask(`write 1 ${count}`);
      for (let item = 1; item <= count; item++) assert.equal(await ring.read(), item);
      assert.equal(await written, String(count));
      assert.equal(ring.length, 0);
    });
  }

  test('the cursors wrap around at 2^32', async () => {
    await using both = await Shared.by('memspan', 'ring.c', Ring.size);
    new Int32Array(both.buffer)[0] = -10;
    new Int32Array(both.buffer)[16] = -10;
    const ring = new Ring(both.buffer);
    const written = both.ask('write 1 500');
    for (let item = 1; item <= 500; item++) assert.equal(await ring.read(), item);
    await written;
    const sum = both.ask('read 500');
    await ring.write(1, 500);
    assert.equal(await sum, String(250 * 501));
  });

  test('C is killed while it writes: whole items in order up to there, and another goes on', async () => {
    await using both = await Shared.by('the program', 'ring.c', Ring.size);
    const ring = new Ring(both.buffer);
    both.ask('write 1 2000000000').catch(() => {});
    for (let item = 1; item <= 1000; item++) assert.equal(await ring.read(), item);
    await both.replace();
    let last = 1000;
    for (let item = ring.tryRead(); item !== undefined; item = ring.tryRead()) {
      assert.equal(item, last + 1);
      last = item;
    }
    await both.ask(`write ${last + 1} 3`);
    for (let i = 1; i <= 3; i++) assert.equal(ring.tryRead(), last + i);
  });

  test('C is killed with an item half made: nobody reads it, and the next one takes its place', async () => {
    await using both = await Shared.by('memspan', 'ring.c', Ring.size);
    const ring = new Ring(both.buffer);
    await both.ask('write 1 2');
    await both.ask('half');
    await both.replace();
    assert.deepEqual([ring.tryRead(), ring.tryRead(), ring.tryRead()], [1, 2, undefined]);
    ring.tryWrite(3);
    assert.equal(await both.ask('read 1'), '3');
  });

  test('C is killed between an item and its cursor: the next reader gets the item, too', async () => {
    await using both = await Shared.by('memspan', 'ring.c', Ring.size);
    const ring = new Ring(both.buffer);
    await ring.write(1, 2);
    assert.equal(await both.ask('read 1'), '1');
    assert.equal(await both.ask('peek'), '2');
    await both.replace();
    assert.deepEqual([ring.tryRead(), ring.tryRead()], [2, undefined]);
  });
});

suite("memspan/posix's shm_open and mmap", { skip: needs('gcc') }, () => {
  for (const maker of makers) {
    test(`both count in what ${maker} has made`, async () => {
      const name = `/${uniqueName()}`;
      const program = await compiled('counter.c');
      let peer: Peer | undefined;
      if (maker === 'the program') {
        peer = Peer.start(program, name, 'create');
        await peer.ask('get');
      }
      const fd = shm_open(name, O_RDWR | (peer === undefined ? O_CREAT | O_EXCL : 0), 0o600);
      if (peer === undefined) ftruncate(fd, 8);
      const buffer = mmap(null, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      close(fd);
      peer ??= Peer.start(program, name, 'open');
      const words = new Int32Array(buffer);
      const adding = peer.ask('add 1000000');
      await until(() => Atomics.load(words, 0) > 0, 'C to begin');
      for (let i = 0; i < 100_000; i++) Atomics.add(words, 0, 1);
      await adding;
      assert.equal(await peer.ask('get'), '1100000');
      const woken = peer.ask('wait 0');
      await until(() => notify(words, 1) === 1, 'C to sleep');
      Atomics.store(words, 1, 3);
      notify(words, 1);
      assert.equal(await woken, '3');
      shm_unlink(name);
      munmap(buffer);
      await peer.end();
    });
  }
});
