// What an error of memspan/posix advises: about the call that failed, and not about segments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segment } from '../../../src/index.ts';
import * as posix from '../../../src/os/posix.ts';
import { uniqueName } from '../../support/segments.ts';
import { fails } from './failures.ts';
import { newObject, opened, PAGE, READ_WRITE } from './objects.ts';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = posix;

test('names: to leave out O_EXCL, or to create it with O_CREAT', (t) => {
  const { name } = newObject(t);
  const taken = fails('shm_open', 'EEXIST', () => posix.shm_open(name, O_RDWR | O_CREAT | O_EXCL));
  assert.match(taken.message, /O_EXCL.*shm_unlink/);
  const none = `/${uniqueName()}`;
  for (const [call, act] of [
    ['shm_open', () => posix.shm_open(none, O_RDWR)],
    ['sem_open', () => posix.sem_open(none, 0)],
    ['shm_unlink', () => posix.shm_unlink(none)],
    ['sem_unlink', () => posix.sem_unlink(none)],
  ] as const) {
    const missing = fails(call, 'ENOENT', act);
    assert.match(missing.message, /O_CREAT/);
    assert.doesNotMatch(missing.message, /`memspan/);
  }
  posix.sem_open(none, O_CREAT | O_EXCL);
  const there = fails('sem_open', 'EEXIST', () => posix.sem_open(none, O_CREAT | O_EXCL));
  assert.match(there.message, /O_EXCL.*sem_unlink/);
  posix.sem_unlink(none);
});

test('memory: how the descriptor was opened, and not the object’s mode', (t) => {
  const fd = opened(t, newObject(t), O_RDONLY);
  const refused = fails('mmap', 'EACCES', () =>
    posix.mmap(null, PAGE, READ_WRITE, posix.MAP_SHARED, fd),
  );
  assert.match(refused.message, /O_RDWR/);
});

test('locks: who has it, and what to do then', () => {
  using segment = Segment.anonymous(128);
  const mutex = posix.pthread_mutex_t(segment.buffer);
  posix.pthread_mutex_init(mutex, { type: posix.PTHREAD_MUTEX_ERRORCHECK });
  const strange = fails('pthread_mutex_unlock', 'EPERM', () => posix.pthread_mutex_unlock(mutex));
  assert.match(strange.message, /the thread that has locked it/);
  posix.pthread_mutex_lock(mutex);
  const twice = fails('pthread_mutex_lock', 'EDEADLK', () => posix.pthread_mutex_lock(mutex));
  assert.match(twice.message, /Unlock it first/);
  const early = fails('pthread_mutex_destroy', 'EBUSY', () => posix.pthread_mutex_destroy(mutex));
  assert.match(early.message, /Unlock it/);
  posix.pthread_mutex_unlock(mutex);
});
