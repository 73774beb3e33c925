// A waiter of a condition variable is killed. What the C library makes of that differs; here every call returns, and the process ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/segments.ts';
import { childIn, room } from './room.ts';

test('a killed waiter among living ones: signals return or throw ETIMEDOUT, waits return, and the process ends', async (t) => {
  const here = room(t);
  const data = new Int32Array(here.buffer, 128, 2);
  const [caller, victim, ...waiters] = [
    await childIn(here),
    await childIn(here),
    await childIn(here),
    await childIn(here),
  ];
  await caller.run(({ posix, kept }) => {
    posix.pthread_cond_init(posix.pthread_cond_t(kept.buffer));
    const mutex = posix.pthread_mutex_t(kept.buffer, 64);
    posix.pthread_mutex_init(mutex, { robust: posix.PTHREAD_MUTEX_ROBUST });
  });
  for (const child of [victim, ...waiters]) {
    child
      .run(({ posix, kept }) => {
        const cond = posix.pthread_cond_t(kept.buffer);
        const mutex = posix.pthread_mutex_t(kept.buffer, 64);
        const data = new Int32Array(kept.buffer, 128, 2);
        if (posix.pthread_mutex_lock(mutex) !== 0) posix.pthread_mutex_consistent(mutex);
        data[0]!++;
        for (;;) {
          if (posix.pthread_cond_wait(cond, mutex) !== 0) posix.pthread_mutex_consistent(mutex);
        }
      })
      .catch(() => {});
  }
  await until(() => Atomics.load(data, 0) === 3, 'three waiters');
  await victim.kill();
  const results = await caller.run(({ posix, kept }) => {
    const cond = posix.pthread_cond_t(kept.buffer);
    const mutex = posix.pthread_mutex_t(kept.buffer, 64);
    const results: unknown[] = [];
    const note = (act: () => unknown): void => {
      try {
        results.push(act());
      } catch (error) {
        results.push((error as { errno: number }).errno);
      }
    };
    for (let i = 0; i < 12 && results.at(-1) !== 110; i++) {
      note(() => posix.pthread_cond_signal(cond));
      const soon = Date.now() + 10;
      while (Date.now() < soon);
    }
    note(() => posix.pthread_cond_broadcast(cond));
    // Each is told, or has it: an owner may have died in between.
    const locked = posix.pthread_mutex_timedlock(mutex, Date.now() + 2000);
    if (locked === posix.EOWNERDEAD) posix.pthread_mutex_consistent(mutex);
    if (locked !== posix.ETIMEDOUT) {
      note(() => posix.pthread_cond_timedwait(cond, mutex, Date.now() + 20));
      posix.pthread_mutex_unlock(mutex);
    }
    note(() => posix.pthread_cond_destroy(cond));
    return results;
  });
  t.diagnostic(results.join(' '));
  for (const result of results.slice(0, -1)) assert.ok([0, 110].includes(result as number));
  assert.equal(results.at(-1), 16, 'EBUSY: waiters are counted, the dead one as well');
  caller.run(() => process.exit(6)).catch(() => {});
  assert.deepEqual(await caller.exited, { code: 6, signal: null });
  await Promise.all(waiters.map((waiter) => waiter.kill()));
});
