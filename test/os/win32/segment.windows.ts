// The raw tier on Windows: segments by name and without, whole when they can be opened, exact in size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as memspan from '../../../src/index.ts';
import * as w from '../../../src/os/win32.ts';
import { uniqueName } from '../../support/kernel-objects.ts';
import { type Puppet, startChild, startWorker } from '../../support/puppets.ts';

const { Segment } = memspan;

test('create here, open there: the same SharedArrayBuffer, to the byte', async () => {
  const name = uniqueName();
  const size = 100_001;
  using segment = Segment.create(name, { size });
  assert.ok(segment.buffer instanceof SharedArrayBuffer);
  assert.equal(segment.buffer.byteLength, size);
  const { kind, created, readOnly, isLinked } = segment;
  assert.deepEqual([segment.name, segment.size, kind], [name, size, 'named']);
  assert.deepEqual([created, readOnly, isLinked], [true, false, true]);
  const words = new Int32Array(segment.buffer, 0, 2);
  words[0] = 41;
  const child = await startChild();
  const seen = await child.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name);
    const words = new Int32Array(kept.segment.buffer, 0, 2);
    return [kept.segment.size, kept.segment.created, Atomics.add(words, 0, 1)];
  }, name);
  assert.deepEqual([seen, words[0]], [[size, false, 41], 42]);
});

test('two processes and a worker add 100,000 each to one word, none is lost', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4096 });
  const puppets = await Promise.all([startChild(), startChild(), startWorker()]);
  const add = (puppet: Puppet): Promise<void> =>
    puppet.run(({ memspan }, name) => {
      const segment = memspan.Segment.open(name);
      const words = new Int32Array(segment.buffer);
      for (let i = 0; i < 100_000; i++) Atomics.add(words, 0, 1);
      segment.close();
    }, name);
  await Promise.all(puppets.map(add));
  assert.equal(new Int32Array(segment.buffer)[0], 300_000);
});

test('the name is taken while anybody has it open, and free afterwards', async () => {
  const name = uniqueName();
  const segment = Segment.create(name, { size: 10 });
  assert.throws(() => Segment.create(name, { size: 10 }), { code: 'ERR_MEMSPAN_EXISTS' });
  assert.throws(() => Segment.openOrCreate(name, { size: 11 }), {
    code: 'ERR_MEMSPAN_SIZE_MISMATCH',
    expected: 11,
    found: 10,
  });
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name);
  }, name);
  segment.close();
  using again = Segment.open(name);
  assert.equal(again.size, 10, 'exact, although its maker has closed it');
  again.close();
  await child.kill();
  assert.throws(() => Segment.open(name), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  assert.equal(Segment.unlink(name), false);
  using larger = Segment.openOrCreate(name, { size: 5000 });
  assert.deepEqual([larger.created, larger.size, larger.unlink()], [true, 5000, false]);
});

