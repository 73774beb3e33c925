// Waits that are given up: by a signal, at each moment; by `timeoutMs`, which the standard has not; and what is left of them.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { claimsIn, heldAndPending, hold, managerFor, reasonOf, turn } from './spaces.ts';

const never = (): never => assert.fail('called');

test('a signal that is aborted before: its reason, and no request', async (t) => {
  const locks = managerFor(t);
  const reason = new Error('why');
  const aborted = locks.request('a', { signal: AbortSignal.abort(reason) }, never);
  assert.equal(await reasonOf(aborted), reason);
  const plain = locks.request('a', { signal: AbortSignal.abort() }, never);
  assert.equal((await reasonOf(plain)).name, 'AbortError');
  assert.deepEqual(await heldAndPending(locks), [[], []]);
});

test('a signal that is aborted while it waits: its reason, and it leaves the queue at once', async (t) => {
  const locks = managerFor(t);
  const held = await hold(locks, 'a');
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = locks.request('a', { signal }, never);
  const next = hold(locks, 'a');
  controller.abort('why');
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], ['a:exclusive']]);
  assert.equal(await reasonOf(aborted), 'why');
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  held.release();
  (await next).release();
});

test('an exclusive request that is given up makes way for the shared ones behind it', async (t) => {
  const locks = managerFor(t);
  const held = await hold(locks, 'a', { mode: 'shared' });
  const controller = new AbortController();
  const aborted = locks.request('a', { signal: controller.signal }, never);
  const shared = hold(locks, 'a', { mode: 'shared' });
  controller.abort('why');
  assert.equal(await reasonOf(aborted), 'why');
  (await shared).release();
  held.release();
});

test('aborted after it was granted, before the callback: its reason, the lock is released', async (t) => {
  const locks = managerFor(t);
  const controller = new AbortController();
  const granted = locks.request('a', { signal: controller.signal }, never);
  controller.abort('why');
  assert.equal(await reasonOf(granted), 'why');
  assert.deepEqual(await heldAndPending(locks), [[], []]);
  // The same for one that has waited: the first to be aborted makes way for the second.
  const held = await hold(locks, 'a', { mode: 'shared' });
  const [first, second] = [new AbortController(), new AbortController()];
  const exclusive = reasonOf(locks.request('a', { signal: first.signal }, never));
  const shared = locks.request('a', { signal: second.signal, mode: 'shared' }, never);
  first.abort(1);
  const between = heldAndPending(locks);
  second.abort(2);
  assert.deepEqual(await between, [['a:shared', 'a:shared'], []]);
  assert.deepEqual([await exclusive, await reasonOf(shared)], [1, 2]);
  assert.deepEqual(await heldAndPending(locks), [['a:shared'], []]);
  held.release();
});

test('aborted once the callback was called: nothing', async (t) => {
  const locks = managerFor(t);
  const controller = new AbortController();
  const held = await hold(locks, 'a', { signal: controller.signal });
  controller.abort('why');
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], []]);
  held.release('value');
  assert.equal(await held.done, 'value');
  assert.equal(await locks.request('a', { signal: new AbortController().signal }, () => 1), 1);
});

test('timeoutMs: the callback gets null when the time is over, the lock when it comes in time', async (t) => {
  const locks = managerFor(t);
  const held = await hold(locks, 'a');
  const start = performance.now();
  const late = await locks.request('a', { timeoutMs: 20 }, (lock) => [lock]);
  assert.deepEqual(late, [null]);
  assert.ok(performance.now() - start >= 19);
  assert.equal(await locks.request('a', { timeoutMs: 0 }, (lock) => lock), null);
  const inTime = locks.request('a', { timeoutMs: 50_000 }, (lock) => lock?.name);
  held.release();
  assert.equal(await inTime, 'a');
  assert.equal(await locks.request('a', { timeoutMs: 0 }, (lock) => lock?.name), 'a');
  const forever = locks.request('a', { timeoutMs: Number.POSITIVE_INFINITY }, (lock) => lock?.name);
  assert.equal(await forever, 'a');
});

test('500 waits that are given up leave nothing, no claim, listener, timer, and keep neither libuv nor the event loop', async (t) => {
  const locks = managerFor(t);
  const held = await hold(locks, 'a');
  await fs.promises.stat('.');
  const start = process.getActiveResourcesInfo().length;
  const threads = (): number => fs.readdirSync('/proc/self/task').length;
  const before = threads();
  const controllers = Array.from({ length: 500 }, () => new AbortController());
  const waits = controllers.map(({ signal }, i) => {
    const mode = i % 2 === 0 ? 'shared' : 'exclusive';
    const name = i % 5 === 0 ? `b${i}` : 'a';
    return name === 'a'
      ? reasonOf(locks.request(name, { signal, mode, timeoutMs: 50_000 }, never))
      : locks.request(name, { signal, mode, timeoutMs: 50_000 }, () => 'granted');
  });
  await turn();
  // One thread of the library's sleeps for all of them, one hears of deaths, and those of libuv are free.
  assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
  await Promise.all(Array.from({ length: 8 }, () => fs.promises.stat('.')));
  for (const [i, controller] of controllers.entries()) controller.abort(i);
  const results = await Promise.all(waits);
  assert.deepEqual(
    results,
    results.map((_, i) => (i % 5 === 0 ? 'granted' : i)),
  );
  for (const { signal } of controllers) {
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  }
  assert.equal(claimsIn(locks.space), 1);
  held.release();
  await held.done;
  assert.equal(claimsIn(locks.space), 0);
  assert.ok(process.getActiveResourcesInfo().length <= start + 1);
});
