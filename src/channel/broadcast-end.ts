// What both ends of a broadcast have in common: they are closed once, they wait on a line, and their asynchronous calls keep
// their order.

import {
  type AsyncOptions,
  type BlockingOptions,
  CALLS_PER_TURN,
  signalOf,
  timeoutOf,
} from '../sync/wait-options.ts';
import type { BroadcastMemory } from './broadcast-memory.ts';
import type { Line, Look } from './line.ts';

export abstract class BroadcastEnd implements Disposable {
  /** @internal */
  protected readonly memory: BroadcastMemory;
  readonly #name: string;
  readonly #line: Line;
  readonly #status: Uint32Array;
  #closing: AbortController | undefined;
  #isClosed = false;
  #pending = 0;
  #calls = 0;

  /** @internal */
  constructor(memory: BroadcastMemory, name: 'writer' | 'reader', line: Line) {
    this.memory = memory;
    this.#name = name;
    this.#line = line;
    this.#status = memory.attachment.view.status;
  }

  /** It was closed, or its span was. */
  get closed(): boolean {
    return this.#isClosed || this.memory.span.closed;
  }

  /** Again is harmless. What waits rejects with `ERR_MEMSPAN_CLOSED`. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      // Where the memory is gone there is nothing to say, and nobody to say it to.
      if (this.#status[0] === 0 && this.memory.attachment.isOpen) this.leave();
    } finally {
      this.#closing?.abort(this.#closedError('close'));
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Says to the others that it is gone. @internal */
  protected abstract leave(): void;

  /** Asynchronous calls of this end wait: others come after them. @internal */
  protected get isBusy(): boolean {
    return this.#pending > 0;
  }

  /** Throws when the end or its span is closed, or the memory is gone. @internal */
  protected check(operation: string): void {
    if (this.#isClosed) throw this.#closedError(operation);
    if (this.#status[0] !== 0) this.memory.check(`${this.#name}.${operation}`);
  }

  /** What `look` finds before the time is over, else null. @internal */
  protected block<T>(look: Look<T>, options: BlockingOptions, operation: string): T | null {
    const timeoutMs = timeoutOf(options, `${this.#name}.${operation}`);
    this.check(operation);
    return (
      look() ?? this.#line.block(look, performance.now() + timeoutMs, () => this.check(operation))
    );
  }

  /** The same without blocking. @internal */
  protected async wait<T>(
    look: Look<T>,
    options: AsyncOptions,
    operation: string,
  ): Promise<T | null> {
    const name = `${this.#name}.${operation}`;
    const timeoutMs = timeoutOf(options, name);
    const given = signalOf(options, name);
    this.check(operation);
    if (given?.aborted) throw given.reason;
    // Nobody passes by who came before.
    const found = this.isBusy ? null : look();
    if (found !== null) {
      this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
      if (this.#calls === 0) await new Promise(setImmediate);
      return found;
    }
    this.#closing ??= new AbortController();
    const { signal: closing } = this.#closing;
    const signal = given === undefined ? closing : AbortSignal.any([given, closing]);
    this.#pending++;
    try {
      return await this.#line.waitAsync(look, { timeoutMs, signal });
    } finally {
      this.#pending--;
    }
  }

  #closedError(operation: string): Error {
    return this.memory.failure(
      'ERR_MEMSPAN_CLOSED',
      `${this.#name}.${operation}`,
      `this ${this.#name} is closed`,
      `Take another one: broadcast.${this.#name}()`,
    );
  }
}
