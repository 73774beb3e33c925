// What the two sorts of ends of a queue have in common: being open, and asynchronous calls that end with them.

import type { Layout } from '../layout/layout.ts';
import { onAbort } from '../sync/aborts.ts';
import { CALLS_PER_TURN } from '../sync/wait-options.ts';
import type { Codec } from './codec.ts';
import { endClosed } from './queue-errors.ts';
import type { QueueMemory } from './queue-memory.ts';

/** Whose end it is. */
export interface EndOf<T, S> {
  readonly memory: QueueMemory;
  readonly codec: Codec<T, S>;
  /** `span/name`. */
  readonly fullName: string;
  /** Throws when the span is closed, or its memory is gone. */
  check(operation: string): void;
}

export abstract class QueueEnd<T, S> implements Disposable {
  /** @internal */
  protected readonly memory: QueueMemory;
  /** @internal */
  protected readonly of: EndOf<T, S>;
  readonly #status: Uint32Array;
  readonly #pending = new Set<AbortController>();
  #isClosed = false;
  #calls = 0;

  /** @internal */
  constructor(of: EndOf<T, S>) {
    this.of = of;
    this.memory = of.memory;
    this.#status = of.memory.attachment.view.status;
  }

  /** Of the messages; undefined where they are bytes. */
  get layout(): Layout | undefined {
    return this.of.codec.layout;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** Gives up what this end has open. Again is harmless. @internal */
  protected abstract letGo(): void;

  /**
   * Closes this end, not the queue: others go on. Calls of this end that are pending reject with `ERR_MEMSPAN_CLOSED`. Again is
   * harmless.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const pending of this.#pending) pending.abort(endClosed('close', this.of.fullName));
    this.letGo();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** What every call does first. @internal */
  protected checkOpen(operation: string): void {
    if (!this.#isClosed && this.#status[0] === 0) return;
    this.of.check(operation);
    if (this.#isClosed) throw endClosed(operation, this.of.fullName);
  }

  /** An asynchronous call that waits: `signal`, or closing this end, ends it. @internal */
  protected async pending<R>(
    signal: AbortSignal | undefined,
    wait: (signal: AbortSignal) => Promise<R>,
  ): Promise<R> {
    const pending = new AbortController();
    const unheed = signal && onAbort(signal, () => pending.abort(signal.reason));
    this.#pending.add(pending);
    try {
      return await wait(pending.signal);
    } finally {
      unheed?.();
      this.#pending.delete(pending);
    }
  }

  /** For an asynchronous call that did not have to wait: now and then the event loop has its turn. @internal */
  protected turn(): Promise<void> | undefined {
    this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
    return this.#calls === 0 ? new Promise(setImmediate) : undefined;
  }
}
