// The layouts of single values: numbers and truth.

import { type Layout, makeLayout, type NumberName } from './layout.ts';

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

/** The least and the greatest value of an integer. @internal */
export function limitsOf(name: NumberName): { readonly min: bigint; readonly max: bigint } {
  const bits = BigInt(name.slice(1));
  return name.startsWith('u')
    ? { min: 0n, max: 2n ** bits - 1n }
    : { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n };
}
