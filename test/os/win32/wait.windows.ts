// Waits that block: on one object, on several, across processes, and what an owner's death leaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as w from '../../../src/os/win32.ts';
import { uniqueName } from '../../support/kernel-objects.ts';
import { startChild, startWorker } from '../../support/puppets.ts';

test('a timeout is waited for, not less', () => {
  using event = w.CreateEvent(null, false, false);
  const start = performance.now();
  assert.equal(w.WaitForSingleObject(event, 80), w.WAIT_TIMEOUT);
  assert.ok(performance.now() - start >= 75, `${performance.now() - start} ms`);
});

test('any of several: the index of the first that can be had, and only that one is taken', () => {
  using a = w.CreateSemaphore(null, 0, 9);
  using b = w.CreateSemaphore(null, 1, 9);
  using c = w.CreateSemaphore(null, 1, 9);
  assert.equal(w.WaitForMultipleObjects([a, b, c], false, 0), w.WAIT_OBJECT_0 + 1);
  assert.equal(w.WaitForMultipleObjects([a, b, c], false, 0), w.WAIT_OBJECT_0 + 2);
  assert.equal(w.WaitForMultipleObjects([a, b, c], false, 20), w.WAIT_TIMEOUT);
});

test('all of several: none is taken before all can be had', () => {
  using a = w.CreateSemaphore(null, 1, 9);
  using b = w.CreateSemaphore(null, 0, 9);
  assert.equal(w.WaitForMultipleObjects([a, b], true, 20), w.WAIT_TIMEOUT);
  w.ReleaseSemaphore(b);
  assert.equal(w.WaitForMultipleObjects([a, b], true, 0), w.WAIT_OBJECT_0);
  assert.equal(w.WaitForMultipleObjects([a, b], false, 0), w.WAIT_TIMEOUT);
});

test('64 objects at once', () => {
  const events = Array.from({ length: w.MAXIMUM_WAIT_OBJECTS }, (_, i) =>
    w.CreateEvent(null, true, i === 63),
  );
  assert.equal(w.WaitForMultipleObjects(events, false, 0), w.WAIT_OBJECT_0 + 63);
  for (const event of events) w.SetEvent(event);
  assert.equal(w.WaitForMultipleObjects(events, true, 0), w.WAIT_OBJECT_0);
  for (const event of events) w.CloseHandle(event);
});

test('a child waits in its thread until this process sets the event', async () => {
  const name = uniqueName();
  using event = w.CreateEvent(null, false, false, name);
  using asleep = w.CreateEvent(null, false, false, `${name}-asleep`);
  const child = await startChild();
  const outcome = child.run(({ win32 }, name) => {
    const event = win32.OpenEvent(win32.EVENT_ALL_ACCESS, false, name);
    win32.SetEvent(win32.OpenEvent(win32.EVENT_ALL_ACCESS, false, `${name}-asleep`));
    return win32.WaitForSingleObject(event, win32.INFINITE);
  }, name);
  assert.equal(await w.WaitForSingleObjectAsync(asleep, w.INFINITE), w.WAIT_OBJECT_0);
  w.SetEvent(event);
  assert.equal(await outcome, w.WAIT_OBJECT_0);
});

