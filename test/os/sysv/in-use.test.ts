// Memory that is detached while a lock in it is held, or waited for: refused, or ended with an error; nothing crashes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EOWNERDEAD,
  PTHREAD_MUTEX_ROBUST,
  pthread_mutex_consistent,
  pthread_mutex_init,
  pthread_mutex_lock,
  pthread_mutex_lockAsync,
  pthread_mutex_t,
  pthread_mutex_unlock,
} from '../../../src/os/posix.ts';
import { shmat, shmdt } from '../../../src/os/sysv.ts';
import { startChild } from '../../support/puppets.ts';
import { attachments, failsWith, newSegment } from './objects.ts';

test('a mutex in a System V segment works between processes, and survives its owner', async (t) => {
  const id = newSegment(t, 4096);
  const buffer = shmat(id, null);
  const mutex = pthread_mutex_t(buffer, 64);
  pthread_mutex_init(mutex, { robust: PTHREAD_MUTEX_ROBUST });
  const child = await startChild();
  await child.run(({ sysv, posix, kept }, id) => {
    kept.buffer = sysv.shmat(id, null);
    posix.pthread_mutex_lock(posix.pthread_mutex_t(kept.buffer, 64));
  }, id);
  const waiting = pthread_mutex_lockAsync(mutex);
  await child.kill();
  assert.equal(await waiting, EOWNERDEAD);
  pthread_mutex_consistent(mutex);
  pthread_mutex_unlock(mutex);
  shmdt(buffer);
});

test('shmdt is EBUSY while this process holds a lock in it, and then detaches', (t) => {
  const id = newSegment(t, 4096);
  const buffer = shmat(id, null);
  const mutex = pthread_mutex_t(buffer);
  pthread_mutex_init(mutex);
  pthread_mutex_lock(mutex);
  const busy = failsWith(() => shmdt(buffer), 'shmdt', 'EBUSY');
  assert.equal(busy.code, 'ERR_MEMSPAN_BUSY');
  assert.equal(attachments(id), 1);
  pthread_mutex_unlock(mutex);
  shmdt(buffer);
  assert.equal(attachments(id), 0);
  assert.throws(() => pthread_mutex_lock(mutex), { code: 'ERR_MEMSPAN_CLOSED' });
});

test('shmdt ends who waits for a lock in it that another process holds', async (t) => {
  const id = newSegment(t, 4096);
  const buffer = shmat(id, null);
  const mutex = pthread_mutex_t(buffer);
  pthread_mutex_init(mutex);
  const child = await startChild();
  await child.run(({ sysv, posix, kept }, id) => {
    kept.buffer = sysv.shmat(id, null);
    posix.pthread_mutex_lock(posix.pthread_mutex_t(kept.buffer));
  }, id);
  const told = assert.rejects(pthread_mutex_lockAsync(mutex), { code: 'ERR_MEMSPAN_CLOSED' });
  shmdt(buffer);
  await told;
});
