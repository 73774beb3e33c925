// What every wrapper asks of its arguments before any system call: TypeError for a wrong type, RangeError for a wrong
// number.

import { invalidArgument, outOfRange } from '../errors.ts';

export function stringOf(value: unknown, what: string, call: string): string {
  if (typeof value !== 'string') throw invalidArgument(`${call}: ${what} is a string`);
  // C would see the part before it.
  if (value.includes('\0')) throw invalidArgument(`${call}: ${what} has a zero byte`);
  return value;
}

/** An integer from `min` to `max`, both included. */
export function integerOf(
  value: unknown,
  what: string,
  call: string,
  min: number = -(2 ** 31),
  max: number = 2 ** 31 - 1,
): number {
  if (typeof value !== 'number') throw invalidArgument(`${call}: ${what} is a number`);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(`${call}: ${what} is an integer from ${min} to ${max}, not ${value}`);
  }
  return value;
}

/** `unsigned int`. */
export function unsignedOf(value: unknown, what: string, call: string): number {
  return integerOf(value, what, call, 0, 2 ** 32 - 1);
}

/** `off_t`: bytes, as a number or, beyond 2^53, as a bigint. */
export function offsetOf(value: unknown, what: string, call: string): bigint {
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw invalidArgument(`${call}: ${what} is a number or bigint of bytes`);
  }
  const isExact = typeof value === 'bigint' || Number.isSafeInteger(value);
  if (!isExact || value < 0 || value >= 2n ** 63n) {
    throw outOfRange(
      `${call}: ${what} is an integer from 0 to 2^53 - 1, or a bigint to 2^63 - 1, not ${value}`,
    );
  }
  return BigInt(value);
}

/** `size_t`: bytes of memory. */
export function lengthOf(value: unknown, what: string, call: string): number {
  return integerOf(value, what, call, 0, Number.MAX_SAFE_INTEGER);
}

/** Options as a plain object; `names` are all that there can be. */
export function optionsOf<T extends object>(
  value: unknown,
  names: readonly string[],
  call: string,
): Partial<T> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object') throw invalidArgument(`${call}: attributes are an object`);
  const stranger = Object.keys(value).find((name) => !names.includes(name));
  if (stranger !== undefined) {
    throw invalidArgument(`${call}: no attribute "${stranger}"; there are ${names.join(', ')}`);
  }
  return value;
}
