// A reading end of a broadcast.

import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { invalidArgument, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { AsyncOptions, BlockingOptions } from '../sync/wait-options.ts';
import { BroadcastLoan } from './broadcast-claim.ts';
import { BroadcastCursor, type From } from './broadcast-cursor.ts';
import { BroadcastEnd } from './broadcast-end.ts';
import type { BroadcastMemory } from './broadcast-memory.ts';
import type { Codec } from './codec.ts';
import { type NodeStreamOptions, nodeReadable } from './node-streams.ts';
import { iterate } from './streams.ts';
import { webReadable } from './web-streams.ts';

export interface BroadcastReaderOptions {
  /**
   * 'end', the default: it receives what is sent after it has joined. 'oldest': also what is still there ('drop-oldest' only: with
   * 'block' nothing is kept for those who come later).
   */
  from?: From | undefined;
}

/** Nothing will come. */
const END = Symbol('end');

/** `T` is what is received, `V` a message in place. */
export class BroadcastReader<T, V> extends BroadcastEnd implements AsyncIterable<T> {
  readonly #codec: Codec<T, never>;
  readonly #cursor: BroadcastCursor;
  #loan: BroadcastLoan<V> | undefined;
  #ended = false;
  #lastMissed = 0;
  /** `missed` when something was received last: it may have grown while there was nothing to receive. */
  #missedBefore = 0;

  /** @internal Made by `broadcast.reader()`. */
  constructor(memory: BroadcastMemory, codec: Codec<T, never>, from: From) {
    super(memory, 'reader', memory.lineFor('messages'));
    this.#codec = codec;
    this.#cursor = new BroadcastCursor(memory, from);
  }

  /** Undefined: messages are bytes. */
  get layout(): Layout | undefined {
    return this.#codec.layout;
  }

  /** True once a call has found that the writer has closed and everything was taken; until another writer sends something. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How many messages were overwritten before this reader had taken them, since it joined. With 'block' always 0. */
  get missed(): number {
    return this.#cursor.missed;
  }

  /** How many of them lay right before what was received last; of a batch, before and in it. */
  get lastMissed(): number {
    return this.#lastMissed;
  }

  /**
   * Takes the next message, as a copy, if there is one and no asynchronous call waits for it; else null. Never waits, and does not ask
   * whether the writer lives. Throws `ERR_MEMSPAN_CORRUPT`, `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`.
   */
  tryReceive(): T | null {
    this.check('tryReceive');
    if (this.isBusy) return null;
    this.#requireNoLoan('tryReceive');
    const bytes = this.#take();
    return bytes === null ? null : this.#codec.valueOf(bytes);
  }

  /**
   * Waits for a message; null when the time is over or the stream has ended (then `ended` is true). Throws
   * `ERR_MEMSPAN_PEER_DIED` when the writer died, everything it sent was taken, and no other has come. Without a writer it waits
   * for one.
   */
  receive(options: BlockingOptions = {}): T | null {
    this.#requireNoLoan('receive');
    return this.#messageOf(this.block(() => this.#takeOrEnd('receive'), options, 'receive'));
  }

  /** Like receive, without blocking the thread. Calls are served in their order. */
  async receiveAsync(options: AsyncOptions = {}): Promise<T | null> {
    const look = (): Uint8Array | typeof END | null => {
      this.#requireNoLoan('receiveAsync');
      return this.#takeOrEnd('receiveAsync');
    };
    return this.#messageOf(await this.wait(look, options, 'receiveAsync'));
  }

  /** Up to `max` messages that are there. Never waits; may be empty. Makes room for the writer once. */
  readBatch(max: number): T[] {
    if (typeof max !== 'number') throw invalidArgument('reader.readBatch takes a number');
    if (!(max >= 1)) throw outOfRange(`reader.readBatch: max is from 1 up, not ${max}`);
    this.check('readBatch');
    if (this.isBusy) return [];
    this.#requireNoLoan('readBatch');
    const batch: T[] = [];
    try {
      while (batch.length < max) {
        const bytes = this.#cursor.take();
        if (bytes === null) break;
        batch.push(this.#codec.valueOf(bytes));
      }
    } finally {
      if (batch.length > 0) this.#cursor.settle();
    }
    if (batch.length > 0) this.#noteMissed();
    this.#ended = this.#cursor.isEnded;
    return batch;
  }

  /**
   * The next message where it is, without a copy, if there is one; 'block' only, where nothing overwrites it before `release`. One at a time.
   * Throws `ERR_MEMSPAN_UNSUPPORTED` with 'drop-oldest': there the writer waits for nobody.
   */
  tryTake(): BroadcastLoan<V> | null {
    this.#requireTakable('tryTake');
    this.check('tryTake');
    if (this.isBusy) return null;
    return this.#lend();
  }

  /** Waits for it, as receive does. */
  take(options: BlockingOptions = {}): BroadcastLoan<V> | null {
    this.#requireTakable('take');
    const lent = this.block(() => this.#lend() ?? this.#endOr('take'), options, 'take');
    return lent === END ? null : lent;
  }

  /** The same without blocking. */
  async takeAsync(options: AsyncOptions = {}): Promise<BroadcastLoan<V> | null> {
    const look = (): BroadcastLoan<V> | typeof END | null => {
      this.#requireTakable('takeAsync');
      return this.#lend() ?? this.#endOr('takeAsync');
    };
    const lent = await this.wait(look, options, 'takeAsync');
    return lent === END ? null : lent;
  }

  /** All messages until the writer closes. Leaving the loop leaves the reader open. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return iterate(this);
  }

  /** A Web stream of the messages; it closes this end with itself. */
  toWeb(): ReadableStream<T> {
    return webReadable(this);
  }

  /** A Node stream of the messages; it closes this end with itself. */
  toNode(options?: NodeStreamOptions): Readable {
    return nodeReadable(this, options);
  }

  /** @internal */
  protected leave(): void {
    this.#cursor.leave();
  }

  #take(): Uint8Array | null {
    const bytes = this.#cursor.take();
    if (bytes !== null) {
      this.#noteMissed();
      this.#cursor.settle();
    }
    this.#ended = this.#cursor.isEnded;
    return bytes;
  }

  #noteMissed(): void {
    const { missed } = this.#cursor;
    this.#lastMissed = missed - this.#missedBefore;
    this.#missedBefore = missed;
  }

  #takeOrEnd(operation: string): Uint8Array | typeof END | null {
    return this.#take() ?? this.#endOr(operation);
  }

  /** For where there is nothing to take. */
  #endOr(operation: string): typeof END | null {
    if (this.#ended) return END;
    if (!this.#cursor.isWriterDead()) return null;
    throw this.memory.failure(
      'ERR_MEMSPAN_PEER_DIED',
      `reader.${operation}`,
      'its writer has died, and all that it sent was taken',
      'Wait for another writer, or close this reader',
    );
  }

  #messageOf(found: Uint8Array | typeof END | null): T | null {
    return found === null || found === END ? null : this.#codec.valueOf(found);
  }

  #lend(): BroadcastLoan<V> | null {
    const bytes = this.#cursor.look();
    this.#ended = this.#cursor.isEnded;
    if (bytes === null) return null;
    const loan = new BroadcastLoan<V>(bytes, this.layout, () => {
      this.#loan = undefined;
      if (!this.closed) this.#cursor.skip(bytes.length);
    });
    this.#loan = loan;
    return loan;
  }

  #requireTakable(operation: string): void {
    this.#requireNoLoan(operation);
    if (!this.memory.drops) return;
    throw this.memory.failure(
      'ERR_MEMSPAN_UNSUPPORTED',
      `reader.${operation}`,
      "with overflow 'drop-oldest' the writer may overwrite a message while it is read in place",
      "Use receive, which copies and checks, or overflow 'block'",
    );
  }

  #requireNoLoan(operation: string): void {
    if (this.#loan === undefined) return;
    throw this.memory.failure(
      'ERR_MEMSPAN_BUSY',
      `reader.${operation}`,
      'the message that was taken before is not released',
      'Release it first: one can be taken at a time',
    );
  }
}
