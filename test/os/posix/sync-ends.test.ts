// How calls end before they are through: their worker is terminated, their process exits, their memory is unmapped, they are aborted.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Segment } from '../../../src/index.ts';
import * as posix from '../../../src/os/posix.ts';
import { startWorker, type Tools } from '../../support/puppets.ts';
import { codeOf, until } from '../../support/segments.ts';
import { callIn, childIn, enter, type Room, room, workerWith } from './room.ts';

const { pthread_barrier_t, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_t } = posix;
const { pthread_mutex_unlock, sem_t } = posix;

/** Where the one who blocks says that he is about to, or has the mutex that he waits with. */
const SAYS_AT = 1024;

/** Objects on which each of `blocking` blocks for ever. */
function stage(t: TestContext): Room {
  const here = room(t);
  prepare(posix, here.buffer);
  return here;
}

function prepare(on: typeof posix, buffer: SharedArrayBuffer): void {
  on.sem_init(on.sem_t(buffer), 1, 0);
  on.pthread_mutex_init(on.pthread_mutex_t(buffer, 128));
  on.pthread_rwlock_init(on.pthread_rwlock_t(buffer, 256));
  on.pthread_barrier_init(on.pthread_barrier_t(buffer, 384), null, 2);
  on.pthread_cond_init(on.pthread_cond_t(buffer, 512));
  on.pthread_mutex_init(on.pthread_mutex_t(buffer, 640));
}

