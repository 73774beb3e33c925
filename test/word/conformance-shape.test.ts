// wait, waitAsync and notify as function objects, and waitAsync's result object: ECMA-262's rules for built-in
// functions and CreateDataPropertyOrThrow. (test262: descriptor, is-function, length, name, not-a-constructor,
// returns-result-object-…)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notify, wait, waitAsync } from '../../src/index.ts';

const functions = { wait, waitAsync, notify };
const lengths = { wait: 4, waitAsync: 4, notify: 3 };
const fixed = { writable: false, enumerable: false, configurable: true };

for (const [name, value] of Object.entries(functions)) {
  test(`${name} is an ordinary function called "${name}"`, () => {
    assert.equal(typeof value, 'function');
    assert.equal(Object.getPrototypeOf(value), Function.prototype);
    assert.deepEqual(Object.getOwnPropertyDescriptor(value, 'name'), { value: name, ...fixed });
  });

  test(`${name}.length is ${lengths[name as keyof typeof lengths]}`, () => {
    const length = lengths[name as keyof typeof lengths];
    assert.deepEqual(Object.getOwnPropertyDescriptor(value, 'length'), { value: length, ...fixed });
  });

  test(`${name} is no constructor and has no prototype`, () => {
    const view = new Int32Array(new SharedArrayBuffer(8));
    assert.throws(() => Reflect.construct(value, [view]), TypeError);
    assert.throws(() => Reflect.construct(Object, [], value as never), TypeError);
    assert.equal(Object.hasOwn(value, 'prototype'), false);
  });
}

const view = new Int32Array(new SharedArrayBuffer(8));

/** Own, enumerable, writable and configurable: `async`, then `value`, and nothing else. */
function assertShape(result: object, async: boolean, value: unknown): void {
  assert.equal(Object.getPrototypeOf(result), Object.prototype);
  assert.deepEqual(Reflect.ownKeys(result), ['async', 'value']);
  const plain = { writable: true, enumerable: true, configurable: true };
  assert.deepEqual(Object.getOwnPropertyDescriptors(result), {
    async: { value: async, ...plain },
    value: { value, ...plain },
  });
}

test("waitAsync's result for another value: {async: false, value: 'not-equal'}", () => {
  assertShape(waitAsync(view, 0, 1), false, 'not-equal');
  assertShape(waitAsync(view, 0, 1, 0), false, 'not-equal');
});

test("waitAsync's result for no time: {async: false, value: 'timed-out'}", () => {
  assertShape(waitAsync(view, 0, 0, 0), false, 'timed-out');
});

test("waitAsync's result otherwise: {async: true, value: a promise that resolves to 'ok'}", async () => {
  const result = waitAsync(view, 0, 0, 60_000);
  assertShape(result, true, result.value);
  assert.ok(result.value instanceof Promise);
  assert.equal(Object.getPrototypeOf(result.value), Promise.prototype);
  Atomics.add(view, 0, 1);
  assert.equal(notify(view, 0, 1), 1);
  assert.equal(await result.value, 'ok');
  Atomics.store(view, 0, 0);
});

test("or to 'timed-out'", async () => {
  const result = waitAsync(view, 0, 0, 1);
  assertShape(result, true, result.value);
  assert.equal(await result.value, 'timed-out');
});

test('what is wrong with an argument is thrown, not rejected', () => {
  assert.throws(() => waitAsync(new Int16Array(4) as never, 0, 0), TypeError);
  assert.throws(() => waitAsync(view, 2, 0), RangeError);
});

test('a signal that is no AbortSignal is refused before anything waits', () => {
  for (const signal of [null, 1, 'abort', {}, new Function('return 0')]) {
    const refused = { name: 'TypeError', code: 'ERR_MEMSPAN_INVALID_ARGUMENT' };
    assert.throws(() => waitAsync(view, 0, 0, 1000, { signal: signal as never }), refused);
  }
  assert.equal(notify(view, 0), 0);
});
