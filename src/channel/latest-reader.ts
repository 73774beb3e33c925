// A reading end of a newest value. There may be any number, and nobody but who has one knows of it.

import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { MemspanError } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  signalOf,
  timeoutOf,
} from '../sync/wait-options.ts';
import type { Codec } from './codec.ts';
import { SEAT } from './latest.layout.ts';
import type { LatestEnd } from './latest-end.ts';
import type { Copied, LatestState } from './latest-state.ts';
import type { Line, Look } from './line.ts';
import { type NodeStreamOptions, nodeReadable } from './node-streams.ts';
import { Seat } from './seat.ts';
import { iterate } from './streams.ts';
import { webReadable } from './web-streams.ts';

/** What a look has come to; `value` is null when nothing will come. */
interface Come<T> {
  readonly value: T | null;
}

export class LatestReader<T> implements Disposable, AsyncIterable<T> {
  /** Of the values; undefined where they are bytes. */
  readonly layout: Layout | undefined;
  readonly #end: LatestEnd;
  readonly #codec: Codec<T, never>;
  readonly #state: LatestState;
  readonly #line: Line;
  readonly #seat: Seat;
  /** The sequence of the value that was taken last. */
  #seen: number;
  #missed = 0;
  #ended = false;
  #isClosed = false;

  /** Made by `latest.reader()`. */
  constructor(end: LatestEnd, codec: Codec<T, never>) {
    this.#end = end;
    this.layout = codec.layout;
    this.#codec = codec;
    this.#state = end.state;
    this.#line = end.line();
    this.#seat = new Seat(end.attachment, end.state.index + SEAT);
    // The newest value is news to it, and those before are not missed.
    this.#seen = Math.max(0, end.state.sequence - 1);
  }

  /** Of the value that was taken last; at first of the one before the newest. */
  get sequence(): number {
    return this.#seen;
  }

  /** How many values were published after this reader was made, and replaced before it took them. Exact. */
  get missed(): number {
    return this.#missed;
  }

  /** True once a call has found that the writer has closed and its last value was taken; until there is another writer. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The newest value, if it is newer than the one that this reader took last; else null, also where `latest.read` throws
   * `ERR_MEMSPAN_WOULD_BLOCK`. Never waits, nor looks whether the writer lives.
   */
  tryReceive(): T | null {
    this.#check('reader.tryReceive');
    const come = this.#take() ?? this.#seeEnd();
    return come === null ? null : come.value;
  }

  /**
   * Waits for a value newer than the one taken last. Null when the time is over, or the writer has closed (then `ended`).
   * Throws `ERR_MEMSPAN_PEER_DIED` while the writer is one that has died and whose last value was taken. Waits where there has
   * been no writer yet. Blocks the event loop.
   */
  receive(options?: BlockingOptions): T | null {
    const operation = 'reader.receive';
    const timeoutMs = timeoutOf(options, operation);
    this.#check(operation);
    const look = this.#lookFor(operation);
    const come =
      look() ?? this.#line.block(look, performance.now() + timeoutMs, () => this.#check(operation));
    return come === null ? null : come.value;
  }

  /**
   * Like `receive`, without blocking. Rejects with the signal's reason when that is aborted. Keeps the event loop open while
   * pending. Does not wait for the event loop when there is a value.
   */
  async receiveAsync(options?: AsyncOptions): Promise<T | null> {
    const operation = 'reader.receiveAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.#check(operation);
    if (signal?.aborted) throw signal.reason;
    const look = this.#lookFor(operation);
    const come = look() ?? (await this.#line.waitAsync(look, { timeoutMs, signal }));
    return come === null ? null : come.value;
  }

  /** `tryReceive` as an array of at most one. */
  readBatch(max = 1): T[] {
    if (!(max >= 1)) return [];
    this.#check('reader.readBatch');
    const come = this.#take() ?? this.#seeEnd();
    return come === null || this.#ended ? [] : [come.value as T];
  }

  /**
   * The newest value each time, until the writer has closed; throws as `receive` does. Leaving the loop leaves the reader
   * open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return iterate(this);
  }

  /** The same as a Web stream, one value each time somebody reads. The stream owns this reader. */
  toWeb(): ReadableStream<T> {
    return webReadable(this);
  }

  /**
   * The same as a Node stream, which takes values ahead of whoever reads it (`highWaterMark` of them), so that they may not be
   * the newest by then. `objectMode` is true by default: a chunk is a value. The stream owns this reader.
   */
  toNode(options: NodeStreamOptions = {}): Readable {
    return nodeReadable(this, { objectMode: true, ...options });
  }

  /** Ends its pending calls with `ERR_MEMSPAN_CLOSED`. Nobody else is told. Again is harmless. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Its own look and throw.
    if (this.#line.isBusy && this.#end.status[0] === 0) this.#line.ringAll();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(operation: string): void {
    if (this.#isClosed) throw this.#end.closed(operation, 'this reader is closed');
    this.#end.check(operation);
  }

  /** For who waits. Throws when nothing can be waited for. */
  #lookFor(operation: string): Look<Come<T>> {
    return () => {
      if (this.#isClosed) this.#check(operation);
      return this.#take() ?? this.#seeEnd() ?? this.#seeDeath(operation);
    };
  }

  /** Null when there is nothing newer. */
  #take(): Come<T> | null {
    const state = this.#state;
    if (state.sequence === this.#seen) return null;
    const copied = this.#copy();
    if (copied === undefined) return null;
    if (this.#end.status[0] !== 0) this.#end.check('reader');
    const seen = this.#seen;
    if (copied === null || copied.sequence <= seen) throw this.#wentBack(copied?.sequence ?? 0);
    const value = this.#codec.valueOf(copied.bytes);
    this.#seen = copied.sequence;
    this.#missed += copied.sequence - seen - 1;
    this.#ended = false;
    return { value };
  }

  /** Undefined when the writer comes round to it each time: one that fast will publish again. */
  #copy(): Copied | null | undefined {
    try {
      return this.#state.copy();
    } catch (error) {
      if (error instanceof MemspanError && error.code === 'ERR_MEMSPAN_WOULD_BLOCK')
        return undefined;
      throw error;
    }
  }

  #seeEnd(): Come<T> | null {
    this.#ended = false;
    if (!this.#state.isEnded) return null;
    // It may have published something and then closed since the last look.
    const come = this.#take();
    if (come !== null || this.#state.sequence !== this.#seen) return come;
    this.#ended = true;
    return { value: null };
  }

  #seeDeath(operation: string): Come<T> | null {
    const { holder } = this.#seat;
    if (holder === 0 || this.#seat.isHeld) return null;
    // The same; or closed, or taken over by another.
    const come = this.#take() ?? this.#seeEnd();
    if (come !== null || this.#seat.holder !== holder) return come;
    if (this.#state.sequence !== this.#seen) return null;
    throw this.#end.failure(
      'ERR_MEMSPAN_PEER_DIED',
      operation,
      'its writer has died, and its last value was taken',
      'Go on with that value, or wait until there is another writer',
    );
  }

  #wentBack(sequence: number): MemspanError {
    return this.#end.failure(
      'ERR_MEMSPAN_CORRUPT',
      'reader',
      `its sequence is ${sequence} after ${this.#seen}`,
      'Look who else writes there',
    );
  }
}
