// Named and unnamed semaphores with C at one end and memspan/posix at the other, made by either; and with C killed
// while it has a permit, or waits for one.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { Segment } from '../../src/index.ts';
import {
  ETIMEDOUT,
  O_CREAT,
  O_EXCL,
  sem_close,
  sem_getvalue,
  sem_init,
  sem_open,
  sem_post,
  sem_t,
  sem_timedwait,
  sem_trywait,
  sem_unlink,
  sem_wait,
  sem_waitAsync,
  sizeof,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { uniqueName, until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { Peer } from './peer.ts';
import { type Maker, makers } from './shared.ts';

const EAGAIN = '11';

type Kind = 'named' | 'unnamed';

/** A semaphore, and a program of semaphore.c that has it. */
class Permits implements AsyncDisposable {
  readonly here: sem_t;
  readonly #kind: Kind;
  readonly #name: string;
  readonly #segment: Segment;
  peer: Peer;

  private constructor(kind: Kind, name: string, peer: Peer, sem: sem_t, segment: Segment) {
    this.#kind = kind;
    this.#name = name;
    this.peer = peer;
    this.here = sem;
    this.#segment = segment;
  }

  static async by(maker: Maker, kind: Kind, value: number): Promise<Permits> {
    const name = uniqueName();
    const start = async (role: string): Promise<Peer> =>
      Peer.start(await compiled('semaphore.c'), kind, `/${name}`, role, String(value));
    let peer: Peer | undefined;
    if (maker === 'the program') {
      peer = await start('create');
      assert.equal(await peer.ask('value'), String(value));
    }
    if (kind === 'named') {
      const flags = peer === undefined ? O_CREAT | O_EXCL : 0;
      const sem = sem_open(`/${name}`, flags, 0o600, value);
      const segment = Segment.open(`sem.${name}`);
      return new Permits(kind, name, peer ?? (await start('open')), sem, segment);
    }
    const segment = Segment.openOrCreate(name, { size: sizeof.sem_t });
    const sem = sem_t(segment.buffer);
    if (peer === undefined) sem_init(sem, 1, value);
    return new Permits(kind, name, peer ?? (await start('open')), sem, segment);
  }

  /** How many wait for a permit, as glibc and musl count them: in the second word. */
  get waiters(): number {
    return new Int32Array(this.#segment.buffer)[1] as number;
  }

  /** SIGKILL; a new process takes its place. */
  async replace(): Promise<void> {
    assert.equal((await this.peer.kill()).signal, 'SIGKILL');
    this.peer = Peer.start(await compiled('semaphore.c'), this.#kind, `/${this.#name}`, 'open');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.end();
    if (this.#kind === 'named') {
      sem_close(this.here);
      sem_unlink(`/${this.#name}`);
    }
    this.#segment.unlink();
    this.#segment.close();
  }
}

suite('semaphore.c', { skip: needs('gcc') }, () => {
  before(() => compiled('semaphore.c'));

  for (const kind of ['named', 'unnamed'] as const) {
    for (const maker of makers) {
      test(`${kind}, made by ${maker}: both see one value, and take and give`, async () => {
        await using permits = await Permits.by(maker, kind, 2);
        const { here, peer } = permits;
        assert.equal(sem_getvalue(here), 2);
        sem_wait(here);
        assert.equal(await peer.ask('value'), '1');
        assert.equal(await peer.ask('wait'), '0');
        assert.equal(await peer.ask('trywait'), EAGAIN);
        assert.throws(() => sem_trywait(here), { errno: Number(EAGAIN) });
        assert.equal(await peer.ask('post'), '0');
        sem_post(here);
        assert.equal(sem_getvalue(here), 2);
      });

      test(`${kind}, made by ${maker}: each sleeps until the other posts`, async () => {
        await using permits = await Permits.by(maker, kind, 0);
        const { here, peer } = permits;
        for (let turn = 0; turn < 100; turn++) {
          const taken = sem_waitAsync(here);
          assert.equal(await peer.ask('post'), '0');
          assert.equal(await taken, 0);
          const there = peer.ask('wait');
          sem_post(here);
          assert.equal(await there, '0');
        }
        assert.equal(sem_getvalue(here), 0);
      });
    }

    test(`${kind}: C is killed while it has the only permit, and the permit is gone until somebody posts`, async () => {
      await using permits = await Permits.by('the program', kind, 1);
      assert.equal(await permits.peer.ask('wait'), '0');
      await permits.replace();
      assert.throws(() => sem_timedwait(permits.here, Date.now() + 20), { errno: ETIMEDOUT });
      sem_post(permits.here);
      assert.equal(await permits.peer.ask('trywait'), '0');
    });

    test(`${kind}: C is killed while it waits, and takes nothing along`, async () => {
      await using permits = await Permits.by('memspan', kind, 0);
      permits.peer.ask('wait').catch(() => {});
      await until(() => permits.waiters === 1, 'C to wait');
      await permits.replace();
      sem_post(permits.here);
      assert.equal(await permits.peer.ask('trywait'), '0');
      assert.equal(sem_getvalue(permits.here), 0);
    });
  }

  test('C takes the name away: who has it keeps it, and nobody can open it', async () => {
    const name = `/${uniqueName()}`;
    const peer = Peer.start(await compiled('semaphore.c'), 'named', name, 'create', '3');
    assert.equal(await peer.ask('value'), '3');
    const sem = sem_open(name, 0);
    assert.equal(await peer.ask('unlink'), '0');
    assert.throws(() => sem_open(name, 0), { code: 'ERR_MEMSPAN_NOT_FOUND' });
    sem_wait(sem);
    assert.equal(await peer.ask('value'), '2');
    sem_close(sem);
    await peer.end();
  });
});
