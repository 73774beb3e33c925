// Arrays in place: what a view gives for an array of a layout.

import { outOfRange } from '../errors.ts';

/** The elements of an array in memory. Reading one reads the memory, again each time. */
export abstract class Elements<View, Value> implements Iterable<View> {
  /** How many there are. */
  abstract readonly length: number;

  /**
   * A number, text or other single value as it is now; of a struct, union, bitfield, bytes or array a view.
   *
   * @throws RangeError unless 0 ≤ index < length.
   */
  abstract get(index: number): View;

  /**
   * Writes an element from a plain value. Numbers wrap and round as in typed arrays; all else is checked as `write` does.
   *
   * @throws RangeError unless 0 ≤ index < length.
   */
  abstract set(index: number, value: Value): void;

  /** Each element in turn, as `get` returns it. */
  [Symbol.iterator](): IterableIterator<View> {
    let index = 0;
    const iterator: IterableIterator<View> = {
      next: () =>
        index < this.length
          ? { value: this.get(index++), done: false }
          : { value: undefined, done: true },
      [Symbol.iterator]: () => iterator,
    };
    return iterator;
  }

  /** @internal */
  protected refuse(index: number): never {
    throw outOfRange(`index ${index} is not an integer from 0 to ${this.length - 1}`);
  }
}

/** The typed array whose elements those numbers are. */
export type TypedArrayOf<N> = N extends bigint
  ? BigInt64Array | BigUint64Array
  :
      | Uint8Array
      | Int8Array
      | Uint16Array
      | Int16Array
      | Uint32Array
      | Int32Array
      | Float32Array
      | Float64Array;

/** The numbers of an array in memory. */
export abstract class NumberElements<N> extends Elements<N, N> {
  /** The same numbers as a typed array over the same memory; a new one each time. */
  abstract readonly typed: TypedArrayOf<N>;
}
