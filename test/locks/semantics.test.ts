// The Web Locks standard case by case, in one thread: modes, order, ifAvailable, what callbacks return and throw.
// After https://github.com/web-platform-tests/wpt/tree/master/web-locks.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { Lock } from '../../src/locks/lock.ts';
import { claimsIn, heldAndPending, hold, managerFor, reasonOf, turn } from './spaces.ts';

test('the callback gets a lock with its name and mode, later, and once', async (t) => {
  const locks = managerFor(t);
  let calls = 0;
  const done = locks.request('a', (lock) => {
    calls++;
    assert.ok(lock instanceof Lock);
    assert.equal(Object.prototype.toString.call(lock), '[object Lock]');
    assert.deepEqual([lock.name, lock.mode], ['a', 'exclusive']);
    assert.throws(() => Object.assign(lock, { name: 'b' }), TypeError);
  });
  assert.equal(calls, 0, 'not within request itself');
  assert.equal(await done, undefined);
  assert.equal(calls, 1);
  assert.equal(await locks.request('a', { mode: 'shared' }, ({ mode }) => mode), 'shared');
});

test('the request resolves with what the callback returns, or resolves with', async (t) => {
  const locks = managerFor(t);
  assert.equal(await locks.request('a', () => 123), 123);
  assert.equal(await locks.request('a', async () => 'later'), 'later');
  const then = (resolve: (value: string) => void): void => resolve('then');
  const thenable = Object.defineProperty({}, 'then', { value: then });
  assert.equal(await locks.request('a', () => thenable), 'then');
  const value: number = await locks.request('a', async () => 1);
  assert.equal(value, 1);
});

test('the request rejects with what the callback throws, or rejects with, and the lock is released', async (t) => {
  const locks = managerFor(t);
  const error = new Error('mine');
  const fail = (): never => {
    throw error;
  };
  assert.equal(await reasonOf(locks.request('a', fail)), error);
  assert.equal(await reasonOf(locks.request('a', async () => fail())), error);
  const accessor = Object.defineProperty({}, 'then', { get: fail });
  assert.equal(await reasonOf(locks.request('a', () => accessor)), error);
  assert.deepEqual(await heldAndPending(locks), [[], []]);
});

test('the lock is held until the promise that the callback returned has settled', async (t) => {
  const locks = managerFor(t);
  const { lock, release, done } = await hold(locks, 'a');
  assert.equal(lock?.name, 'a');
  await turn();
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], []]);
  release('value');
  assert.equal(await done, 'value');
  assert.deepEqual(await heldAndPending(locks), [[], []]);
});

test('exclusive requests of a name have it one after the other, in the order of the requests', async (t) => {
  const locks = managerFor(t);
  const order: string[] = [];
  let inside = 0;
  await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      locks.request('a', async () => {
        assert.equal(++inside, 1);
        if (i % 3 === 0) await turn();
        order.push(`${i}`);
        inside--;
      }),
    ),
  );
  assert.deepEqual(
    order,
    Array.from({ length: 300 }, (_, i) => `${i}`),
  );
});

test('shared requests have it together; an exclusive one waits for all of them, and later ones behind it', async (t) => {
  const locks = managerFor(t);
  const shared = { mode: 'shared' } as const;
  const [first, second] = await Promise.all([hold(locks, 'a', shared), hold(locks, 'a', shared)]);
  const third = hold(locks, 'a');
  const fourth = hold(locks, 'a', shared);
  assert.deepEqual(await heldAndPending(locks), [
    ['a:shared', 'a:shared'],
    ['a:exclusive', 'a:shared'],
  ]);
  second.release();
  await second.done;
  assert.deepEqual(await heldAndPending(locks), [['a:shared'], ['a:exclusive', 'a:shared']]);
  first.release();
  const alone = await third;
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], ['a:shared']]);
  alone.release();
  (await fourth).release();
});