test('whenever it is opened while others make and close it, it has its exact size or is not there', async () => {
  const name = uniqueName();
  const child = await startChild();
  let isOver = false;
  const made = child
    .run(async ({ memspan }, name) => {
      let rounds = 0;
      for (let i = 0; i < 500; i++) {
        try {
          memspan.Segment.create(name, { size: 10_001 }).close();
          rounds++;
        } catch (error) {
          // The other one has it open.
          if ((error as { code: string }).code !== 'ERR_MEMSPAN_EXISTS') throw error;
        }
      }
      return rounds;
    }, name)
    .finally(() => {
      isOver = true;
    });
  const seen = new Map<number | string, number>();
  const count = (what: number | string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  while (!isOver) {
    for (let i = 0; i < 20; i++) {
      try {
        using segment = Segment.open(name);
        count(segment.size);
      } catch (error) {
        count((error as { code: string }).code);
      }
    }
    await new Promise(setImmediate);
  }
  assert.ok((await made) > 0);
  const others = [...seen.keys()].filter((what) => what !== 'ERR_MEMSPAN_NOT_FOUND');
  assert.ok(
    others.every((what) => what === 10_001),
    `${others}`,
  );
});

test('its maker is ended while others open it: exact, or not there', async () => {
  for (let round = 0; round < 4; round++) {
    const name = uniqueName();
    const child = await startChild();
    await child.run(({ memspan, kept }, name) => {
      kept.segment = memspan.Segment.create(name, { size: 10_001 });
    }, name);
    const exited = child.kill();
    let size = 10_001;
    const start = performance.now();
    while (performance.now() - start < 5000) {
      try {
        using segment = Segment.open(name);
        size = segment.size;
      } catch (error) {
        assert.equal((error as { code: string }).code, 'ERR_MEMSPAN_NOT_FOUND');
        break;
      }
      assert.equal(size, 10_001);
    }
    await exited;
  }
});

test('who opens it finds what init has written, however many race', async () => {
  const name = uniqueName();
  const puppets = await Promise.all([startChild(), startChild(), startChild(), startWorker()]);
  const race = (puppet: Puppet): Promise<[boolean, boolean]> =>
    puppet.run(({ memspan, kept }, name) => {
      kept.segment = memspan.Segment.openOrCreate(name, {
        size: 300_000,
        init: ({ buffer }) => void new Uint8Array(buffer).fill(7),
      });
      const isFull = new Uint8Array(kept.segment.buffer).every((byte) => byte === 7);
      return [kept.segment.created, isFull];
    }, name);
  const results = await Promise.all(puppets.map(race));
  assert.equal(results.filter(([created]) => created).length, 1);
  assert.ok(results.every(([, isFull]) => isFull));
});

test('a creator killed in init leaves nothing, and who waits to open goes on', async () => {
  const name = uniqueName();
  using inside = w.CreateEvent(null, false, false, `${name}-inside`);
  const child = await startChild();
  const killed = child.run(({ memspan, win32 }, name) => {
    memspan.Segment.create(name, {
      size: 4096,
      init() {
        win32.SetEvent(win32.OpenEvent(win32.EVENT_MODIFY_STATE, false, `${name}-inside`));
        win32.WaitForSingleObject(win32.CreateEvent(null, true, false), win32.INFINITE);
      },
    });
  }, name);
  const ended = assert.rejects(killed, /the puppet ended/);
  await w.WaitForSingleObjectAsync(inside, w.INFINITE);
  const opener = await startChild();
  const opened = opener.run(({ memspan }, name) => memspan.Segment.open(name).size, name);
  const refused = assert.rejects(opened, { code: 'ERR_MEMSPAN_NOT_FOUND' });
  await child.kill();
  await Promise.all([ended, refused]);
  using segment = Segment.create(name, { size: 8 });
  assert.equal(segment.size, 8);
});

test('init that throws: nothing was created', () => {
  const name = uniqueName();
  const init = (): never => {
    throw new Error('not today');
  };
  assert.throws(() => Segment.create(name, { size: 8, init }), /not today/);
  assert.throws(() => Segment.open(name), { code: 'ERR_MEMSPAN_NOT_FOUND' });
});

test('readOnly: a write reaches nobody and is told once; private: this process’s own copy', () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8192 });
  const bytes = new Uint8Array(segment.buffer);
  bytes[0] = 1;
  using reader = Segment.open(name, { readOnly: true });
  const seen = new Uint8Array(reader.buffer);
  seen[0] = 9;
  assert.throws(() => reader.buffer, { code: 'ERR_MEMSPAN_READ_ONLY' });
  assert.deepEqual([bytes[0], seen[0]], [1, 1]);
  bytes[0] = 2;
  assert.equal(new Uint8Array(reader.buffer)[0], 2);
  using own = Segment.open(name, { private: true });
  new Uint8Array(own.buffer)[0] = 3;
  assert.equal(bytes[0], 2);
});

