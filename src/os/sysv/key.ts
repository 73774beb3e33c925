// Keys: what programs agree on to find an object (key_t).

import { integerOf } from '../arguments.ts';

/** A key_t is an int; written as an unsigned number it means the same bits, as in C. */
export function keyOf(key: unknown, call: string): number {
  return integerOf(key, 'key', call, -(2 ** 31), 2 ** 32 - 1) | 0;
}

/** As ipcs prints it. */
export function nameOfKey(key: number): string {
  return `key 0x${(key >>> 0).toString(16).padStart(8, '0')}`;
}
