// Waits that do not block: their outcomes, whose a mutex is that one of them got, and how they end before their time.
import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';
import { test } from 'node:test';
import * as w from '../../../src/os/win32.ts';
import { errnoOf, uniqueName } from '../../support/kernel-objects.ts';
import { startChild, startWorker } from '../../support/puppets.ts';

test('signaled, timed out, any, all', async () => {
  using a = w.CreateSemaphore(null, 1, 9);
  using b = w.CreateSemaphore(null, 0, 9);
  assert.equal(await w.WaitForSingleObjectAsync(a, w.INFINITE), w.WAIT_OBJECT_0);
  assert.equal(await w.WaitForSingleObjectAsync(a, 20), w.WAIT_TIMEOUT);
  const any = w.WaitForMultipleObjectsAsync([a, b], false, w.INFINITE);
  w.ReleaseSemaphore(b);
  assert.equal(await any, w.WAIT_OBJECT_0 + 1);
  const all = w.WaitForMultipleObjectsAsync([a, b], true, w.INFINITE);
  w.ReleaseSemaphore(b);
  w.ReleaseSemaphore(a);
  assert.equal(await all, w.WAIT_OBJECT_0);
});

test('a mutex that an Async wait got is given back by ReleaseMutex, once', async () => {
  using mutex = w.CreateMutex(null, false);
  assert.equal(await w.WaitForSingleObjectAsync(mutex, w.INFINITE), w.WAIT_OBJECT_0);
  assert.equal(w.WaitForSingleObject(mutex, 20), w.WAIT_TIMEOUT, 'its thread has it, not this one');
  assert.equal(w.ReleaseMutex(mutex), true);
  assert.equal(
    errnoOf(() => w.ReleaseMutex(mutex), 'ReleaseMutex'),
    w.ERROR_NOT_OWNER,
  );
  assert.equal(w.WaitForSingleObject(mutex, 0), w.WAIT_OBJECT_0);
  w.ReleaseMutex(mutex);
});

test('two Async waits for one mutex exclude each other; another handle of it will do, too', async () => {
  const name = uniqueName();
  using mutex = w.CreateMutex(null, false, name);
  using same = w.OpenMutex(w.MUTEX_ALL_ACCESS, false, name);
  await w.WaitForSingleObjectAsync(mutex, w.INFINITE);
  let second: number | undefined;
  const waiting = w.WaitForSingleObjectAsync(mutex, w.INFINITE).then((outcome) => {
    second = outcome;
  });
  assert.equal(await w.WaitForSingleObjectAsync(same, 30), w.WAIT_TIMEOUT);
  assert.equal(second, undefined);
  w.ReleaseMutex(same);
  await waiting;
  assert.equal(second, w.WAIT_OBJECT_0);
  w.ReleaseMutex(same);
});

test('several mutexes at once belong to one wait, and go back one by one', async () => {
  using a = w.CreateMutex(null, false);
  using b = w.CreateMutex(null, false);
  await w.WaitForMultipleObjectsAsync([a, b], true, w.INFINITE);
  w.ReleaseMutex(b);
  assert.equal(w.WaitForSingleObject(b, 0), w.WAIT_OBJECT_0);
  assert.equal(w.WaitForSingleObject(a, 0), w.WAIT_TIMEOUT);
  w.ReleaseMutex(b);
  w.ReleaseMutex(a);
  assert.equal(w.WaitForSingleObject(a, 0), w.WAIT_OBJECT_0);
  w.ReleaseMutex(a);
});

test('to block without end for what an own Async wait has is ERR_MEMSPAN_DEADLOCK', async () => {
  using mutex = w.CreateMutex(null, false);
  await w.WaitForSingleObjectAsync(mutex, w.INFINITE);
  assert.throws(() => w.WaitForSingleObject(mutex, w.INFINITE), { code: 'ERR_MEMSPAN_DEADLOCK' });
  w.ReleaseMutex(mutex);
  assert.equal(w.WaitForSingleObject(mutex, w.INFINITE), w.WAIT_OBJECT_0);
  w.ReleaseMutex(mutex);
});

test('a worker that ends while its Async wait has a mutex abandons it', async () => {
  const name = uniqueName();
  using mutex = w.CreateMutex(null, false, name);
  const worker = await startWorker();
  await worker.run(({ win32, kept }, name) => {
    kept.mutex = win32.OpenMutex(win32.MUTEX_ALL_ACCESS, false, name);
    return win32.WaitForSingleObjectAsync(kept.mutex, win32.INFINITE);
  }, name);
  assert.equal(w.WaitForSingleObject(mutex, 0), w.WAIT_TIMEOUT);
  await worker.kill();
  assert.equal(w.WaitForSingleObject(mutex, w.INFINITE), w.WAIT_ABANDONED);
  w.ReleaseMutex(mutex);
});

