// What Atomics makes of its arguments before it does anything (ECMA-262, 25.4: ValidateAtomicAccess, ToIntegerOrInfinity,
// and the conversion of the array's elements).

import type { Elements, Value } from './memory.ts';

/** ToIndex, and inside of the array. */
export function indexIn(array: Elements, requested: unknown): number {
  const index = typeof requested === 'number' ? requested : +(requested as number);
  const whole = Math.trunc(index) || 0;
  if (whole >= 0 && whole < array.length) return whole;
  throw new RangeError(`index ${index} is outside of ${array.length} elements`);
}

/** ToIntegerOrInfinity, or ToBigInt for arrays of these. */
export function integerOf(array: Elements, value: unknown): Value {
  if (array instanceof Int32Array && typeof value === 'number' && (value | 0) === value) {
    return value | 0;
  }
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
    return elementOf(array, value as Value);
  }
  const whole = Math.trunc(+(value as number));
  return Number.isNaN(whole) ? 0 : whole + 0;
}

/** The value as an element of that array. */
export function elementOf(array: Elements, value: Value): Value {
  if (array instanceof Int32Array && typeof value === 'number') return value | 0;
  const one = new (array.constructor as new (length: number) => Elements)(1);
  (one as { [index: number]: Value })[0] = value;
  return one[0] as Value;
}

/** Throws for arrays that Atomics does not take. */
export function integers(array: Elements): Elements {
  if (array instanceof Float32Array || array instanceof Float64Array) {
    throw new TypeError('expected an array of integers');
  }
  return array;
}

/** And for those that it does not sleep on. */
export function waitable(array: Elements): Elements {
  if (array instanceof Int32Array || array instanceof BigInt64Array) return array;
  throw new TypeError('expected an Int32Array or a BigInt64Array');
}
