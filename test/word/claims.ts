// A claim about the arguments of wait, waitAsync and notify that any thread can check without waiting. They are
// tables, not tests, because other processes and workers check them too (test262's …-agent files).
import assert from 'node:assert/strict';
import { notify, wait, waitAsync } from '../../src/index.ts';

export type View = Int32Array | BigInt64Array;
export type Call = (view: unknown, ...args: unknown[]) => unknown;
/** `check` may write to the buffer: 4096 bytes that nobody else uses meanwhile. */
export type Claim = (title: string, check: (buffer: SharedArrayBuffer) => unknown) => void;

/** One of the two kinds of array that can be waited on. */
export interface Kind {
  readonly name: 'Int32Array' | 'BigInt64Array';
  make(buffer: ArrayBufferLike, offset?: number, length?: number): View;
  /** A number as an element of it. */
  of(value: number): number | bigint;
}

export const kinds: readonly Kind[] = [
  { name: 'Int32Array', make: (...args) => new Int32Array(...args), of: (value) => value },
  { name: 'BigInt64Array', make: (...args) => new BigInt64Array(...args), of: BigInt },
];

export function put(view: View, index: number, value: number | bigint): void {
  (view as Record<number, number | bigint>)[index] = value;
}

/** Both forms of waiting. The claims never wait: the answer is there at once. */
export const waits: Readonly<Record<string, Call>> = {
  wait: wait as Call,
  waitAsync(...args) {
    const result = (waitAsync as Call)(...args) as ReturnType<typeof waitAsync>;
    assert.equal(result.async, false);
    return result.value;
  },
};

export const calls: Readonly<Record<string, Call>> = { ...waits, notify: notify as Call };

export class Poison extends Error {}

function spill(): never {
  throw new Poison();
}

/** Throws Poison when it is converted. */
export const poison: unknown = { valueOf: spill };
/** The same, in each way there is. */
export const poisons: readonly unknown[] = [
  poison,
  { toString: spill, valueOf: false },
  { [Symbol.toPrimitive]: spill },
];
/** What no conversion to a number takes. */
export const unnumbers: readonly unknown[] = [
  Symbol('1'),
  0n,
  Object.create(null),
  { valueOf: false, toString: false },
  { [Symbol.toPrimitive]: () => ({}) },
  ...objectsOf(Symbol('1')),
];

/** Objects that convert to this primitive, in each way there is. */
export function objectsOf(primitive: unknown): unknown[] {
  return [
    { valueOf: () => primitive },
    { toString: () => primitive, valueOf: false },
    { [Symbol.toPrimitive]: () => primitive },
  ];
}

/** For messages: what a case was. */
export function show(value: unknown): string {
  return Array.isArray(value) ? `[${value}]` : typeof value === 'object' ? 'object' : String(value);
}
