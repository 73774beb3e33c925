// Processes with a robust mutex, a semaphore and asynchronous calls, killed again and again: nothing is lost that can be kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../src/os/posix.ts';
import { childIn, room } from '../os/posix/room.ts';
import { seededRandom } from '../support/segments.ts';

test('killed while they count under a robust mutex: each torn pair is seen by who comes next, and mended', async (t) => {
  const random = seededRandom(t);
  const here = room(t);
  const mutex = posix.pthread_mutex_t(here.buffer);
  posix.pthread_mutex_init(mutex, { robust: posix.PTHREAD_MUTEX_ROBUST });
  const pair = new Int32Array(here.buffer, 64, 3);
  let deaths = 0;
  const mend = (result: number): void => {
    if (result !== posix.EOWNERDEAD) {
      assert.equal(pair[0], pair[1]);
      return;
    }
    deaths++;
    pair[1] = pair[0]!;
    posix.pthread_mutex_consistent(mutex);
  };
  for (let round = 0; round < 40; round++) {
    const children = await Promise.all([childIn(here), childIn(here)]);
    for (const [i, child] of children.entries()) {
      child
        .run(async ({ posix, kept }, asynchronous) => {
          const mutex = posix.pthread_mutex_t(kept.buffer);
          const pair = new Int32Array(kept.buffer, 64, 3);
          for (;;) {
            const result = asynchronous
              ? await posix.pthread_mutex_lockAsync(mutex)
              : posix.pthread_mutex_lock(mutex);
            if (result === posix.EOWNERDEAD) {
              pair[1] = pair[0]!;
              pair[2]!++;
              posix.pthread_mutex_consistent(mutex);
            } else if (pair[0] !== pair[1]) process.exit(99);
            pair[0]!++;
            for (let i = 0; i < 200; i++) Atomics.load(pair, 0);
            pair[1]!++;
            posix.pthread_mutex_unlock(mutex);
          }
        }, i === 1)
        .catch(() => {});
    }
    const target = pair[0]! + 50 + Math.floor(random() * 400);
    while (Atomics.load(pair, 0) < target) {
      mend(await posix.pthread_mutex_lockAsync(mutex));
      posix.pthread_mutex_unlock(mutex);
    }
    const exits = await Promise.all(children.map((child) => child.kill()));
    for (const exit of exits) assert.deepEqual(exit, { code: null, signal: 'SIGKILL' });
    mend(posix.pthread_mutex_lock(mutex));
    posix.pthread_mutex_unlock(mutex);
  }
  t.diagnostic(`${pair[0]} turns, ${deaths + pair[2]!} deaths of an owner`);
  assert.ok(deaths + pair[2]! > 0);
});
