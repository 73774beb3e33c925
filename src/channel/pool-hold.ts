// A chunk that somebody has: to fill it as a writer (`Loan`), or to read it as a reader (`Taken`).

import { invalidArgument, type MemspanError, outOfRange } from '../errors.ts';
import type { Holds } from './pool-leaks.ts';
import type { PoolState } from './pool-state.ts';

/** How many bytes a message can have. */
export interface Lengths {
  readonly min: number;
  readonly max: number;
}

/** The end that it belongs to. */
interface End<V> {
  readonly lengths: Lengths;
  readonly holds: Holds;
  readonly state: PoolState;
  viewOf(chunk: number): V;
  givenBack(operation: string): MemspanError;
}

interface LoaningEnd<V> extends End<V> {
  publish(chunk: number, length: number): number;
  abort(chunk: number): void;
}

interface TakingEnd<V> extends End<V> {
  release(chunk: number): void;
}

/**
 * A chunk in place. Its memory may be used until the chunk is given back, by whichever way: a Uint8Array that is kept after
 * that (it cannot be detached) shows, and changes, what others have there.
 */
abstract class Hold<V> implements Disposable {
  /** The number of the chunk in its pool, from 0. */
  readonly chunk: number;
  /** Bytes: of `bytes`. */
  readonly length: number;
  readonly #end: End<V>;
  readonly #turn: number;

  /** @internal */
  protected constructor(end: End<V>, chunk: number, length: number) {
    this.#end = end;
    this.chunk = chunk;
    this.length = length;
    this.#turn = end.holds.begin(chunk);
    end.holds.trace(chunk, this);
  }

  /** Whether the chunk is this one's still. */
  get held(): boolean {
    return this.#end.holds.isHeld(this.chunk, this.#turn);
  }

  /** The memory itself, shared. Throws `ERR_MEMSPAN_CLOSED` when the chunk was given back, or the span was closed. */
  get bytes(): Uint8Array {
    this.check('bytes');
    return this.#end.state.bytesOf(this.chunk, this.length);
  }

  /**
   * The same memory as plain bytes (of `segment.bulk`): `fill`, `set` and copies are several times faster there than in
   * shared memory, and web APIs take it. Throws as `bytes` does, and `ERR_MEMSPAN_UNSUPPORTED` in a span of more than
   * 4 GiB on Node 20.
   */
  get plainBytes(): Uint8Array {
    this.check('plainBytes');
    return this.#end.state.plainBytesOf(this.chunk, this.length);
  }

  /** The memory as a view of the pool's layout; undefined in a pool of bytes. Throws as `bytes` does. */
  get value(): V {
    this.check('value');
    return this.#end.viewOf(this.chunk);
  }

  /** @internal */
  protected check(operation: string): void {
    if (!this.held) throw this.#end.givenBack(operation);
  }

  abstract [Symbol.dispose](): void;
}

/** A chunk to fill. `using` gives back what was not published. */
export class Loan<V = undefined> extends Hold<V> {
  readonly #end: LoaningEnd<V>;

  /** @internal */
  constructor(end: LoaningEnd<V>, chunk: number, length: number) {
    super(end, chunk, length);
    this.#end = end;
  }

  /**
   * Hands it to all readers there are, and wakes those who wait; how many there are. 0: nobody listens, and the chunk is free
   * again. One that has died this very moment may be counted. `length`, in bytes, is what they see as `bytes`: from 0 to
   * the pool's chunkSize, by default that of the loan; with a layout it is the layout's. Throws `ERR_MEMSPAN_CLOSED` when the chunk was given back.
   */
  publish(length: number = this.length): number {
    const operation = 'loan.publish';
    this.check(operation);
    checkLength(length, this.#end.lengths, operation);
    this.#end.holds.end(this.chunk);
    return this.#end.publish(this.chunk, length);
  }

  /** Gives it back unpublished. Again, and after publish, is harmless. */
  abort(): void {
    if (!this.held) return;
    this.#end.holds.end(this.chunk);
    this.#end.abort(this.chunk);
  }

  [Symbol.dispose](): void {
    this.abort();
  }
}

/** A message in place. `using` releases it. */
export class Taken<V = undefined> extends Hold<V> {
  /**
   * Its number among all that was published in the pool, modulo 2^32. It grows from each message of a writer to the
   * next; of several writers, a later one may come first.
   */
  readonly sequence: number;
  readonly #end: TakingEnd<V>;

  /** @internal */
  constructor(end: TakingEnd<V>, chunk: number, length: number, sequence: number) {
    super(end, chunk, length);
    this.sequence = sequence;
    this.#end = end;
  }

  /** Gives the chunk back; it is free when all its readers have. Again is harmless. */
  release(): void {
    if (!this.held) return;
    this.#end.holds.end(this.chunk);
    this.#end.release(this.chunk);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Throws RangeError with both numbers. */
export function checkLength(length: unknown, { min, max }: Lengths, operation: string): void {
  if (typeof length !== 'number') {
    throw invalidArgument(`${operation}: a length is a number of bytes, not ${typeof length}`);
  }
  if (Number.isInteger(length) && length >= min && length <= max) return;
  throw outOfRange(
    min === max
      ? `${operation}: a message of this layout has ${max} bytes, not ${length}`
      : `${operation}: a chunk of this pool has ${max} bytes, not ${length}`,
  );
}