test('two processes and a worker add 2000 each under one mutex: 6000', async () => {
  const name = uniqueName();
  const mapping = w.CreateFileMapping(
    w.INVALID_HANDLE_VALUE,
    null,
    w.PAGE_READWRITE,
    0,
    4096,
    name,
  );
  const words = new Int32Array(w.MapViewOfFile(mapping, w.FILE_MAP_ALL_ACCESS, 0, 0, 0));
  using _mutex = w.CreateMutex(null, false, `${name}-mutex`);
  const others = await Promise.all([startChild(), startChild(), startWorker()]);
  const add = (puppet: (typeof others)[number]): Promise<void> =>
    puppet.run(({ win32 }, name) => {
      const mapping = win32.OpenFileMapping(win32.FILE_MAP_ALL_ACCESS, false, name);
      const words = new Int32Array(
        win32.MapViewOfFile(mapping, win32.FILE_MAP_ALL_ACCESS, 0, 0, 0),
      );
      const mutex = win32.OpenMutex(win32.MUTEX_ALL_ACCESS, false, `${name}-mutex`);
      for (let i = 0; i < 2000; i++) {
        win32.WaitForSingleObject(mutex, win32.INFINITE);
        // Two steps on purpose.
        const seen = words[0] as number;
        words[0] = seen + 1;
        win32.ReleaseMutex(mutex);
      }
    }, name);
  await Promise.all(others.map(add));
  assert.equal(words[0], 6000);
  w.CloseHandle(mapping);
});

test('the owner is ended by TerminateProcess: WAIT_ABANDONED to one waiter, who then has it', async () => {
  const name = uniqueName();
  using mutex = w.CreateMutex(null, false, name);
  const child = await startChild();
  await child.run(({ win32, kept }, name) => {
    kept.mutex = win32.OpenMutex(win32.MUTEX_ALL_ACCESS, false, name);
    return win32.WaitForSingleObject(kept.mutex, 0);
  }, name);
  assert.equal(w.WaitForSingleObject(mutex, 20), w.WAIT_TIMEOUT);
  await child.kill();
  assert.equal(w.WaitForSingleObject(mutex, w.INFINITE), w.WAIT_ABANDONED);
  w.ReleaseMutex(mutex);
  assert.equal(w.WaitForSingleObject(mutex, 0), w.WAIT_OBJECT_0, 'told once');
  w.ReleaseMutex(mutex);
});

test('the owner dies while others wait for it among several: WAIT_ABANDONED_0 plus its index', async () => {
  const name = uniqueName();
  using never = w.CreateEvent(null, false, false);
  using mutex = w.CreateMutex(null, false, name);
  const child = await startChild();
  await child.run(({ win32, kept }, name) => {
    kept.mutex = win32.OpenMutex(win32.MUTEX_ALL_ACCESS, false, name);
    return win32.WaitForSingleObject(kept.mutex, 0);
  }, name);
  const outcome = w.WaitForMultipleObjectsAsync([never, mutex], false, w.INFINITE);
  await child.kill();
  assert.equal(await outcome, w.WAIT_ABANDONED_0 + 1);
  assert.equal(w.ReleaseMutex(mutex), true);
});

test('a worker that ends abandons the mutex of its thread', async () => {
  const name = uniqueName();
  using mutex = w.CreateMutex(null, false, name);
  const worker = await startWorker();
  await worker.run(({ win32, kept }, name) => {
    kept.mutex = win32.OpenMutex(win32.MUTEX_ALL_ACCESS, false, name);
    return win32.WaitForSingleObject(kept.mutex, 0);
  }, name);
  await worker.kill();
  assert.equal(w.WaitForSingleObject(mutex, w.INFINITE), w.WAIT_ABANDONED);
  w.ReleaseMutex(mutex);
});

test('worker.terminate() ends a wait without end', async () => {
  const name = uniqueName();
  using _never = w.CreateEvent(null, false, false, name);
  using asleep = w.CreateEvent(null, false, false, `${name}-asleep`);
  const worker = await startWorker();
  const outcome = worker.run(({ win32 }, name) => {
    const never = win32.OpenEvent(win32.SYNCHRONIZE, false, name);
    win32.SetEvent(win32.OpenEvent(win32.EVENT_ALL_ACCESS, false, `${name}-asleep`));
    return win32.WaitForSingleObject(never, win32.INFINITE);
  }, name);
  const ended = assert.rejects(outcome, /the puppet ended/);
  assert.equal(await w.WaitForSingleObjectAsync(asleep, w.INFINITE), w.WAIT_OBJECT_0);
  await worker.kill();
  await ended;
});
