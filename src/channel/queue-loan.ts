// A message that a reader has taken and is not done with.

import type { EndOf } from './queue-end.ts';
import { notHeld } from './queue-errors.ts';
import type { QueueHead } from './queue-head.ts';

interface LoanFacts<T> {
  readonly of: EndOf<T, unknown>;
  readonly head: QueueHead;
  readonly index: number;
  readonly lap: number;
  readonly length: number;
  readonly isRedelivered: boolean;
  /** Called once, when it is released or given back. */
  left(): void;
}

/**
 * Ends with `release()`, which says that it is done, or with `abort()`, which gives it back. With `using`, or when its reader is closed,
 * it ends as the queue's `delivery` says: 'at-least-once' gives it back unless it was released, 'at-most-once' releases it.
 * If this thread dies before, the same happens to it.
 */
export class QueueLoan<T, V = unknown> implements Disposable {
  /** True: somebody has had it before, and has died with it or given it back. */
  readonly redelivered: boolean;
  readonly #facts: LoanFacts<T>;
  #fate: 'released' | 'given back' | undefined;

  /** @internal */
  constructor(facts: LoanFacts<T>) {
    this.#facts = facts;
    this.redelivered = facts.isRedelivered;
  }

  /** False once it was released or given back. */
  get held(): boolean {
    return this.#fate === undefined;
  }

  /** The message in shared memory, where nobody else touches it until it is released. Throws `ERR_MEMSPAN_NOT_HELD` then. */
  get bytes(): Uint8Array {
    const { of, index, length } = this.#held('loan.bytes');
    const at = of.memory.payloadAt(index);
    return of.memory.bytes.subarray(at, at + length);
  }

  /** The message in place: the layout's view, or the bytes. Throws a TypeError for a layout of a single value (`view`). */
  get value(): V {
    const { of, index } = this.#held('loan.value');
    return (
      of.codec.layout === undefined ? this.bytes : of.memory.viewOf(of.codec.layout, index)
    ) as V;
  }

  /** A copy of it, which stays: its bytes, or with a layout a plain value. */
  copy(): T {
    const { of, index, length } = this.#held('loan.copy');
    return of.codec.valueOf(of.memory.copyOf(index, length));
  }

  /** It is done: its place is free. Again, or after `abort`, is harmless. */
  release(): void {
    if (!this.#end('released')) return;
    const { head, index, lap } = this.#facts;
    head.release(index, lap);
  }

  /** Gives it back, to be delivered again, before newer ones, to whoever asks next. Again, or after `release`, is harmless. */
  abort(): void {
    if (!this.#end('given back')) return;
    const { head, index, lap } = this.#facts;
    head.giveBack(index, lap);
  }

  [Symbol.dispose](): void {
    if (this.#facts.of.memory.facts.delivery === 'at-least-once') this.abort();
    else this.release();
  }

  /** False when there is nothing to end: it has ended, or the memory is gone. */
  #end(fate: 'released' | 'given back'): boolean {
    if (this.#fate !== undefined) return false;
    this.#fate = fate;
    this.#facts.left();
    return this.#facts.of.memory.attachment.view.status[0] === 0;
  }

  #held(operation: string): LoanFacts<T> {
    if (this.#fate === undefined) return this.#facts;
    throw notHeld(operation, this.#facts.of.fullName, this.#fate);
  }
}
