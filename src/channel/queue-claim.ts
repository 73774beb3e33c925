// A place for a message that a writer fills in shared memory.

import { outOfRange } from '../errors.ts';
import type { EndOf } from './queue-end.ts';
import { notHeld, tooLong } from './queue-errors.ts';
import type { QueueTail } from './queue-tail.ts';

interface ClaimFacts<S> {
  readonly of: EndOf<unknown, S>;
  readonly tail: QueueTail;
  readonly index: number;
  readonly lap: number;
  readonly length: number;
  /** Called once, when it is committed or aborted. */
  left(): void;
}

/** Ends with `commit()`, `abort()`, or `using`, which aborts what was not committed. */
export class QueueClaim<S, V = unknown> implements Disposable {
  readonly #facts: ClaimFacts<S>;
  #fate: 'committed' | 'aborted' | undefined;

  /** @internal */
  constructor(facts: ClaimFacts<S>) {
    this.#facts = facts;
  }

  /** False once it was committed or aborted. */
  get held(): boolean {
    return this.#fate === undefined;
  }

  /**
   * The bytes to fill, in shared memory; whatever was there before is still in them. Not to be touched after `commit`. Throws
   * `ERR_MEMSPAN_NOT_HELD` then.
   */
  get bytes(): Uint8Array {
    const { of, index, length } = this.#held('claim.bytes');
    const at = of.memory.payloadAt(index);
    return of.memory.bytes.subarray(at, at + length);
  }

  /** The message in place: the layout's view, or the bytes. Throws a TypeError for a layout of a single value (`view`). */
  get value(): V {
    const { of, index } = this.#held('claim.value');
    return (
      of.codec.layout === undefined ? this.bytes : of.memory.viewOf(of.codec.layout, index)
    ) as V;
  }

  /**
   * Sends the first `length` bytes of it; default: all of it. Throws RangeError for more than were claimed,
   * `ERR_MEMSPAN_NOT_HELD` when it was committed or aborted.
   */
  commit(length?: number): void {
    const operation = 'claim.commit';
    const { of, tail, index, lap, length: most } = this.#held(operation);
    if (length !== undefined) {
      const isOne = Number.isInteger(length) && length >= 0;
      if (!isOne)
        throw outOfRange(`${operation}: length is a whole number from 0 up, not ${length}`);
      if (length > most) throw tooLong(operation, length, most);
      const { size } = of.codec;
      if (size !== undefined && length !== size) {
        throw outOfRange(`${operation}: a message has the layout's ${size} bytes, not ${length}`);
      }
    }
    of.check(operation);
    this.#end('committed');
    tail.commit(index, lap, length ?? most);
  }

  /** Gives the place up: readers pass over it. Again, or after `commit`, is harmless. */
  abort(): void {
    if (this.#fate !== undefined) return;
    const { of, tail, index, lap } = this.#facts;
    this.#end('aborted');
    // In memory that is gone it is nobody's.
    if (of.memory.attachment.view.status[0] === 0) tail.abort(index, lap);
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  #end(fate: 'committed' | 'aborted'): void {
    this.#fate = fate;
    this.#facts.left();
  }

  #held(operation: string): ClaimFacts<S> {
    if (this.#fate === undefined) return this.#facts;
    throw notHeld(operation, this.#facts.of.fullName, this.#fate);
  }
}