test('shared requests that wait together are granted together', async (t) => {
  const locks = managerFor(t);
  const first = await hold(locks, 'a');
  const shared = [1, 2, 3].map(() => hold(locks, 'a', { mode: 'shared' }));
  const last = hold(locks, 'a');
  first.release();
  const holders = await Promise.all(shared);
  assert.deepEqual(await heldAndPending(locks), [Array(3).fill('a:shared'), ['a:exclusive']]);
  for (const { release } of holders) release();
  (await last).release();
});

test('names have nothing to do with each other', async (t) => {
  const locks = managerFor(t);
  const a = await hold(locks, 'a');
  const b = await hold(locks, 'b');
  const again = hold(locks, 'a');
  b.release();
  await b.done;
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], ['a:exclusive']]);
  a.release();
  (await again).release();
});

test('ifAvailable never waits: a lock, or null, behind everybody who waits', async (t) => {
  const locks = managerFor(t);
  const ifAvailable = true;
  const take = (mode: 'shared' | 'exclusive'): Promise<boolean> =>
    locks.request('a', { mode, ifAvailable }, (lock) => lock !== null);
  assert.equal(await take('exclusive'), true);
  const shared = await hold(locks, 'a', { mode: 'shared' });
  assert.deepEqual([await take('shared'), await take('exclusive')], [true, false]);
  const waiting = hold(locks, 'a');
  assert.deepEqual([await take('shared'), await take('exclusive')], [false, false]);
  shared.release();
  const exclusive = await waiting;
  assert.deepEqual([await take('shared'), await take('exclusive')], [false, false]);
  exclusive.release();
  await exclusive.done;
  assert.equal(await locks.request('a', { ifAvailable }, () => 7), 7);
  const error = new Error('without a lock');
  const blocked = await hold(locks, 'a');
  const thrown = locks.request('a', { ifAvailable }, () => Promise.reject(error));
  assert.equal(await reasonOf(thrown), error);
  blocked.release();
});

test('a callback may ask for other locks, and for its own name without waiting for it', async (t) => {
  const locks = managerFor(t);
  const order: string[] = [];
  let inner: Promise<unknown> = Promise.resolve();
  await locks.request('a', async () => {
    inner = locks.request('a', () => order.push('inner'));
    await locks.request('b', () => order.push('b'));
    order.push('outer');
  });
  await inner;
  assert.deepEqual(order, ['b', 'outer', 'inner']);
});

test('the context of who asks is the context of the callback', async (t) => {
  const locks = managerFor(t);
  const storage = new AsyncLocalStorage<string>();
  const first = await hold(locks, 'a');
  const asked = ['x', 'y'].map((value) =>
    storage.run(value, () => locks.request('a', () => storage.getStore())),
  );
  first.release();
  assert.deepEqual(await Promise.all(asked), ['x', 'y']);
});

test('every string is a name', async (t) => {
  const locks = managerFor(t);
  const names = [
    ...['', '\0', 'a\0b', 'a\0', '\ud800', '\udc00', '\udc00\ud800', '\uffff', '\ufeffx', 'x'],
    ...['é', 'e\u0301', '🔒', ' ', '__proto__', 'constructor', '_-', 'x'.repeat(1024)],
    ...['x'.repeat(1023), 'é'.repeat(512), '\ud800'.repeat(512), '\ud800a'],
    // The bytes of one in UTF-16 are those of another one in UTF-8.
    ...['\ud800\u6161', Buffer.from('\ud800\u6161', 'utf16le').toString('latin1')],
  ];
  const holders = await Promise.all(names.map((name) => hold(locks, name)));
  assert.deepEqual(
    holders.map(({ lock }) => lock?.name),
    names,
  );
  const { held } = await locks.query();
  assert.deepEqual(
    held.map(({ name }) => name),
    names,
  );
  for (const { release } of holders) release();
  await Promise.all(holders.map(({ done }) => done));
  assert.equal(claimsIn(locks.space), 0);
});

test('tasks that lock again and again leave the event loop its turn', async (t) => {
  const locks = managerFor(t);
  let isOver = false;
  setImmediate(() => {
    isOver = true;
  });
  for (let i = 0; !isOver; i++) {
    assert.ok(i < 100_000, 'the event loop had no turn');
    await locks.request('a', () => {});
  }
});
