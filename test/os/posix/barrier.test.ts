// Barriers: rounds over processes, threads and asynchronous parties, and each error.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startWorker } from '../../support/puppets.ts';
import { callIn, childIn, enter, refused, refusedAsync, room } from './room.ts';

const { PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_destroy, pthread_barrier_init } = posix;
const { pthread_barrier_t, pthread_barrier_wait, pthread_barrier_waitAsync } = posix;

test('one party: it is the serial thread, every time', async (t) => {
  const barrier = pthread_barrier_t(room(t).buffer, 32);
  assert.equal(pthread_barrier_init(barrier, null, 1), 0);
  assert.equal(pthread_barrier_wait(barrier), PTHREAD_BARRIER_SERIAL_THREAD);
  assert.equal(await pthread_barrier_waitAsync(barrier), PTHREAD_BARRIER_SERIAL_THREAD);
  assert.equal(pthread_barrier_destroy(barrier), 0);
});

test('EINVAL: no party, too many, pshared, memory that is no barrier', async (t) => {
  const barrier = pthread_barrier_t(room(t).buffer);
  for (const count of [0, 2 ** 31]) {
    refused('pthread_barrier_init', 'EINVAL', () => pthread_barrier_init(barrier, null, count));
  }
  refused('pthread_barrier_init', 'EINVAL', () => pthread_barrier_init(barrier, { pshared: 2 }, 1));
  refused('pthread_barrier_wait', 'EINVAL', () => pthread_barrier_wait(barrier));
  refused('pthread_barrier_destroy', 'EINVAL', () => pthread_barrier_destroy(barrier));
  await refusedAsync('pthread_barrier_wait', 'EINVAL', pthread_barrier_waitAsync(barrier));
});

test('it cannot be aborted: a signal is a TypeError, and nobody is counted', async (t) => {
  const barrier = pthread_barrier_t(room(t).buffer);
  pthread_barrier_init(barrier, null, 1);
  const options = { signal: new AbortController().signal } as unknown as undefined;
  await assert.rejects(pthread_barrier_waitAsync(barrier, options), TypeError);
  assert.equal(pthread_barrier_destroy(barrier), 0);
});

test('destroyed while somebody waits: EBUSY, and the barrier goes on', async (t) => {
  const barrier = pthread_barrier_t(room(t).buffer);
  pthread_barrier_init(barrier, null, 2);
  for (let round = 0; round < 3; round++) {
    const waiting = pthread_barrier_waitAsync(barrier);
    const words = new Uint32Array(barrier.buffer, 0, 1);
    while (Atomics.load(words, 0) % 2 === 0) await new Promise(setImmediate);
    refused('pthread_barrier_destroy', 'EBUSY', () => pthread_barrier_destroy(barrier));
    const results = [pthread_barrier_wait(barrier), await waiting];
    assert.deepEqual(results.sort(), [-1, 0]);
  }
  assert.equal(pthread_barrier_destroy(barrier), 0);
});

test('three parties in two processes, many rounds: nobody is ahead, one is the serial thread', async (t) => {
  const here = room(t);
  pthread_barrier_init(pthread_barrier_t(here.buffer), null, 3);
  const ROUNDS = 300;
  const parties = [
    await childIn(here),
    await enter(await startWorker(), here.name),
    await enter(await startWorker(), here.name),
  ];
  const serial = await Promise.all(
    parties.map((party, which) =>
      party.run(
        async ({ posix, kept }, which, rounds) => {
          const barrier = posix.pthread_barrier_t(kept.buffer);
          const turns = new Int32Array(kept.buffer, 64, 3);
          let serial = 0;
          for (let round = 1; round <= rounds; round++) {
            Atomics.store(turns, which, round);
            const result =
              round % 7 === 0
                ? await posix.pthread_barrier_waitAsync(barrier)
                : posix.pthread_barrier_wait(barrier);
            if (result === posix.PTHREAD_BARRIER_SERIAL_THREAD) serial++;
            for (let other = 0; other < 3; other++) {
              const turn = Atomics.load(turns, other);
              if (turn !== round && turn !== round + 1) throw new Error(`${turn} in ${round}`);
            }
          }
          return serial;
        },
        which,
        ROUNDS,
      ),
    ),
  );
  assert.equal(
    serial.reduce((sum, count) => sum + count),
    ROUNDS,
  );
});

test('a party that is killed is waited for: who comes later completes the round', async (t) => {
  const here = room(t);
  const barrier = pthread_barrier_t(here.buffer);
  pthread_barrier_init(barrier, null, 2);
  const child = await childIn(here);
  const waiting = assert.rejects(callIn(child, 'pthread_barrier_t', 'pthread_barrier_wait'));
  const words = new Uint32Array(here.buffer, 0, 1);
  while (Atomics.load(words, 0) === 0) await new Promise(setImmediate);
  await child.kill();
  await waiting;
  // It counts as one that has come.
  assert.equal(pthread_barrier_wait(barrier), PTHREAD_BARRIER_SERIAL_THREAD);
});
