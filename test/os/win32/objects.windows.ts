// Mutexes, semaphores and events: what each call returns and fails with, by the manual.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as w from '../../../src/os/win32.ts';
import { errnoOf, uniqueName } from '../../support/kernel-objects.ts';
import { startChild, startWorker } from '../../support/puppets.ts';

test('a mutex: taken as often as its owner waits, given back as often, then ERROR_NOT_OWNER', () => {
  using mutex = w.CreateMutex(null, true);
  assert.equal(w.WaitForSingleObject(mutex, 0), w.WAIT_OBJECT_0);
  assert.equal(w.ReleaseMutex(mutex), true);
  assert.equal(w.ReleaseMutex(mutex), true);
  assert.equal(
    errnoOf(() => w.ReleaseMutex(mutex), 'ReleaseMutex'),
    w.ERROR_NOT_OWNER,
  );
});

test('Create… of a name that is there opens it: ERROR_ALREADY_EXISTS, and no initial owner', () => {
  const name = uniqueName();
  using first = w.CreateMutex(null, false, name);
  assert.equal(w.GetLastError(), w.ERROR_SUCCESS);
  using second = w.CreateMutex(null, true, name);
  assert.equal(w.GetLastError(), w.ERROR_ALREADY_EXISTS);
  assert.equal(
    errnoOf(() => w.ReleaseMutex(second), 'ReleaseMutex'),
    w.ERROR_NOT_OWNER,
  );
  assert.equal(w.GetLastError(), w.ERROR_NOT_OWNER);
  assert.equal(w.WaitForSingleObject(first, 0), w.WAIT_OBJECT_0);
  // The same mutex, so the same thread may have it twice.
  assert.equal(w.WaitForSingleObject(second, 0), w.WAIT_OBJECT_0);
  w.ReleaseMutex(second);
  w.ReleaseMutex(second);
});

test('Open… of a name that is not there: ERROR_FILE_NOT_FOUND', () => {
  const name = uniqueName();
  const opens = [
    [() => w.OpenMutex(w.SYNCHRONIZE, false, name), 'OpenMutex'],
    [() => w.OpenSemaphore(w.SYNCHRONIZE, false, name), 'OpenSemaphore'],
    [() => w.OpenEvent(w.SYNCHRONIZE, false, name), 'OpenEvent'],
    [() => w.OpenFileMapping(w.FILE_MAP_READ, false, name), 'OpenFileMapping'],
  ] as const;
  for (const [open, syscall] of opens) {
    assert.throws(open, { code: 'ERR_MEMSPAN_NOT_FOUND' });
    assert.equal(errnoOf(open, syscall), w.ERROR_FILE_NOT_FOUND);
  }
});

test('objects of every kind share one namespace: ERROR_INVALID_HANDLE', () => {
  const name = uniqueName();
  using _event = w.CreateEvent(null, false, false, name);
  const wrong = [
    [() => w.CreateMutex(null, false, name), 'CreateMutex'],
    [() => w.CreateSemaphore(null, 0, 1, name), 'CreateSemaphore'],
    [
      () => w.CreateFileMapping(w.INVALID_HANDLE_VALUE, null, w.PAGE_READWRITE, 0, 1, name),
      'CreateFileMapping',
    ],
    [() => w.OpenMutex(w.SYNCHRONIZE, false, name), 'OpenMutex'],
    [() => w.OpenFileMapping(w.FILE_MAP_READ, false, name), 'OpenFileMapping'],
  ] as const;
  for (const [open, syscall] of wrong) assert.equal(errnoOf(open, syscall), w.ERROR_INVALID_HANDLE);
});

