// What a pool's two ends have in common: the pool they belong to, waiting, and being closed.

import { MemspanError } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { view } from '../layout/view.ts';
import { onAbort } from '../sync/aborts.ts';
import { CALLS_PER_TURN } from '../sync/wait-options.ts';
import type { Codec } from './codec.ts';
import type { Line, Look } from './line.ts';
import type { Lengths } from './pool-hold.ts';
import type { Holds, Traces } from './pool-leaks.ts';
import { corruptPool } from './pool-shape.ts';
import type { PoolState } from './pool-state.ts';

/** The pool as its ends see it. `T` is received, `S` sent, `V` is the view of a chunk. */
export interface Base<T, S> {
  readonly state: PoolState;
  readonly codec: Codec<T, S>;
  readonly layout: Layout | undefined;
  readonly fullName: string;
  readonly traces: Traces | undefined;
  /** Throws when the span is closed, or its memory is gone. */
  check(operation: string): void;
  /** Whether the span was closed, as far as the pool's opener knows it. */
  isClosed(): boolean;
}

export interface Waiting {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export abstract class PoolEnd<T, S, V> implements Disposable {
  /** @internal */
  protected readonly base: Base<T, S>;
  /** @internal */
  protected readonly state: PoolState;
  /** @internal */
  protected readonly holds: Holds;
  /** @internal */
  protected readonly lengths: Lengths;
  readonly #what: 'writer' | 'reader';
  readonly #status: Uint32Array;
  readonly #pending = new Set<AbortController>();
  #isClosed = false;
  #calls = 0;

  /** @internal */
  protected constructor(base: Base<T, S>, what: 'writer' | 'reader', holds: Holds) {
    this.base = base;
    this.state = base.state;
    this.holds = holds;
    const { chunkSize: max } = base.state.shape;
    this.lengths = { min: base.layout === undefined ? 0 : max, max };
    this.#what = what;
    this.#status = base.state.attachment.view.status;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** What the chunks hold; undefined: bytes. */
  get layout(): Layout | undefined {
    return this.base.layout;
  }

  /**
   * Gives the end back, with all the chunks that it still has: their objects can no longer be used, nor may the memory
   * they gave. What waits asynchronously rejects with `ERR_MEMSPAN_CLOSED`. Again is harmless.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const held = this.holds.endAll();
    for (const controller of [...this.#pending]) controller.abort(this.#closedError('close'));
    // What was had when the span was closed is nobody's by now.
    if (this.#status[0] === 0) this.leave(held);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Gives back those chunks, and the seat. @internal */
  protected abstract leave(held: readonly number[]): void;

  /** Throws when nothing can be done with it any more. @internal */
  protected check(operation: string): void {
    if (this.#isClosed) throw this.#closedError(operation);
    // The name is put together only where there is something to say.
    if (this.#status[0] !== 0 || this.base.isClosed()) this.base.check(this.operation(operation));
  }

  /** @internal */
  protected operation(name: string): string {
    return `pool.${this.#what}().${name}`;
  }

  #closedError(operation: string): MemspanError {
    return new MemspanError('ERR_MEMSPAN_CLOSED', {
      operation: this.operation(operation),
      object: this.base.fullName,
      cause: `this ${this.#what} is closed`,
      remedy: `Make another one with pool.${this.#what}()`,
    });
  }

  /** Memory that is gone reads as zeros, which is no corruption. @internal */
  protected corrupt(operation: string, cause: string): MemspanError {
    this.check(operation);
    return corruptPool({ operation: this.operation(operation), object: this.base.fullName }, cause);
  }

  /** Waits in the line; rejects when this end is closed, too. @internal */
  protected async wait<R>(
    line: Line,
    look: Look<R>,
    { timeoutMs, signal }: Waiting,
  ): Promise<R | null> {
    const controller = new AbortController();
    const unheed = signal && onAbort(signal, () => controller.abort(signal.reason));
    this.#pending.add(controller);
    try {
      return await line.waitAsync(look, { timeoutMs, signal: controller.signal });
    } finally {
      unheed?.();
      this.#pending.delete(controller);
    }
  }

  /** For who had not to wait: now and then the event loop goes round all the same. @internal */
  protected turn(): Promise<unknown> | undefined {
    this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
    return this.#calls === 0 ? new Promise(setImmediate) : undefined;
  }

  /** The chunk as a view of the layout. @internal */
  protected viewOf(chunk: number): V {
    const { layout, state } = this.base;
    if (layout === undefined) return undefined as V;
    return view(layout, state.attachment.view.segment.buffer, state.offsetOf(chunk)) as V;
  }

  /** Says what cannot be done with a chunk that was given back. @internal */
  protected givenBack(what: string): MemspanError {
    return new MemspanError('ERR_MEMSPAN_CLOSED', {
      operation: what,
      object: this.base.fullName,
      cause: 'its chunk was given back',
      remedy: 'Use a chunk between taking it and giving it back, and copy what is needed later',
    });
  }
}
