// The …Async twins: on threads of our own, never libuv's; abort; how many there can be; what a worker is sent.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startChild } from '../../support/puppets.ts';
import { until } from '../../support/segments.ts';
import { childIn, enter, refused, refusedAsync, room, soon } from './room.ts';

const { pthread_mutex_init, pthread_mutex_lockAsync, pthread_mutex_t } = posix;
const { pthread_mutex_unlock, sem_getvalue, sem_init, sem_post, sem_t, sem_waitAsync } = posix;

for (const kind of ['sem', 'mutex', 'cond', 'rdlock', 'wrlock', 'barrier'] as const) {
  test(`8 pending calls (${kind}) and a pool of one thread: files and crypto answer`, async (t) => {
    const here = room(t);
    const child = await startChild({ env: { UV_THREADPOOL_SIZE: '1' } });
    await enter(child, here.name);
    const answered = await child.run(async ({ posix, kept, fs }, kind) => {
      const { buffer } = kept;
      let settled = 0;
      const pend = (promise: Promise<unknown>): void => {
        promise.then(
          () => settled++,
          () => settled++,
        );
      };
      const mutexAt = (i: number) => posix.pthread_mutex_t(buffer, 512 + 64 * i);
      const lock = posix.pthread_rwlock_t(buffer, 256);
      const barrier = posix.pthread_barrier_t(buffer, 384);
      posix.sem_init(posix.sem_t(buffer), 1, 0);
      posix.pthread_cond_init(posix.pthread_cond_t(buffer, 128));
      posix.pthread_rwlock_init(lock);
      posix.pthread_barrier_init(barrier, null, 9);
      for (let i = 0; i < 8; i++) posix.pthread_mutex_init(mutexAt(i));
      if (kind === 'mutex') posix.pthread_mutex_lock(mutexAt(0));
      if (kind === 'rdlock' || kind === 'wrlock') posix.pthread_rwlock_wrlock(lock);
      if (kind === 'cond') {
        for (let i = 0; i < 8; i++) await posix.pthread_mutex_lockAsync(mutexAt(i));
      }
      let over = false;
      const waitOn = async (i: number): Promise<void> => {
        while (!over)
          await posix.pthread_cond_waitAsync(posix.pthread_cond_t(buffer, 128), mutexAt(i));
      };
      for (let i = 0; i < 8; i++) {
        if (kind === 'sem') pend(posix.sem_waitAsync(posix.sem_t(buffer)));
        if (kind === 'mutex') pend(posix.pthread_mutex_lockAsync(mutexAt(0)));
        if (kind === 'cond') pend(waitOn(i));
        if (kind === 'rdlock') pend(posix.pthread_rwlock_rdlockAsync(lock));
        if (kind === 'wrlock') pend(posix.pthread_rwlock_wrlockAsync(lock));
        if (kind === 'barrier') pend(posix.pthread_barrier_waitAsync(barrier));
      }
      const text = await fs.promises.readFile('/proc/self/status', 'utf8');
      const key = (await crypto.subtle.digest('SHA-256', Buffer.from('key'))).byteLength;
      const threads = Number(/^Threads:\s*(\d+)/m.exec(text)?.[1]);
      const result = { settled, key, threads };
      over = true;
      return result;
    }, kind);
    assert.equal(answered.settled, 0);
    assert.equal(answered.key, 32);
    assert.ok(answered.threads >= 8);
    child.run(() => process.exit(0)).catch(() => {});
    assert.deepEqual(await child.exited, { code: 0, signal: null });
  });
}

test('500 waits and posts race with their aborts: no permit is lost, none is made', async (t) => {
  const sem = sem_t(room(t).buffer);
  sem_init(sem, 1, 0);
  let [taken, aborted] = [0, 0];
  for (let i = 0; i < 500; i++) {
    const abort = new AbortController();
    const waiting = sem_waitAsync(sem, { signal: abort.signal }).then(
      () => 'taken',
      (error) => error.name,
    );
    for (let turn = 0; turn < i % 5; turn++) await new Promise(setImmediate);
    const first = i % 2 === 0 ? 'abort' : 'post';
    if (first === 'abort') abort.abort();
    sem_post(sem);
    if (first === 'post') abort.abort();
    const result = await waiting;
    if (first === 'abort') assert.equal(result, 'AbortError');
    if (result === 'taken') taken++;
    else {
      aborted++;
      // What it has not taken is there.
      assert.equal(posix.sem_trywait(sem), 0);
    }
    assert.equal(sem_getvalue(sem), 0);
  }
  assert.ok(aborted >= 250, `${taken} taken, ${aborted} aborted`);
});

test('500 lockAsync race with their aborts: who has it can unlock it, nobody else has', async (t) => {
  const mutex = pthread_mutex_t(room(t).buffer);
  pthread_mutex_init(mutex, { type: posix.PTHREAD_MUTEX_ERRORCHECK });
  for (let i = 0; i < 500; i++) {
    const abort = new AbortController();
    const holder = i % 3 === 0 ? await pthread_mutex_lockAsync(mutex) : undefined;
    const waiting = pthread_mutex_lockAsync(mutex, { signal: abort.signal }).catch(() => 'aborted');
    for (let turn = 0; turn < i % 4; turn++) await new Promise(setImmediate);
    if (holder === 0 && i % 2 === 0) pthread_mutex_unlock(mutex);
    abort.abort();
    if (holder === 0 && i % 2 !== 0) pthread_mutex_unlock(mutex);
    if ((await waiting) === 0) pthread_mutex_unlock(mutex);
    refused('pthread_mutex_unlock', 'EPERM', () => pthread_mutex_unlock(mutex));
  }
  const threads = (): number => fs.readdirSync('/proc/self/task').filter(isOurs).length;
  await until(() => threads() === 0, 'the threads to end');
});

function isOurs(thread: string): boolean {
  try {
    return fs.readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === 'memspan-call';
  } catch {
    return false; // it has ended
  }
}

test('1024 threads of our own at most: EAGAIN beyond, ERR_MEMSPAN_LIMIT', async (t) => {
  const here = room(t);
  const child = await childIn(here);
  sem_init(sem_t(here.buffer), 1, 0);
  const result = await child.run(async ({ posix, kept }) => {
    const sem = posix.sem_t(kept.buffer);
    const waits = Array.from({ length: 1024 }, () => posix.sem_waitAsync(sem));
    const error = await posix.sem_waitAsync(sem).then(
      () => undefined,
      (error) => [error.code, error.errno],
    );
    for (let i = 0; i < 1024; i++) posix.sem_post(sem);
    return [error, (await Promise.all(waits)).length];
  });
  assert.deepEqual(result, [['ERR_MEMSPAN_LIMIT', 11], 1024]);
});

test('times are of this moment: an asynchronous wait ends by itself', async (t) => {
  const sem = sem_t(room(t).buffer);
  sem_init(sem, 1, 0);
  const late = soon(40);
  await refusedAsync('sem_timedwait', 'ETIMEDOUT', posix.sem_timedwaitAsync(sem, late));
  assert.ok(Date.now() >= late);
});