test('a semaphore counts: waits take, ReleaseSemaphore returns what was there before', () => {
  using semaphore = w.CreateSemaphore(null, 2, 3);
  assert.equal(w.WaitForSingleObject(semaphore, 0), w.WAIT_OBJECT_0);
  assert.equal(w.WaitForSingleObject(semaphore, 0), w.WAIT_OBJECT_0);
  assert.equal(w.WaitForSingleObject(semaphore, 0), w.WAIT_TIMEOUT);
  assert.equal(w.ReleaseSemaphore(semaphore), 0);
  assert.equal(w.ReleaseSemaphore(semaphore, 2), 1);
  const tooMany = (): unknown => w.ReleaseSemaphore(semaphore, 1);
  assert.equal(errnoOf(tooMany, 'ReleaseSemaphore'), w.ERROR_TOO_MANY_POSTS);
  assert.throws(tooMany, { code: 'ERR_MEMSPAN_OVERFLOW' });
  assert.equal(w.WaitForSingleObject(semaphore, 0), w.WAIT_OBJECT_0);
});

test('a semaphore of more than its maximum, or of none: ERROR_INVALID_PARAMETER', () => {
  for (const [initial, maximum] of [
    [2, 1],
    [0, 0],
    [-1, 1],
  ] as const) {
    const make = (): unknown => w.CreateSemaphore(null, initial, maximum);
    assert.equal(errnoOf(make, 'CreateSemaphore'), w.ERROR_INVALID_PARAMETER);
  }
});

test('an event with manual reset stays set, another ends one wait', () => {
  using manual = w.CreateEvent(null, true, false);
  using auto = w.CreateEvent(null, false, true);
  assert.equal(w.WaitForSingleObject(manual, 0), w.WAIT_TIMEOUT);
  assert.equal(w.SetEvent(manual), true);
  assert.equal(w.WaitForSingleObject(manual, 0), w.WAIT_OBJECT_0);
  assert.equal(w.WaitForSingleObject(manual, 0), w.WAIT_OBJECT_0);
  assert.equal(w.ResetEvent(manual), true);
  assert.equal(w.WaitForSingleObject(manual, 0), w.WAIT_TIMEOUT);
  assert.equal(w.WaitForSingleObject(auto, 0), w.WAIT_OBJECT_0);
  assert.equal(w.WaitForSingleObject(auto, 0), w.WAIT_TIMEOUT);
});

test('a handle without the right to it: ERROR_ACCESS_DENIED', () => {
  const name = uniqueName();
  using _made = w.CreateEvent(null, true, false, name);
  using event = w.OpenEvent(w.SYNCHRONIZE, false, name);
  assert.equal(w.WaitForSingleObject(event, 0), w.WAIT_TIMEOUT);
  assert.equal(
    errnoOf(() => w.SetEvent(event), 'SetEvent'),
    w.ERROR_ACCESS_DENIED,
  );
});

test('a name goes with its last handle, also of another process', async () => {
  const name = uniqueName();
  const child = await startChild();
  const made = w.CreateSemaphore(null, 0, 9, name);
  await child.run(({ win32, kept }, name) => {
    kept.semaphore = win32.OpenSemaphore(win32.SEMAPHORE_ALL_ACCESS, false, name);
    win32.ReleaseSemaphore(kept.semaphore, 5);
  }, name);
  w.CloseHandle(made);
  const again = w.OpenSemaphore(w.SEMAPHORE_ALL_ACCESS, false, name);
  assert.equal(w.ReleaseSemaphore(again), 5);
  w.CloseHandle(again);
  await child.kill();
  assert.equal(
    errnoOf(() => w.OpenSemaphore(w.SYNCHRONIZE, false, name), 'OpenSemaphore'),
    w.ERROR_FILE_NOT_FOUND,
  );
});

test('handles of a worker are closed when it ends', async () => {
  const name = uniqueName();
  const worker = await startWorker();
  await worker.run(({ win32, kept }, name) => {
    kept.event = win32.CreateEvent(null, true, true, name);
  }, name);
  w.CloseHandle(w.OpenEvent(w.SYNCHRONIZE, false, name));
  await worker.kill();
  assert.equal(
    errnoOf(() => w.OpenEvent(w.SYNCHRONIZE, false, name), 'OpenEvent'),
    w.ERROR_FILE_NOT_FOUND,
  );
});