test('anonymous: exact, shared with workers by its buffer; 3 GiB; too much is refused', () => {
  using small = Segment.anonymous(5, { populate: true });
  assert.deepEqual([small.buffer.byteLength, small.kind, small.name], [5, 'anonymous', undefined]);
  assert.deepEqual(new Uint8Array(small.bulk), new Uint8Array(5));
  small.flush();
  const size = 3 * 2 ** 30 + 1;
  using large = Segment.anonymous(size);
  const bytes = new Uint8Array(large.buffer);
  bytes[size - 1] = 8;
  assert.equal(bytes[size - 1], 8);
  for (const bytes of [2 ** 50, Number.MAX_SAFE_INTEGER]) {
    assert.throws(() => Segment.anonymous(bytes), { code: 'ERR_MEMSPAN_NO_MEMORY' });
  }
});

test('close while a worker uses the buffer: it reads zeros, in all threads', async () => {
  const segment = Segment.anonymous(1 << 20);
  const bytes = new Uint8Array(segment.buffer).fill(1);
  const worker = await startWorker();
  await worker.run(({ kept }, buffer) => {
    kept.bytes = new Uint8Array(buffer);
  }, segment.buffer);
  segment.close();
  segment.close();
  assert.equal(bytes[77], 0);
  assert.ok(await worker.run(({ kept }) => kept.bytes.every((byte) => byte === 0)));
  assert.throws(() => segment.buffer, { code: 'ERR_MEMSPAN_CLOSED' });
});

test('a mapping that another program has made has the size of its pages', () => {
  const name = uniqueName();
  using mapping = w.CreateFileMapping(
    w.INVALID_HANDLE_VALUE,
    null,
    w.PAGE_READWRITE,
    0,
    5000,
    name,
  );
  using segment = Segment.open(name);
  assert.equal(segment.size, 8192);
  new Uint8Array(segment.buffer)[4999] = 4;
  const view = w.MapViewOfFile(mapping, w.FILE_MAP_READ, 0, 0, 5000);
  assert.equal(new Uint8Array(view)[4999], 4);
});

test('a name that is a mutex’s, and names that cannot be', () => {
  const name = uniqueName();
  using _mutex = w.CreateMutex(null, false, name);
  assert.throws(() => Segment.create(name, { size: 1 }), { code: 'ERR_MEMSPAN_NOT_A_SEGMENT' });
  assert.throws(() => Segment.open(name), { code: 'ERR_MEMSPAN_NOT_A_SEGMENT' });
  for (const bad of ['', 'a/b', 'Global\\a', 'x'.repeat(300)]) {
    assert.throws(() => Segment.create(bad, { size: 1 }), { code: 'ERR_MEMSPAN_INVALID_NAME' });
  }
  using longest = Segment.create(`${name}${'x'.repeat(255 - name.length)}`, { size: 7 });
  assert.equal(longest.size, 7);
});

test('what Windows does not have is ERR_MEMSPAN_UNSUPPORTED', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4096 });
  const words = new Int32Array(segment.buffer);
  const share = { share: { segment } };
  const acts: (() => unknown)[] = [
    () => segment.handle,
    () => segment.resize(8192),
    () => segment.resize(),
    () => segment.lifeline(0),
    () => segment.isHeld(0),
    () => Segment.list(),
    () => Segment.file('file'),
    () => Segment.fromHandle(null as never),
    () => Segment.create(uniqueName(), { size: 1, mode: 0o644 }),
    () => memspan.forkWith('x.js', share),
    () => memspan.spawnWith('x', [], share),
    () => memspan.wait(words, 0, 0, 1),
    () => memspan.waitAsync(words, 0, 0, 1),
    () => memspan.notify(words, 0),
    () => memspan.Span.open(uniqueName(), { size: 1 << 20 }),
  ];
  for (const act of acts) {
    assert.throws(act, { code: 'ERR_MEMSPAN_UNSUPPORTED' }, act.toString());
  }
});