test('a process killed while its Async wait has a mutex abandons it', async () => {
  const name = uniqueName();
  using mutex = w.CreateMutex(null, false, name);
  const child = await startChild();
  await child.run(({ win32, kept }, name) => {
    kept.mutex = win32.OpenMutex(win32.MUTEX_ALL_ACCESS, false, name);
    return win32.WaitForSingleObjectAsync(kept.mutex, win32.INFINITE);
  }, name);
  const outcome = w.WaitForSingleObjectAsync(mutex, w.INFINITE);
  await child.kill();
  assert.equal(await outcome, w.WAIT_ABANDONED);
  w.ReleaseMutex(mutex);
});

test('a worker that ends with a wait pending leaves what it waited for untouched', async () => {
  const name = uniqueName();
  using semaphore = w.CreateSemaphore(null, 0, 1, name);
  const worker = await startWorker();
  await worker.run(({ win32, kept }, name) => {
    kept.semaphore = win32.OpenSemaphore(win32.SEMAPHORE_ALL_ACCESS, false, name);
    void win32.WaitForSingleObjectAsync(kept.semaphore, win32.INFINITE);
  }, name);
  await worker.kill();
  w.ReleaseSemaphore(semaphore);
  assert.equal(w.WaitForSingleObject(semaphore, 0), w.WAIT_OBJECT_0);
});

test('a signal ends the wait with its reason, and nothing has been taken', async () => {
  using semaphore = w.CreateSemaphore(null, 0, 1);
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = w.WaitForSingleObjectAsync(semaphore, w.INFINITE, { signal });
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(w.WaitForSingleObjectAsync(semaphore, 0, { signal }), reason);
  w.ReleaseSemaphore(semaphore);
  assert.equal(w.WaitForSingleObject(semaphore, 0), w.WAIT_OBJECT_0);
});

test('CloseHandle ends the waits on that handle: ERR_MEMSPAN_CLOSED', async () => {
  using other = w.CreateEvent(null, true, false);
  const event = w.CreateEvent(null, true, false);
  const waits = [
    w.WaitForSingleObjectAsync(event, w.INFINITE),
    w.WaitForMultipleObjectsAsync([other, event], false, w.INFINITE),
    w.WaitForMultipleObjectsAsync([other, event], true, 5000),
  ];
  w.CloseHandle(event);
  await Promise.all(waits.map((wait) => assert.rejects(wait, { code: 'ERR_MEMSPAN_CLOSED' })));
});

test('CloseHandle of a mutex that an Async wait has: abandoned, at once', async () => {
  const name = uniqueName();
  using mutex = w.CreateMutex(null, false, name);
  const handle = w.OpenMutex(w.MUTEX_ALL_ACCESS, false, name);
  await w.WaitForSingleObjectAsync(handle, w.INFINITE);
  w.CloseHandle(handle);
  assert.equal(w.WaitForSingleObject(mutex, 0), w.WAIT_ABANDONED);
  w.ReleaseMutex(mutex);
});

test('fifty pending waits leave the thread pool free', async () => {
  using event = w.CreateEvent(null, true, false);
  const waits = Array.from({ length: 50 }, () => w.WaitForSingleObjectAsync(event, w.INFINITE));
  await Promise.all(Array.from({ length: 8 }, () => fs.stat('.')));
  w.SetEvent(event);
  assert.deepEqual(new Set(await Promise.all(waits)), new Set([w.WAIT_OBJECT_0]));
});

test('a pending wait keeps the process running, and nothing else has to', async () => {
  const name = uniqueName();
  using semaphore = w.CreateSemaphore(null, 0, 1, name);
  const child = await startChild();
  const alone = new Promise((resolve) => child.process.once('disconnect', resolve));
  await child.run(({ win32 }, name) => {
    const semaphore = win32.OpenSemaphore(win32.SEMAPHORE_ALL_ACCESS, false, name);
    win32.WaitForSingleObjectAsync(semaphore, win32.INFINITE).then(() => process.exit(7));
    process.removeAllListeners('disconnect');
    // After the answer to this order.
    setTimeout(() => process.disconnect(), 20);
  }, name);
  await alone;
  w.ReleaseSemaphore(semaphore);
  assert.deepEqual(await child.exited, { code: 7, signal: null });
});

test('more waits than there can be threads: ERR_MEMSPAN_LIMIT, and the others go on', async () => {
  using event = w.CreateEvent(null, true, false);
  const waits = Array.from({ length: 1100 }, () => w.WaitForSingleObjectAsync(event, w.INFINITE));
  const outcomes = Promise.allSettled(waits);
  w.SetEvent(event);
  const refused = (await outcomes).filter(({ status }) => status === 'rejected');
  assert.ok(refused.length > 0 && refused.length <= 1100 - 1000, `${refused.length} refused`);
  for (const { reason } of refused as PromiseRejectedResult[]) {
    assert.equal(reason.code, 'ERR_MEMSPAN_LIMIT');
    assert.equal(reason.errno, w.ERROR_MAX_THRDS_REACHED);
  }
});
