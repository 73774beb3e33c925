// Messages of a broadcast in place: what the writer fills before it is sent, and what a reader reads before it is overwritten.

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { view } from '../layout/view.ts';

/** Where a message is to be filled. */
export interface ClaimPlace {
  readonly bytes: Uint8Array;
  readonly isInPlace: boolean;
}

/** A place for a message. `using` aborts what was not committed. */
export class BroadcastClaim<V> implements Disposable {
  /** To be filled; whatever was there before is in it. */
  readonly bytes: Uint8Array;
  readonly #layout: Layout | undefined;
  #settle: ((bytes: Uint8Array | null) => void) | undefined;
  #value: V | undefined;

  /** @internal */
  constructor(
    { bytes }: ClaimPlace,
    layout: Layout | undefined,
    settle: (bytes: Uint8Array | null) => void,
  ) {
    this.bytes = bytes;
    this.#layout = layout;
    this.#settle = settle;
  }

  /** The same as the layout has it, in place; without a layout, `bytes`. */
  get value(): V {
    this.#value ??= valueIn<V>(this.#layout, this.bytes);
    return this.#value;
  }

  /** Sends it: all of it, or its first `length` bytes. Throws `ERR_MEMSPAN_CLOSED`; `ERR_MEMSPAN_NOT_HELD` when it was settled before. */
  commit(length: number = this.bytes.length): void {
    if (typeof length !== 'number') throw invalidArgument('commit takes a number of bytes');
    const least = this.#layout === undefined ? 0 : this.bytes.length;
    if (!Number.isInteger(length) || length < least || length > this.bytes.length) {
      throw outOfRange(`commit takes from ${least} to ${this.bytes.length} bytes, not ${length}`);
    }
    const settle = this.#settle;
    if (settle === undefined) {
      throw new MemspanError('ERR_MEMSPAN_NOT_HELD', {
        operation: 'commit',
        cause: 'it was committed or aborted before',
        remedy: 'Claim another place for another message',
      });
    }
    this.#settle = undefined;
    settle(length === this.bytes.length ? this.bytes : this.bytes.subarray(0, length));
  }

  /** Sends nothing. Again, or after commit, is harmless. */
  abort(): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(null);
  }

  [Symbol.dispose](): void {
    this.abort();
  }
}

/** A message where it is; nothing overwrites it before `release`. `using` releases. */
export class BroadcastLoan<V> implements Disposable {
  /** In shared memory; a copy where it runs over the data's end. Not to be written to: others read it, too. */
  readonly bytes: Uint8Array;
  readonly #layout: Layout | undefined;
  #release: (() => void) | undefined;
  #value: V | undefined;

  /** @internal */
  constructor(bytes: Uint8Array, layout: Layout | undefined, release: () => void) {
    this.bytes = bytes;
    this.#layout = layout;
    this.#release = release;
  }

  /** The same as the layout has it, in place; without a layout, `bytes`. */
  get value(): V {
    this.#value ??= valueIn<V>(this.#layout, this.bytes);
    return this.#value;
  }

  /** Makes room for others: what `bytes` shows from then on is anything. Again is harmless. */
  release(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

function valueIn<V>(layout: Layout | undefined, bytes: Uint8Array): V {
  return (layout === undefined ? bytes : view(layout, bytes)) as V;
}
