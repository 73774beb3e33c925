// What `request` is given: read in Web IDL's order, refused with the standard's errors, always by a rejected promise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockManager } from '../../src/locks/locks.ts';
import { codeOf, uniqueName } from '../support/segments.ts';
import { hold, managerFor, reasonOf } from './spaces.ts';

type Loose = (...given: unknown[]) => Promise<unknown>;

const never = (): never => assert.fail('called');

test('what is no name, no options or no callback rejects with a TypeError', async (t) => {
  const locks = managerFor(t);
  const request: Loose = locks.request.bind(locks) as Loose;
  const wrong: unknown[][] = [
    ...[[], ['a'], ['a', undefined], ['a', null], ['a', {}], ['a', 'callback']],
    ...[
      ['a', {}, undefined],
      ['a', {}, null],
      ['a', {}, {}],
      ['a', never, {}],
    ],
    ...[
      [Symbol('a'), never],
      ['a', 1, never],
      ['a', 'shared', never],
      ['a', true, never],
    ],
    ...[
      ['a', { mode: 'foo' }, never],
      ['a', { mode: null }, never],
      ['a', { mode: 1 }, never],
    ],
    ...[
      ['a', { mode: 'Shared' }, never],
      ['a', { mode: Symbol('x') }, never],
    ],
    ...[
      ['a', { signal: {} }, never],
      ['a', { signal: null }, never],
    ],
    ...[
      ['a', { timeoutMs: '1' }, never],
      ['a', { timeoutMs: null }, never],
    ],
  ];
  for (const given of wrong) {
    const reason = await reasonOf(request(...given));
    assert.ok(reason instanceof TypeError, String(reason));
    assert.equal(reason.code, 'ERR_MEMSPAN_INVALID_ARGUMENT');
  }
  const negative = await reasonOf(request('a', { timeoutMs: -1 }, never));
  assert.ok(negative instanceof RangeError);
  const long = await reasonOf(request('x'.repeat(1025), never));
  assert.ok(long instanceof RangeError && long.message.includes('1025'));
});

test('arguments are coerced, and each member is read once, in the order of the names', async (t) => {
  const locks = managerFor(t);
  const request: Loose = locks.request.bind(locks) as Loose;
  const name = (lock: { name: string }): string => lock.name;
  assert.equal(await request(5, name), '5');
  assert.equal(await request(undefined, name), 'undefined');
  assert.equal(await request({ toString: () => 'text' }, undefined, name), 'text');
  assert.equal(await request('a', null, name), 'a');
  assert.equal(await request('a', { mode: undefined, signal: undefined }, name, 'ignored'), 'a');
  assert.equal(await request('a', { mode: { toString: () => 'shared' } }, name), 'a');
  assert.equal(await request('a', { steal: 0, ifAvailable: '' }, name), 'a');
  assert.equal(await request('a', () => {}, name), 'a', 'a function is an object, too');
  const read: string[] = [];
  const text = {
    toString: () => {
      read.push('name');
      return 'a';
    },
  };
  const options = new Proxy({}, { get: (_, key) => void read.push(String(key)) });
  await request(text, options, name);
  assert.deepEqual(read, ['name', 'ifAvailable', 'mode', 'signal', 'steal', 'timeoutMs']);
  const error = new Error('mine');
  const throwing = new Proxy(
    {},
    {
      get: () => {
        throw error;
      },
    },
  );
  assert.equal(await reasonOf(request('a', throwing, never)), error);
});

test('reserved names, and options that do not go together, are NotSupportedError', async (t) => {
  const locks = managerFor(t);
  const { signal } = new AbortController();
  const request: Loose = locks.request.bind(locks) as Loose;
  const given: unknown[][] = [
    ['-', never],
    ['-foo', never],
    ['-foo', { mode: 'shared' }, never],
    ['a', { steal: true, ifAvailable: true }, never],
    ['a', { steal: true, mode: 'shared' }, never],
    ['a', { steal: true, signal }, never],
    ['a', { ifAvailable: true, signal }, never],
    ['a', { steal: true, timeoutMs: 1 }, never],
    ['a', { ifAvailable: true, timeoutMs: 1 }, never],
  ];
  for (const each of given) {
    const reason = await reasonOf(request(...each));
    assert.ok(reason instanceof DOMException, String(reason));
    assert.equal(reason.name, 'NotSupportedError');
  }
  // Types come before meaning.
  assert.ok((await reasonOf(request('-', { mode: 'x' }, never))) instanceof TypeError);
  assert.ok((await reasonOf(request('-', {}, 'no function'))) instanceof TypeError);
  const aborted = AbortSignal.abort('why');
  const both = await reasonOf(request('a', { steal: true, signal: aborted }, never));
  assert.equal(both.name, 'NotSupportedError');
  assert.equal(await request('x-', () => 'allowed'), 'allowed');
});

test('a LockManager opens nothing before it is used, and says at once what cannot be a space', async (t) => {
  const space = uniqueName();
  const manager = new LockManager({ space });
  assert.equal(manager.space, space);
  assert.equal(Object.prototype.toString.call(manager), '[object LockManager]');
  assert.equal(
    codeOf(() => new LockManager({ space: 'a/b' })),
    'ERR_MEMSPAN_INVALID_NAME',
  );
  assert.equal(
    codeOf(() => new LockManager({ space: 5 as never })),
    'ERR_MEMSPAN_INVALID_ARGUMENT',
  );
  assert.equal(
    codeOf(() => new LockManager({ as: '' })),
    'ERR_MEMSPAN_INVALID_ARGUMENT',
  );
  assert.equal(
    codeOf(() => new LockManager(null as never)),
    'ERR_MEMSPAN_INVALID_ARGUMENT',
  );
  assert.equal(new LockManager().space, `memspan.locks.${process.geteuid?.()}`);
  manager.close();
  assert.equal((await reasonOf(manager.request('a', never))).code, 'ERR_MEMSPAN_CLOSED');
  assert.equal((await reasonOf(manager.query())).code, 'ERR_MEMSPAN_CLOSED');
  assert.equal(
    codeOf(() => manager.clientId),
    'ERR_MEMSPAN_CLOSED',
  );
  const open = managerFor(t);
  assert.match(open.clientId, /^\d+-\d+-\d+$/);
  assert.equal(open.clientId.split('-')[0], `${process.pid}`);
});

test('close rejects what is pending, and gives up what is held, of this LockManager alone', async (t) => {
  const manager = managerFor(t);
  const other = managerFor(t, manager.space);
  const held = await hold(manager, 'a');
  const pending = hold(manager, 'a');
  const others = hold(other, 'a');
  const called: unknown[] = [];
  const granted = manager.request('b', (lock) => called.push(lock));
  manager.close();
  manager.close();
  assert.equal((await reasonOf(pending)).code, 'ERR_MEMSPAN_CLOSED');
  assert.equal((await reasonOf(granted)).code, 'ERR_MEMSPAN_CLOSED');
  (await others).release();
  held.release('goes on');
  assert.equal(await held.done, 'goes on');
  assert.deepEqual(called, []);
  assert.deepEqual(await other.query(), { held: [], pending: [] });
});
