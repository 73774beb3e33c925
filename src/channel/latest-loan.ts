// The place of a newest value's next value, while its writer fills it.

import { outOfRange } from '../errors.ts';

/** Not to be written to after its end: others may be reading there then. */
export class LatestLoan<V> implements Disposable {
  readonly #bytes: Uint8Array;
  readonly #view: () => V;
  readonly #end: (length: number | undefined) => void;

  /** Made by `writer.claim()`. */
  constructor(bytes: Uint8Array, view: () => V, end: (length: number | undefined) => void) {
    this.#bytes = bytes;
    this.#view = view;
    this.#end = end;
  }

  /** All bytes that a value may have, in shared memory. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The value in place: the layout's view, or the bytes. Throws a TypeError for a layout of a single value (`view`). */
  get value(): V {
    return this.#view();
  }

  /**
   * Publishes what was filled in: the first `length` bytes, default all. With a layout all it is. Throws RangeError,
   * `ERR_MEMSPAN_NOT_HELD` when the loan has ended, `ERR_MEMSPAN_CLOSED`.
   */
  commit(length: number = this.#bytes.length): void {
    if (!Number.isInteger(length) || length < 0 || length > this.#bytes.length) {
      throw outOfRange(
        `loan.commit: length is from 0 to ${this.#bytes.length} bytes, not ${length}`,
      );
    }
    this.#end(length);
  }

  /** Gives it back; nothing is published. Harmless after its end. */
  abort(): void {
    this.#end(undefined);
  }

  [Symbol.dispose](): void {
    this.abort();
  }
}
