// The place of a newest value's next value, while its writer fills it.

import { outOfRange } from '../errors.ts';

/** How a loan asks its writer. */
export interface Lender<V> {
  readonly bytes: Uint8Array;
  readonly view: () => V;
  /** Throws when the loan has ended. */
  check(operation: string): void;
  /** Undefined: it is given back. */
  end(length: number | undefined): void;
}

/** What it has given is not to be written to after its end: others may be reading there then. */
export class LatestLoan<V> implements Disposable {
  readonly #lender: Lender<V>;

  /** Made by `writer.claim()`. */
  constructor(lender: Lender<V>) {
    this.#lender = lender;
  }

  /** All bytes that a value may have, in shared memory. Throws `ERR_MEMSPAN_NOT_HELD`, `ERR_MEMSPAN_CLOSED` after its end. */
  get bytes(): Uint8Array {
    this.#lender.check('loan.bytes');
    return this.#lender.bytes;
  }

  /** The value in place: the layout's view, or the bytes. Throws likewise; a TypeError for a layout of a single value (`view`). */
  get value(): V {
    this.#lender.check('loan.value');
    return this.#lender.view();
  }

  /**
   * Publishes what was filled in: the first `length` bytes, default all. With a layout all it is. Throws RangeError,
   * `ERR_MEMSPAN_NOT_HELD` when the loan has ended, `ERR_MEMSPAN_CLOSED`.
   */
  commit(length: number = this.#lender.bytes.length): void {
    const most = this.#lender.bytes.length;
    if (!Number.isInteger(length) || length < 0 || length > most) {
      throw outOfRange(`loan.commit: length is from 0 to ${most} bytes, not ${length}`);
    }
    this.#lender.end(length);
  }

  /** Gives it back; nothing is published. Harmless after its end. */
  abort(): void {
    this.#lender.end(undefined);
  }

  [Symbol.dispose](): void {
    this.abort();
  }
}
