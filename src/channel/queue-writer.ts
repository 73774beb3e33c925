// A writing end of a queue.

import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { invalidArgument, outOfRange } from '../errors.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  signalOf,
  timeoutOf,
} from '../sync/wait-options.ts';
import { type NodeStreamOptions, nodeWritable } from './node-streams.ts';
import { QueueClaim } from './queue-claim.ts';
import { type EndOf, QueueEnd } from './queue-end.ts';
import { tooLong } from './queue-errors.ts';
import { NONE } from './queue-memory.ts';
import { QueueTail } from './queue-tail.ts';
import { webWritable } from './web-streams.ts';

/**
 * Sends messages. A queue has any number of writers, in any number of threads and processes; each one's messages keep their order.
 * Made by `queue.writer()`.
 */
export class QueueWriter<S, V = unknown> extends QueueEnd<unknown, S> {
  readonly #tail: QueueTail;
  readonly #claims = new Set<QueueClaim<S, V>>();

  /** @internal */
  constructor(of: EndOf<unknown, S>) {
    super(of);
    this.#tail = new QueueTail(of.memory);
  }

  /** Bytes of the longest message. */
  get messageMax(): number {
    return this.memory.facts.messageMax;
  }

  /**
   * Sends the message if there is room for it; false when there is none, or when asynchronous calls of this thread wait for
   * some. Never waits. Three compare-exchanges and a copy, without a system call unless a reader sleeps. Throws RangeError for
   * a message longer than `messageMax`, TypeError for what is none, `ERR_MEMSPAN_PEER_CLOSED` when the queue was ended,
   * `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`, `ERR_MEMSPAN_CORRUPT`.
   */
  trySend(message: S): boolean {
    const operation = 'writer.trySend';
    this.checkOpen(operation);
    const bytes = this.#bytesOf(message, operation);
    return !this.memory.room.isBusy && this.#put(bytes) !== null;
  }

  /**
   * Blocks until there is room for the message; null when `timeoutMs` is over. Blocks the event loop, too. Goes before
   * asynchronous calls of this thread that wait. Throws as trySend does.
   */
  send(message: S): true;
  send(message: S, options: BlockingOptions | undefined): true | null;
  send(message: S, options?: BlockingOptions): true | null {
    const operation = 'writer.send';
    const timeoutMs = timeoutOf(options, operation);
    this.checkOpen(operation);
    const bytes = this.#bytesOf(message, operation);
    return this.#put(bytes) ?? this.#block(() => this.#put(bytes), timeoutMs, operation);
  }

  /**
   * Like send, without blocking the thread; rejects with the signal's reason when that is aborted. The message is
   * taken as it is now. Messages keep the order of the calls.
   */
  async sendAsync(message: S, options?: AsyncOptions): Promise<true | null> {
    const operation = 'writer.sendAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.checkOpen(operation);
    const bytes = this.#bytesOf(message, operation);
    if (signal?.aborted) throw signal.reason;
    if (!this.memory.room.isBusy && this.#put(bytes) !== null) {
      await this.turn();
      return true;
    }
    const kept = bytes.slice();
    return this.pending(signal, (ending) =>
      this.memory.room.waitAsync(() => this.#put(kept), { timeoutMs, signal: ending }),
    );
  }

  /**
   * A place for a message of up to `length` bytes (default: `messageMax`) in shared memory, to be filled there and then
   * committed; null when there is no room. Until then it holds up whatever is sent after it, so fill it at once: readers wait
   * for it as long as this thread lives. Throws as trySend does.
   */
  tryClaim(length?: number): QueueClaim<S, V> | null {
    const operation = 'writer.tryClaim';
    this.checkOpen(operation);
    const most = this.#lengthOf(length, operation);
    return this.memory.room.isBusy ? null : this.#claim(most);
  }

  /** Like tryClaim; blocks until there is room, or `timeoutMs` is over: then null. */
  claim(length?: number): QueueClaim<S, V>;
  claim(length: number | undefined, options: BlockingOptions | undefined): QueueClaim<S, V> | null;
  claim(length?: number, options?: BlockingOptions): QueueClaim<S, V> | null {
    const operation = 'writer.claim';
    const timeoutMs = timeoutOf(options, operation);
    this.checkOpen(operation);
    const most = this.#lengthOf(length, operation);
    return this.#claim(most) ?? this.#block(() => this.#claim(most), timeoutMs, operation);
  }

  /** Like claim, without blocking the thread. */
  async claimAsync(length?: number, options?: AsyncOptions): Promise<QueueClaim<S, V> | null> {
    const operation = 'writer.claimAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.checkOpen(operation);
    const most = this.#lengthOf(length, operation);
    if (signal?.aborted) throw signal.reason;
    const claim = this.memory.room.isBusy ? null : this.#claim(most);
    // No turn of the event loop here: readers wait for what is claimed.
    if (claim !== null) return claim;
    return this.pending(signal, (ending) =>
      this.memory.room.waitAsync(() => this.#claim(most), { timeoutMs, signal: ending }),
    );
  }

  /** A Web stream that sends what is written to it and owns this end: it closes it when it is closed, aborted or fails. */
  toWeb(): WritableStream<S> {
    return webWritable(this);
  }

  /** A Node stream that sends what is written to it and owns this end, likewise. */
  toNode(options: NodeStreamOptions = {}): Writable {
    return nodeWritable(this, options);
  }

  /** Claims that are open are aborted. */
  protected override letGo(): void {
    for (const claim of this.#claims) claim.abort();
  }

  #bytesOf(message: S, operation: string): Uint8Array {
    const bytes = this.of.codec.bytesOf(message);
    const { messageMax } = this.memory.facts;
    if (bytes.length > messageMax) throw tooLong(operation, bytes.length, messageMax);
    return bytes;
  }

  #lengthOf(length: unknown, operation: string): number {
    const { messageMax } = this.memory.facts;
    if (length === undefined) return messageMax;
    if (typeof length !== 'number') {
      throw invalidArgument(`${operation}: length is a number of bytes, not ${typeof length}`);
    }
    if (!Number.isInteger(length) || length < 0) {
      throw outOfRange(`${operation}: length is a whole number of bytes from 0 up, not ${length}`);
    }
    if (length > messageMax) throw tooLong(operation, length, messageMax);
    const { size } = this.of.codec;
    if (size !== undefined && length !== size) {
      throw outOfRange(`${operation}: a message has the layout's ${size} bytes, not ${length}`);
    }
    return length;
  }

  #block<R>(look: () => R | null, timeoutMs: number, operation: string): R | null {
    const deadline = performance.now() + timeoutMs;
    return this.memory.room.block(look, deadline, () => this.of.check(operation));
  }

  #put(bytes: Uint8Array): true | null {
    const { memory } = this;
    const tail = this.#tail;
    const index = tail.claim();
    if (index === NONE) return null;
    memory.fill(index, bytes);
    tail.commit(index, tail.lap, bytes.length);
    return true;
  }

  #claim(length: number): QueueClaim<S, V> | null {
    const tail = this.#tail;
    const index = tail.claim();
    if (index === NONE) return null;
    const claim: QueueClaim<S, V> = new QueueClaim({
      of: this.of,
      tail,
      index,
      lap: tail.lap,
      length,
      left: () => this.#claims.delete(claim),
    });
    this.#claims.add(claim);
    return claim;
  }
}
