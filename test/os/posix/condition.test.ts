// Condition variables: each call, what it returns and each error, with the mutex locked by this thread or by one of ours.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { type Puppet, startWorker } from '../../support/puppets.ts';
import { until } from '../../support/segments.ts';
import { childIn, enter, type Room, refused, refusedAsync, room, soon } from './room.ts';

const { EOWNERDEAD, ETIMEDOUT } = posix;
const { pthread_cond_broadcast, pthread_cond_destroy, pthread_cond_init } = posix;
const { pthread_cond_signal, pthread_cond_t, pthread_cond_timedwait } = posix;
const { pthread_cond_timedwaitAsync, pthread_cond_wait, pthread_cond_waitAsync } = posix;
const { pthread_mutex_init, pthread_mutex_lock, pthread_mutex_lockAsync } = posix;
const { pthread_mutex_t, pthread_mutex_trylock, pthread_mutex_unlock } = posix;

const MUTEX_AT = 64;
const DATA_AT = 128;

interface Pair extends Room {
  readonly cond: posix.pthread_cond_t;
  readonly mutex: posix.pthread_mutex_t;
  readonly data: Int32Array;
}

function pair(t: TestContext, attributes?: posix.MutexAttributes): Pair {
  const here = room(t);
  const cond = pthread_cond_t(here.buffer);
  const mutex = pthread_mutex_t(here.buffer, MUTEX_AT);
  assert.equal(pthread_cond_init(cond), 0);
  pthread_mutex_init(mutex, attributes);
  return { ...here, cond, mutex, data: new Int32Array(here.buffer, DATA_AT, 16) };
}

test('without the mutex: EPERM, and nothing else happens', async (t) => {
  const { cond, mutex } = pair(t);
  refused('pthread_cond_wait', 'EPERM', () => pthread_cond_wait(cond, mutex));
  refused('pthread_cond_timedwait', 'EPERM', () => pthread_cond_timedwait(cond, mutex, soon()));
  await refusedAsync('pthread_cond_wait', 'EPERM', pthread_cond_waitAsync(cond, mutex));
  // One that this thread has itself cannot be waited with by another.
  pthread_mutex_lock(mutex);
  await refusedAsync(
    'pthread_cond_timedwait',
    'EPERM',
    pthread_cond_timedwaitAsync(cond, mutex, soon()),
  );
  pthread_mutex_unlock(mutex);
  await pthread_mutex_lockAsync(mutex);
  refused('pthread_cond_wait', 'EPERM', () => pthread_cond_wait(cond, mutex));
  pthread_mutex_unlock(mutex);
});

test('its time is over: ETIMEDOUT, with the mutex locked', async (t) => {
  const { cond, mutex } = pair(t);
  const timedOut = async (wait: (late: number) => unknown): Promise<void> => {
    const late = soon();
    let result: unknown;
    do result = await wait(late);
    while (result === 0);
    assert.equal(result, ETIMEDOUT);
    assert.ok(Date.now() >= late);
    assert.equal(pthread_mutex_trylock(mutex), posix.EBUSY);
    pthread_mutex_unlock(mutex);
  };
  pthread_mutex_lock(mutex);
  await timedOut((late) => pthread_cond_timedwait(cond, mutex, late));
  await pthread_mutex_lockAsync(mutex);
  await timedOut((late) => pthread_cond_timedwaitAsync(cond, mutex, late));
  assert.equal(pthread_cond_destroy(cond), 0);
});

test('a time that is none: EINVAL, with the mutex locked', async (t) => {
  const { cond, mutex } = pair(t);
  const never = { tv_sec: 0, tv_nsec: -1 };
  pthread_mutex_lock(mutex);
  refused('pthread_cond_timedwait', 'EINVAL', () => pthread_cond_timedwait(cond, mutex, never));
  pthread_mutex_unlock(mutex);
  await pthread_mutex_lockAsync(mutex);
  await refusedAsync(
    'pthread_cond_timedwait',
    'EINVAL',
    pthread_cond_timedwaitAsync(cond, mutex, never),
  );
  pthread_mutex_unlock(mutex);
});

