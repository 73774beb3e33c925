// Stealing, in one thread: who loses the lock, who comes next, and what becomes of the loser's callback.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { claimsIn, heldAndPending, hold, managerFor, reasonOf } from './spaces.ts';

const steal = { steal: true } as const;

test('what is free can be stolen, too', async (t) => {
  const locks = managerFor(t);
  assert.equal(await locks.request('a', steal, ({ mode }) => mode), 'exclusive');
  assert.deepEqual(await heldAndPending(locks), [[], []]);
});

test('the holder rejects with an AbortError at once; its callback goes on, and counts no more', async (t) => {
  const locks = managerFor(t);
  const robbed = await hold(locks, 'a');
  const reason = reasonOf(robbed.done);
  const thief = await hold(locks, 'a', steal);
  const error = await reason;
  assert.ok(error instanceof DOMException);
  assert.equal(error.name, 'AbortError');
  robbed.release('ignored');
  assert.equal(await reasonOf(robbed.done), error);
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], []]);
  thief.release('kept');
  assert.equal(await thief.done, 'kept');
  assert.equal(claimsIn(locks.space), 0);
});

test('all who share it lose it', async (t) => {
  const locks = managerFor(t);
  const mode = 'shared';
  const holders = await Promise.all([1, 2, 3].map(() => hold(locks, 'a', { mode })));
  const reasons = holders.map(({ done }) => reasonOf(done));
  const thief = await hold(locks, 'a', steal);
  for (const { name } of await Promise.all(reasons)) assert.equal(name, 'AbortError');
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], []]);
  thief.release();
});

test('a thief comes before all who wait; they keep their places', async (t) => {
  const locks = managerFor(t);
  const order: string[] = [];
  const first = await hold(locks, 'a');
  const lost = reasonOf(first.done);
  const waiting = ['one', 'two'].map((who) => locks.request('a', () => order.push(who)));
  const thief = await hold(locks, 'a', steal);
  order.push('thief');
  await lost;
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], Array(2).fill('a:exclusive')]);
  thief.release();
  await Promise.all(waiting);
  assert.deepEqual(order, ['thief', 'one', 'two']);
});

test('a thief can be stolen from', async (t) => {
  const locks = managerFor(t);
  const first = await hold(locks, 'a', steal);
  const lost = reasonOf(first.done);
  const second = await hold(locks, 'a', steal);
  assert.equal((await lost).name, 'AbortError');
  second.release(2);
  assert.equal(await second.done, 2);
});

test('who is stolen from before its callback was called: it is called all the same', async (t) => {
  const locks = managerFor(t);
  const called: string[] = [];
  const first = locks.request('a', ({ name }) => called.push(name));
  const lost = reasonOf(first);
  const thief = locks.request('a', steal, () => called.push('thief'));
  assert.equal((await lost).name, 'AbortError');
  await thief;
  assert.deepEqual(called, ['a', 'thief']);
});

test('a callback that throws after it was stolen from is heard by nobody', async (t) => {
  const locks = managerFor(t);
  let fail = (_: Error): void => {};
  const first = locks.request(
    'a',
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  const lost = reasonOf(first);
  await locks.request('b', () => {});
  await locks.request('a', steal, () => {});
  fail(new Error('late'));
  assert.equal((await lost).name, 'AbortError');
});

test('who asks for it on hearing of the theft comes after the thief', async (t) => {
  const locks = managerFor(t);
  const robbed = await hold(locks, 'a');
  const reason = reasonOf(robbed.done);
  let asked: Promise<string> | undefined;
  const hear = (): void => {
    unsubscribe('memspan:lock:release', hear);
    asked = locks.request('a', () => 'asked');
  };
  subscribe('memspan:lock:release', hear);
  const thief = await hold(locks, 'a', steal);
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], ['a:exclusive']]);
  assert.equal((await reason).name, 'AbortError');
  robbed.release();
  thief.release();
  assert.equal(await asked, 'asked');
});
