// Claims about the index, and the order in which the arguments are converted (ECMA-262, ValidateAtomicAccess,
// ToIndex).
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

/** An array that does not begin where its buffer begins. */
const viewOn = (kind: Kind, buffer: SharedArrayBuffer) => kind.make(buffer, 32, 20);

const badIndices = (length: number): unknown[] => [
  ...[-1, '-1', -1.5, length, `${length}`, length + 0.5, 2 * length, length + 100, 2 ** 53, -1e300],
  ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 'Infinity'],
  ...objectsOf(length),
  ...objectsOf(-1),
];

const zeros = [
  0,
  -0,
  '-0',
  undefined,
  Number.NaN,
  0.5,
  '0.5',
  -0.9,
  null,
  false,
  '',
  [],
  {},
  'text',
];
const ones = [
  1,
  '1',
  1.9,
  true,
  '0x1',
  [1],
  ...objectsOf(1),
  ...objectsOf('1'),
  ...objectsOf(true),
];
const goodIndices = (length: number): [index: unknown, at: number][] => [
  ...zeros.map((index): [unknown, number] => [index, 0]),
  ...ones.map((index): [unknown, number] => [index, 1]),
  ...[length - 1, `${length - 1}`, ...objectsOf(length - 1)].map((index): [unknown, number] => [
    index,
    length - 1,
  ]),
];

export function claimIndices(claim: Claim): void {
  for (const kind of kinds) {
    for (const [name, call] of Object.entries(calls)) claimConversion(claim, name, call, kind);
    for (const [name, call] of Object.entries(waits)) {
      claim(`${name}, ${kind.name}: the index is converted as ToIndex does`, (buffer) => {
        const view = viewOn(kind, buffer);
        for (const [index, at] of goodIndices(view.length)) {
          for (let i = 0; i < view.length; i++) put(view, i, kind.of(0));
          put(view, at, kind.of(37));
          assert.equal(call(view, index, kind.of(0), 0), 'not-equal', show(index));
          assert.equal(call(view, index, kind.of(37), 0), 'timed-out', show(index));
        }
      });
    }
  }
}

function claimConversion(claim: Claim, name: string, call: Call, kind: Kind): void {
  claim(
    `${name}, ${kind.name}, bad index: RangeError before value, timeout and count`,
    (buffer) => {
      const view = viewOn(kind, buffer);
      for (const index of badIndices(view.length)) {
        assert.throws(() => call(view, index, poison, poison), RangeError, show(index));
        assert.throws(() => call(view, index, kind.of(0), 0), RangeError, show(index));
      }
    },
  );

  claim(`${name}, ${kind.name}: what the index throws is passed on`, (buffer) => {
    const view = viewOn(kind, buffer);
    for (const index of unnumbers) {
      assert.throws(() => call(view, index, poison, poison), TypeError, show(index));
    }
    for (const index of poisons) assert.throws(() => call(view, index, kind.of(0), 0), Poison);
  });

  claim(`${name}, ${kind.name}: index, then value or count, then timeout, each once`, (buffer) => {
    const order: string[] = [];
    const spy = (argument: string, value: unknown): unknown => ({
      [Symbol.toPrimitive](hint: string) {
        order.push(`${argument} as ${hint}`);
        return value;
      },
    });
    const view = viewOn(kind, buffer);
    put(view, 0, kind.of(37));
    const second = name === 'notify' ? 0 : kind.of(0);
    call(view, spy('first', 0), spy('second', second), spy('third', 0));
    const expected = ['first as number', 'second as number', 'third as number'];
    assert.deepEqual(order, name === 'notify' ? expected.slice(0, 2) : expected);
  });
}
