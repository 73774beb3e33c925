// Claims about value, timeout and count (ECMA-262, ToInt32, ToBigInt64, ToNumber, ToIntegerOrInfinity; DoWait).
import assert from 'node:assert/strict';
import {
  type Call,
  type Claim,
  calls,
  type Kind,
  kinds,
  objectsOf,
  Poison,
  poison,
  poisons,
  put,
  show,
  unnumbers,
  waits,
} from './claims.ts';

const MAX = 2 ** 31 - 1;
const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: NOT_A_NUMBER } = Number;

const zeros32 = [0.9, -0.9, -0, '0', '', null, undefined, NOT_A_NUMBER, {}, 'x', POSITIVE_INFINITY];
const same32: [value: unknown, element: number][] = [
  ...[...zeros32, 2 ** 32, 2 ** 53, false].map((value): [unknown, number] => [value, 0]),
  ...[1, 1.9, '1', true, [1], 2 ** 32 + 1, ...objectsOf(1)].map((v): [unknown, number] => [v, 1]),
  ...[-1, -1.5, 2 ** 32 - 1].map((value): [unknown, number] => [value, -1]),
  [2 ** 31, -MAX - 1],
  ['0x7fffffff', MAX],
  [251.4, 251],
];
const same64: [value: unknown, element: bigint][] = [
  ...[false, '', '0', 2n ** 64n, [], ...objectsOf(0n)].map((v): [unknown, bigint] => [v, 0n]),
  ...[1n, '1', true, 2n ** 64n + 1n, ['1'], ...objectsOf('1')].map((v): [unknown, bigint] => [
    v,
    1n,
  ]),
  [-1n, -1n],
  [2n ** 64n - 1n, -1n],
  [2n ** 63n, -(2n ** 63n)],
  ['0x100000000', 2n ** 32n],
  [0x1234_5678_9abc_def0n, 0x1234_5678_9abc_def0n],
];

export function claimValues(claim: Claim): void {
  for (const [name, call] of Object.entries(waits)) {
    claimConversions(claim, name, call);
    for (const kind of kinds) claimTimeouts(claim, name, call, kind);
  }
  for (const { name, make } of kinds) {
    claim(`notify, ${name}: what the count throws is passed on`, (buffer) => {
      const notify = calls.notify as Call;
      for (const count of poisons) assert.throws(() => notify(make(buffer), 0, count), Poison);
      for (const count of unnumbers) assert.throws(() => notify(make(buffer), 0, count), TypeError);
    });
  }
}

function claimConversions(claim: Claim, name: string, call: Call): void {
  claim(`${name}, Int32Array: the value is converted as ToInt32 does`, (buffer) => {
    const view = new Int32Array(buffer, 0, 4);
    for (const [value, element] of same32) {
      view[0] = element;
      assert.equal(call(view, 0, value, 0), 'timed-out', show(value));
      view[0] = element ^ 1;
      assert.equal(call(view, 0, value, 0), 'not-equal', show(value));
    }
    for (const value of unnumbers) assert.throws(() => call(view, 0, value, poison), TypeError);
  });

  claim(
    `${name}, BigInt64Array: the value is converted as ToBigInt64 does, all 64 bits`,
    (buffer) => {
      const view = new BigInt64Array(buffer, 0, 4);
      for (const [value, element] of same64) {
        view[0] = element;
        assert.equal(call(view, 0, value, 0), 'timed-out', show(value));
        for (const bit of [0n, 31n, 32n, 63n]) {
          view[0] = element ^ (1n << bit);
          assert.equal(call(view, 0, value, 0), 'not-equal', show(value));
        }
      }
      const no = [0, 1.5, undefined, null, NOT_A_NUMBER, Symbol('1'), ...objectsOf(1)];
      for (const value of [...no, Object.create(null)]) {
        assert.throws(() => call(view, 0, value, poison), TypeError, show(value));
      }
      assert.throws(() => call(view, 0, '1.5', poison), SyntaxError);
    },
  );
}

function claimTimeouts(claim: Claim, name: string, call: Call, kind: Kind): void {
  const [zero, other] = [kind.of(0), kind.of(42)];

  claim(
    `${name}, ${kind.name}: what the value throws is passed on, before the timeout`,
    (buffer) => {
      const view = kind.make(buffer, 0, 4);
      for (const value of poisons) assert.throws(() => call(view, 0, value, Symbol('1')), Poison);
    },
  );

  claim(
    `${name}, ${kind.name}: the timeout is converted even if the value is another`,
    (buffer) => {
      const view = kind.make(buffer, 0, 4);
      put(view, 0, zero);
      for (const value of [zero, other]) {
        for (const timeout of poisons) assert.throws(() => call(view, 0, value, timeout), Poison);
        for (const timeout of unnumbers) {
          assert.throws(() => call(view, 0, value, timeout), TypeError, show(timeout));
        }
      }
    },
  );

  claim(
    `${name}, ${kind.name}, a timeout of 0 or less: 'timed-out' at once, or 'not-equal'`,
    (buffer) => {
      const view = kind.make(buffer, 0, 4);
      put(view, 0, zero);
      const none = [0, -0, -5, -0.1, NEGATIVE_INFINITY, false, null, '', '0', '-1', []];
      const objects = [0, false, null, '0', -1].flatMap(objectsOf);
      for (const timeout of [...none, ...objects]) {
        assert.equal(call(view, 0, zero, timeout), 'timed-out', show(timeout));
        assert.equal(call(view, 0, other, timeout), 'not-equal', show(timeout));
      }
      assert.equal((calls.notify as Call)(view, 0), 0);
    },
  );

  claim(`${name}, ${kind.name}: 'not-equal' at once, whatever the timeout`, (buffer) => {
    const view = kind.make(buffer, 0, 4);
    put(view, 0, other);
    const timeouts = [undefined, NOT_A_NUMBER, POSITIVE_INFINITY, 1000, 1e300, true, 'text', {}];
    for (const timeout of timeouts) {
      assert.equal(call(view, 0, zero, timeout), 'not-equal', show(timeout));
    }
    assert.equal(call(view, 0, zero), 'not-equal');
    assert.equal((calls.notify as Call)(view, 0), 0);
  });
}