test('pshared that is none: EINVAL', (t) => {
  const { cond } = pair(t);
  refused('pthread_cond_init', 'EINVAL', () => pthread_cond_init(cond, { pshared: 5 }));
});

test('a wait ends after a tenth of a second for no reason', (t) => {
  const { cond, mutex } = pair(t);
  pthread_mutex_lock(mutex);
  assert.equal(pthread_cond_wait(cond, mutex), 0);
  pthread_mutex_unlock(mutex);
});

/** Waits in the puppet until `data[0]` is not 0, and counts itself in `data[1]`, and its end in `data[2]`. */
function waitIn(puppet: Puppet, how: 'sync' | 'async'): Promise<void> {
  return puppet.run(async ({ posix, kept }, how) => {
    const cond = posix.pthread_cond_t(kept.buffer);
    const mutex = posix.pthread_mutex_t(kept.buffer, 64);
    const data = new Int32Array(kept.buffer, 128, 16);
    if (how === 'sync') posix.pthread_mutex_lock(mutex);
    else await posix.pthread_mutex_lockAsync(mutex);
    data[1]!++;
    while (data[0] === 0) {
      if (how === 'sync') posix.pthread_cond_wait(cond, mutex);
      else await posix.pthread_cond_waitAsync(cond, mutex);
    }
    data[2]!++;
    posix.pthread_mutex_unlock(mutex);
  }, how);
}

for (const how of ['sync', 'async'] as const) {
  test(`signal wakes one, broadcast all; destroy is EBUSY meanwhile (${how})`, async (t) => {
    const { name, cond, mutex, data } = pair(t);
    const puppets = await Promise.all([
      childIn({ name } as Room),
      enter(await startWorker(), name),
      enter(await startWorker(), name),
    ]);
    const waits = puppets.map((puppet) => waitIn(puppet, how));
    await until(() => Atomics.load(data, 1) === 3, 'three waiters');
    pthread_mutex_lock(mutex);
    refused('pthread_cond_destroy', 'EBUSY', () => pthread_cond_destroy(cond));
    assert.equal(pthread_cond_signal(cond), 0);
    data[0] = 1;
    assert.equal(pthread_cond_broadcast(cond), 0);
    pthread_mutex_unlock(mutex);
    await Promise.all(waits);
    assert.equal(data[2], 3);
    assert.equal(pthread_cond_destroy(cond), 0);
  });
}

for (const how of ['sync', 'async'] as const) {
  test(`producer and consumer in two processes: every item once, in order (${how})`, async (t) => {
    const here = pair(t, { robust: posix.PTHREAD_MUTEX_ROBUST });
    const { cond, mutex, data } = here;
    const ITEMS = 1500;
    const child = await childIn(here);
    const consumed = child.run(
      async ({ posix, kept }, how, items) => {
        const cond = posix.pthread_cond_t(kept.buffer);
        const mutex = posix.pthread_mutex_t(kept.buffer, 64);
        const data = new Int32Array(kept.buffer, 128, 16);
        let last = 0;
        while (last < items) {
          if (how === 'sync') posix.pthread_mutex_lock(mutex);
          else await posix.pthread_mutex_lockAsync(mutex);
          while (data[0] === 0) {
            if (how === 'sync') posix.pthread_cond_wait(cond, mutex);
            else await posix.pthread_cond_waitAsync(cond, mutex);
          }
          if (data[0] !== last + 1) throw new Error(`${data[0]} after ${last}`);
          last = data[0];
          data[0] = 0;
          posix.pthread_cond_broadcast(cond);
          posix.pthread_mutex_unlock(mutex);
        }
        return last;
      },
      how,
      ITEMS,
    );
    for (let i = 1; i <= ITEMS; i++) {
      pthread_mutex_lock(mutex);
      while (data[0] !== 0) pthread_cond_wait(cond, mutex);
      data[0] = i;
      pthread_cond_signal(cond);
      pthread_mutex_unlock(mutex);
    }
    assert.equal(await consumed, ITEMS);
  });
}