/** Blocks in that call. Runs in puppets, so it has nothing but its arguments. */
async function block({ posix, kept }: Tools, call: string): Promise<string> {
  const { buffer } = kept;
  const never = Date.now() + 1e9;
  const [mutex, lock] = [posix.pthread_mutex_t(buffer, 128), posix.pthread_rwlock_t(buffer, 256)];
  const [cond, its] = [posix.pthread_cond_t(buffer, 512), posix.pthread_mutex_t(buffer, 640)];
  const sem = posix.sem_t(buffer);
  const say = () => Atomics.store(new Int32Array(buffer, 1024, 1), 0, 1);
  const calls: Record<string, () => unknown> = {
    sem_wait: () => posix.sem_wait(sem),
    sem_timedwait: () => posix.sem_timedwait(sem, never),
    sem_waitAsync: () => posix.sem_waitAsync(sem),
    pthread_mutex_lock: () => posix.pthread_mutex_lock(mutex),
    pthread_mutex_timedlock: () => posix.pthread_mutex_timedlock(mutex, never),
    pthread_mutex_lockAsync: () => posix.pthread_mutex_lockAsync(mutex),
    pthread_rwlock_rdlock: () => posix.pthread_rwlock_rdlock(lock),
    pthread_rwlock_timedwrlock: () => posix.pthread_rwlock_timedwrlock(lock, never),
    pthread_rwlock_wrlock: () => posix.pthread_rwlock_wrlock(lock),
    pthread_rwlock_rdlockAsync: () => posix.pthread_rwlock_rdlockAsync(lock),
    pthread_rwlock_wrlockAsync: () => posix.pthread_rwlock_wrlockAsync(lock),
    pthread_barrier_wait: () => posix.pthread_barrier_wait(posix.pthread_barrier_t(buffer, 384)),
    pthread_barrier_waitAsync: () =>
      posix.pthread_barrier_waitAsync(posix.pthread_barrier_t(buffer, 384)),
    pthread_cond_wait: () => {
      posix.pthread_mutex_lock(its);
      say();
      for (;;) posix.pthread_cond_wait(cond, its);
    },
    pthread_cond_waitAsync: async () => {
      await posix.pthread_mutex_lockAsync(its);
      say();
      for (;;) await posix.pthread_cond_waitAsync(cond, its);
    },
  };
  try {
    const blocked = calls[call];
    if (!blocked) throw new Error(call);
    // An asynchronous one has begun when this is said, a blocking one is about to.
    const asynchronous = call.endsWith('Async');
    const pending = asynchronous ? blocked() : undefined;
    if (!call.startsWith('pthread_cond')) say();
    return String(await (asynchronous ? pending : blocked()));
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
}

const locks = ['pthread_mutex_lock', 'pthread_mutex_timedlock', 'pthread_mutex_lockAsync'];
const readsAndWrites = [
  'pthread_rwlock_rdlock',
  'pthread_rwlock_timedwrlock',
  'pthread_rwlock_wrlock',
  'pthread_rwlock_rdlockAsync',
  'pthread_rwlock_wrlockAsync',
];
const barriers = ['pthread_barrier_wait', 'pthread_barrier_waitAsync'];
const conditions = ['pthread_cond_wait', 'pthread_cond_waitAsync'];
const semaphores = ['sem_wait', 'sem_timedwait', 'sem_waitAsync'];
const blocking = [...semaphores, ...locks, ...readsAndWrites, ...barriers, ...conditions];

/** This process has the locks that the others want. */
async function hold({ posix, kept }: Tools): Promise<void> {
  posix.pthread_mutex_lock(posix.pthread_mutex_t(kept.buffer, 128));
  posix.pthread_rwlock_wrlock(posix.pthread_rwlock_t(kept.buffer, 256));
}

const saysSo = (here: Room): Promise<void> =>
  until(() => Atomics.load(new Int32Array(here.buffer, SAYS_AT, 1), 0) === 1, 'it to block');

for (const call of blocking) {
  test(`worker.terminate() ends ${call}`, async (t) => {
    const here = stage(t);
    const holder = await childIn(here);
    await holder.run(hold);
    const worker = await enter(await startWorker(), here.name);
    const blocked = assert.rejects(worker.run(block, call));
    await saysSo(here);
    await worker.kill();
    await blocked;
    // What it had not got it has not kept: a permit that comes now stays.
    posix.sem_post(sem_t(here.buffer));
    assert.equal(posix.sem_getvalue(sem_t(here.buffer)), 1);
  });

  test(`process.exit() while a worker blocks in ${call}`, async (t) => {
    const here = stage(t);
    const holder = await childIn(here);
    await holder.run(hold);
    const child = await childIn(here);
    await child.run(
      async ({ Worker }, url, name, text, call) => {
        const code = `(async () => {
          const { workerData } = require('node:worker_threads');
          const { Segment } = await import(workerData.url + 'index.js');
          const posix = await import(workerData.url + 'os/posix.js');
          const kept = { buffer: Segment.open(workerData.name).buffer };
          await (${text})({ posix, kept }, workerData.call);
        })()`;
        const worker = new Worker(code, { eval: true, workerData: { url, name, call } });
        worker.on('error', (error) => console.error(error));
      },
      new URL('../../../src/', import.meta.url).href,
      here.name,
      block.toString(),
      call,
    );
    await saysSo(here);
    child.run(() => process.exit(5)).catch(() => {});
    assert.deepEqual(await child.exited, { code: 5, signal: null });
  });
}

test('process.exit() with locks held by this thread and by ours, and calls pending', async (t) => {
  const here = stage(t);
  const mutex = pthread_mutex_t(here.buffer, 2048);
  pthread_mutex_init(mutex, { robust: posix.PTHREAD_MUTEX_ROBUST });
  const other = pthread_mutex_t(here.buffer, 2112);
  pthread_mutex_init(other, { robust: posix.PTHREAD_MUTEX_ROBUST });
  const child = await childIn(here);
  child
    .run(async ({ posix, kept }) => {
      posix.pthread_mutex_lock(posix.pthread_mutex_t(kept.buffer, 2048));
      await posix.pthread_mutex_lockAsync(posix.pthread_mutex_t(kept.buffer, 2112));
      for (let i = 0; i < 8; i++) {
        void posix.sem_waitAsync(posix.sem_t(kept.buffer));
        void posix.pthread_mutex_lockAsync(posix.pthread_mutex_t(kept.buffer, 2048));
      }
      process.exit(5);
    })
    .catch(() => {});
  assert.deepEqual(await child.exited, { code: 5, signal: null });
  for (const one of [mutex, other]) {
    assert.equal(pthread_mutex_lock(one), posix.EOWNERDEAD);
    pthread_mutex_unlock(one);
  }
});

test('a pending call keeps the process, a lock does not', async (t) => {
  const here = stage(t);
  const child = await childIn(here);
  const pending = child.run(async ({ posix, kept }) => {
    await posix.pthread_mutex_lockAsync(posix.pthread_mutex_t(kept.buffer, 640));
    void posix.sem_waitAsync(posix.sem_t(kept.buffer)).then(() => {
      process.exitCode = 3;
    });
    setImmediate(() => {
      process.removeAllListeners('disconnect');
      process.disconnect();
    });
  });
  await pending;
  await until(() => new Int32Array(here.buffer, 4, 1)[0] === 1, 'it to wait');
  posix.sem_post(sem_t(here.buffer));
  assert.deepEqual(await child.exited, { code: 3, signal: null });
});

for (const call of [...semaphores, ...locks, ...readsAndWrites]) {
  test(`closing the memory ends ${call}: ERR_MEMSPAN_CLOSED`, async (t) => {
    const here = stage(t);
    const holder = await childIn(here);
    await holder.run(hold);
    // The same mapping, in another thread of this process.
    const segment = Segment.open(here.name);
    const worker = await workerWith(segment.buffer);
    const ended = worker.run(block, call);
    await saysSo(here);
    segment.close();
    assert.equal(await ended, 'ERR_MEMSPAN_CLOSED');
    assert.equal(await callIn(worker, 'sem_t', 'sem_post'), 'ERR_MEMSPAN_CLOSED');
  });
}

for (const call of [...barriers, ...conditions]) {
  test(`${call} keeps the memory: ERR_MEMSPAN_BUSY, and other calls there go on`, async (t) => {
    const here = stage(t);
    const segment = Segment.open(here.name);
    const worker = await workerWith(segment.buffer);
    const other = posix.sem_waitAsync(sem_t(segment.buffer));
    const ended = worker.run(block, call);
    await saysSo(here);
    if (call === 'pthread_barrier_wait') {
      const arrived = new Uint32Array(here.buffer, 384, 1);
      await until(() => Atomics.load(arrived, 0) === 1, 'the party');
    }
    assert.equal(
      codeOf(() => segment.close()),
      'ERR_MEMSPAN_BUSY',
    );
    posix.sem_post(sem_t(here.buffer));
    assert.equal(await other, 0);
    if (barriers.includes(call)) {
      posix.pthread_barrier_wait(pthread_barrier_t(here.buffer, 384));
      await ended;
    } else {
      const terminated = assert.rejects(ended);
      await worker.kill();
      await terminated;
    }
    segment.close();
  });
}

test('a worker whose condition wait cannot get its mutex back ends all the same', async (t) => {
  const here = stage(t);
  const mutex = pthread_mutex_t(here.buffer, 640);
  const worker = await enter(await startWorker(), here.name);
  const waiting = assert.rejects(worker.run(block, 'pthread_cond_waitAsync'));
  await saysSo(here);
  // It is free for a tenth of a second at a time.
  assert.equal(pthread_mutex_lock(mutex), 0);
  await worker.kill();
  await waiting;
  pthread_mutex_unlock(mutex);
});
