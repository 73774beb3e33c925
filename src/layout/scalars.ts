// The layouts of single values: numbers, truth, and words for Atomics.

import { type AtomicName, type Layout, makeLayout, type NumberName } from './layout.ts';

/** An integer from 0 to 255. */
export const u8: Layout<number, number> = number('u8');
/** An integer from −128 to 127. */
export const i8: Layout<number, number> = number('i8');
/** An integer from 0 to 65,535. */
export const u16: Layout<number, number> = number('u16');
/** An integer from −32,768 to 32,767. */
export const i16: Layout<number, number> = number('i16');
/** An integer from 0 to 2^32 − 1. */
export const u32: Layout<number, number> = number('u32');
/** An integer from −2^31 to 2^31 − 1. */
export const i32: Layout<number, number> = number('i32');
/** A bigint from 0 to 2^64 − 1. */
export const u64: Layout<bigint, bigint> = number('u64');
/** A bigint from −2^63 to 2^63 − 1. */
export const i64: Layout<bigint, bigint> = number('i64');
/** A number, rounded to C's `float`. */
export const f32: Layout<number, number> = number('f32');
/** A number; C's `double`. */
export const f64: Layout<number, number> = number('f64');
/** One byte: 0 is false, everything else true; 1 is what is written. */
export const bool: Layout<boolean, boolean> = makeLayout({ kind: 'bool' }, 1, 1);

/**
 * Integers for `Atomics`, `wait` and `notify`: their view is a typed array of one element, the integer in place, as those
 * take it: `Atomics.add(stats.count, 0, 1)`, `wait(stats.ready, 0, 0)` (of an `i32` or `i64`). `read` and `write` treat
 * them as plain numbers, and so are no atomic operations.
 */
export const atomic: {
  readonly u8: Layout<number, Uint8Array>;
  readonly i8: Layout<number, Int8Array>;
  readonly u16: Layout<number, Uint16Array>;
  readonly i16: Layout<number, Int16Array>;
  readonly u32: Layout<number, Uint32Array>;
  readonly i32: Layout<number, Int32Array>;
  readonly u64: Layout<bigint, BigUint64Array>;
  readonly i64: Layout<bigint, BigInt64Array>;
} = {
  u8: word('u8'),
  i8: word('i8'),
  u16: word('u16'),
  i16: word('i16'),
  u32: word('u32'),
  i32: word('i32'),
  u64: word('u64'),
  i64: word('i64'),
};

/** The numbers by name. @internal */
export const numbers: Readonly<Record<NumberName, Layout>> = {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  u64,
  i64,
  f32,
  f64,
};

function number<Value>(name: NumberName): Layout<Value, Value> {
  const size = Number(name.slice(1)) / 8;
  return makeLayout({ kind: 'number', name }, size, size);
}

function word<Value, View>(name: AtomicName): Layout<Value, View> {
  const size = Number(name.slice(1)) / 8;
  return makeLayout({ kind: 'atomic', name }, size, size);
}

/** The least and the greatest value of an integer. @internal */
export function limitsOf(name: NumberName): { readonly min: bigint; readonly max: bigint } {
  const bits = BigInt(name.slice(1));
  return name.startsWith('u')
    ? { min: 0n, max: 2n ** bits - 1n }
    : { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n };
}