test('an owner dies while this thread waits: EOWNERDEAD, then ENOTRECOVERABLE', async (t) => {
  const here = pair(t, { robust: posix.PTHREAD_MUTEX_ROBUST });
  const { cond, mutex, data } = here;
  for (const way of ['consistent', 'not'] as const) {
    const child = await childIn(here);
    data[0] = 0;
    pthread_mutex_lock(mutex);
    const locked = child.run(({ posix, kept }) => {
      posix.pthread_mutex_lock(posix.pthread_mutex_t(kept.buffer, 64));
      new Int32Array(kept.buffer, 128, 16)[0] = 1;
      // The last thing it does.
      process.kill(process.pid, 'SIGKILL');
    });
    let result = 0;
    while (data[0] === 0) result = pthread_cond_wait(cond, mutex);
    await assert.rejects(locked);
    assert.equal(result, EOWNERDEAD);
    if (way === 'consistent') posix.pthread_mutex_consistent(mutex);
    pthread_mutex_unlock(mutex);
  }
  refused('pthread_mutex_lock', 'ENOTRECOVERABLE', () => pthread_mutex_lock(mutex));
});

test('a waiter that finds the mutex not recoverable does not have it', async (t) => {
  const here = pair(t, { robust: posix.PTHREAD_MUTEX_ROBUST });
  const { data } = here;
  const worker = await enter(await startWorker(), here.name);
  const waiting = worker.run(({ posix, kept }) => {
    const cond = posix.pthread_cond_t(kept.buffer);
    const mutex = posix.pthread_mutex_t(kept.buffer, 64);
    const data = new Int32Array(kept.buffer, 128, 16);
    posix.pthread_mutex_lock(mutex);
    data[1] = 1;
    try {
      for (;;) posix.pthread_cond_wait(cond, mutex);
    } catch (error) {
      // Nothing is held here: it can be closed.
      kept.segment.close();
      return (error as { errno: number }).errno;
    }
  });
  await until(() => Atomics.load(data, 1) === 1, 'the waiter');
  const child = await childIn(here);
  await child.run(({ posix, kept }) => {
    posix.pthread_mutex_lock(posix.pthread_mutex_t(kept.buffer, 64));
  });
  await child.kill();
  // The waiter is told at the end of a slice, does not listen, and waits again without a word about its data.
  assert.equal(await waiting, 131);
});

test('an aborted wait rejects with the reason, and the mutex is locked', async (t) => {
  const { cond, mutex } = pair(t);
  await pthread_mutex_lockAsync(mutex);
  const reason = new Error('enough');
  const abort = new AbortController();
  const waiting = pthread_cond_waitAsync(cond, mutex, { signal: abort.signal });
  // Its thread waits: it cannot unlock meanwhile.
  refused('pthread_mutex_unlock', 'EPERM', () => pthread_mutex_unlock(mutex));
  abort.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(pthread_mutex_trylock(mutex), posix.EBUSY);
  assert.equal(pthread_mutex_unlock(mutex), 0);
  assert.equal(pthread_cond_destroy(cond), 0);
});

test('a condition variable whose own lock is never given back: ETIMEDOUT after a second', async (t) => {
  const { cond, mutex, buffer } = pair(t);
  // As if who signalled had been killed inside: the words before the count of waiters hold it, in every glibc so far.
  new Uint32Array(buffer, 0, 12).fill(3, 5, 9);
  pthread_mutex_lock(mutex);
  refused('pthread_cond_wait', 'ETIMEDOUT', () => pthread_cond_wait(cond, mutex));
  pthread_mutex_unlock(mutex);
  await pthread_mutex_lockAsync(mutex);
  await refusedAsync('pthread_cond_wait', 'ETIMEDOUT', pthread_cond_waitAsync(cond, mutex));
  pthread_mutex_unlock(mutex);
});
