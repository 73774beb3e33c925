// Messages in place: one that is being written (a claim), one that is being read.
//
// JavaScript cannot take a view back: who keeps `bytes` or `value` beyond the end of a loan sees, or overwrites, other messages.

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { view } from '../layout/view.ts';
import type { OpenLoan } from './ring-end.ts';

class InPlace<V> {
  readonly #layout: Layout | undefined;
  #bytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array, layout: Layout | undefined) {
    this.#bytes = bytes;
    this.#layout = layout;
  }

  /** The message's bytes in shared memory. Throws `ERR_MEMSPAN_CLOSED` when the loan has ended. */
  get bytes(): Uint8Array {
    if (this.#bytes !== undefined) return this.#bytes;
    throw new MemspanError('ERR_MEMSPAN_CLOSED', {
      operation: 'loan.bytes',
      cause: 'this loan has ended',
      remedy: 'Use a message in place before it is committed, aborted or released',
    });
  }

  /** The same as a view of the ring's layout; without one, `bytes`. Throws TypeError for a layout of a single value. */
  get value(): V {
    const { bytes } = this;
    return (this.#layout === undefined ? bytes : view(this.#layout, bytes)) as V;
  }

  /** Whether it had not ended yet. @internal */
  protected end(): boolean {
    const wasOpen = this.#bytes !== undefined;
    this.#bytes = undefined;
    return wasOpen;
  }
}

/** What becomes of a claim; `undefined` for one that is aborted. */
type Finish = (claim: OpenLoan, length: number | undefined) => void;

/** A place for a message, not yet published. It holds what was there before: fill all of it. */
export class RingClaim<V = Uint8Array> extends InPlace<V> implements OpenLoan, Disposable {
  /** @internal */
  readonly name: string = 'a claim that is neither committed nor aborted';
  /** Bytes. */
  readonly length: number;
  readonly #isFixed: boolean;
  readonly #finish: Finish;

  /** Made by `writer.claim()`. */
  constructor(bytes: Uint8Array, layout: Layout | undefined, finish: Finish) {
    super(bytes, layout);
    this.length = bytes.length;
    this.#isFixed = layout !== undefined;
    this.#finish = finish;
  }

  /**
   * Publishes the message, or the first `length` bytes of it, and ends the loan. Throws, and leaves it open, RangeError for
   * more than was claimed; `ERR_MEMSPAN_PEER_CLOSED` when the reader has closed, and the loan is aborted then;
   * `ERR_MEMSPAN_CLOSED` when it has ended.
   */
  commit(length: number = this.length): void {
    if (typeof length !== 'number') throw invalidArgument('commit takes a number of bytes');
    const least = this.#isFixed ? this.length : 0;
    if (!Number.isInteger(length) || length < least || length > this.length) {
      throw outOfRange(`commit: a whole number from ${least} to ${this.length}, not ${length}`);
    }
    void this.bytes;
    this.end();
    this.#finish(this, length);
  }

  /** Ends the loan, as if nothing had been claimed. Again, or after commit, is harmless. */
  abort(): void {
    if (this.end()) this.#finish(this, undefined);
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  /** @internal */
  drop(): void {
    this.end();
  }
}

/** A message that is taken and still in its place. */
export class RingMessage<V = Uint8Array> extends InPlace<V> implements OpenLoan, Disposable {
  /** @internal */
  readonly name: string = 'a message that is not released';
  readonly #finish: (message: OpenLoan) => void;

  /** Made by `reader.take()`. */
  constructor(bytes: Uint8Array, layout: Layout | undefined, finish: (message: OpenLoan) => void) {
    super(bytes, layout);
    this.#finish = finish;
  }

  /** Gives its place back to the writer. Again is harmless. */
  release(): void {
    if (this.end()) this.#finish(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal */
  drop(): void {
    this.end();
  }
}
