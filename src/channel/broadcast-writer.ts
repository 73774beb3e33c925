// The writing end of a broadcast.

import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { invalidArgument, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { AsyncOptions, BlockingOptions } from '../sync/wait-options.ts';
import { BroadcastClaim } from './broadcast-claim.ts';
import { BroadcastEnd } from './broadcast-end.ts';
import type { BroadcastMemory } from './broadcast-memory.ts';
import { BroadcastTail } from './broadcast-tail.ts';
import type { Codec } from './codec.ts';
import { type NodeStreamOptions, nodeWritable } from './node-streams.ts';
import { webWritable } from './web-streams.ts';

/** One at a time. `S` is what can be sent, `V` a message in place. */
export class BroadcastWriter<S, V> extends BroadcastEnd {
  readonly #codec: Codec<unknown, S>;
  readonly #tail: BroadcastTail;
  #claim: BroadcastClaim<V> | undefined;

  /** @internal Made by `broadcast.writer()`. */
  constructor(memory: BroadcastMemory, codec: Codec<unknown, S>) {
    super(memory, 'writer', memory.lineFor('room'));
    this.#codec = codec;
    this.#tail = new BroadcastTail(memory);
  }

  /** Undefined: messages are bytes. */
  get layout(): Layout | undefined {
    return this.#codec.layout;
  }

  /** The longest message, in bytes. */
  get lengthMax(): number {
    return this.memory.lengthMax;
  }

  /** How many readers live, by the kernel's word: 0 is nobody to send to, which is no error. What is sent then is gone. */
  get readers(): number {
    this.check('readers');
    return this.memory.countReaders();
  }

  /**
   * Sends if that is possible at once; false when there is no room because of a reader ('block' only), or when asynchronous calls
   * wait. Never waits. Throws RangeError for a message over `lengthMax`, `ERR_MEMSPAN_BUSY` while there is a claim,
   * `ERR_MEMSPAN_CLOSED`.
   */
  trySend(message: S): boolean {
    const bytes = this.#codec.bytesOf(message);
    this.check('trySend');
    if (this.isBusy) return false;
    this.#requireUnclaimed('trySend');
    return this.#tail.put(bytes);
  }

  /**
   * Waits until every living reader has made room ('block'; with 'drop-oldest' it never waits). True when sent, null when the
   * time is over. A reader that is paused is waited for, one that dies is not. Throws what trySend throws.
   */
  send(message: S, options: BlockingOptions = {}): true | null {
    const bytes = this.#codec.bytesOf(message);
    this.check('send');
    this.#requireUnclaimed('send');
    if (!this.isBusy && this.#tail.put(bytes)) return true;
    return this.block(() => this.#tail.put(bytes) || null, options, 'send');
  }

  /**
   * Like send, without blocking the thread. Messages keep the order of the calls. Bytes are taken when there is room for
   * them: leave them as they are until it resolves.
   */
  async sendAsync(message: S, options: AsyncOptions = {}): Promise<true | null> {
    const { bytesOf, size } = this.#codec;
    const given = bytesOf(message);
    // A layout's bytes are the next call's, too.
    const bytes = size === undefined ? given : given.slice();
    const look = (): true | null => {
      this.#requireUnclaimed('sendAsync');
      return this.#tail.put(bytes) || null;
    };
    return this.wait(look, options, 'sendAsync');
  }

  /**
   * A place for a message of so many bytes (with a layout: of its size), to be filled where it is: in shared memory, or, where it would run
   * over the data's end, in memory of its own that `commit` copies. Null when there is no room. One at a time.
   */
  tryClaim(length?: number): BroadcastClaim<V> | null {
    const size = this.#lengthOf(length, 'tryClaim');
    this.check('tryClaim');
    if (this.isBusy) return null;
    this.#requireUnclaimed('tryClaim');
    return this.#tryClaim(size);
  }

  /** Waits for the room; null when the time is over. */
  claim(length?: number, options: BlockingOptions = {}): BroadcastClaim<V> | null {
    const size = this.#lengthOf(length, 'claim');
    this.#requireUnclaimed('claim');
    return this.block(() => this.#tryClaim(size), options, 'claim');
  }

  /** The same without blocking. */
  async claimAsync(length?: number, options: AsyncOptions = {}): Promise<BroadcastClaim<V> | null> {
    const size = this.#lengthOf(length, 'claimAsync');
    const look = (): BroadcastClaim<V> | null => {
      this.#requireUnclaimed('claimAsync');
      return this.#tryClaim(size);
    };
    return this.wait(look, options, 'claimAsync');
  }

  #tryClaim(length: number): BroadcastClaim<V> | null {
    if (!this.#tail.reserve(length)) return null;
    const place = this.#tail.placeFor(length);
    const claim = new BroadcastClaim<V>(place, this.layout, (bytes) => {
      this.#claim = undefined;
      if (bytes === null) return;
      this.check('commit');
      this.#tail.commit(bytes, place.isInPlace);
    });
    this.#claim = claim;
    return claim;
  }

  /** A Web stream that sends what is written, and closes this end with itself. Waits for room. */
  toWeb(): WritableStream<S> {
    return webWritable(this);
  }

  /** A Node stream that sends what is written, and closes this end with itself. Waits for room. */
  toNode(options?: NodeStreamOptions): Writable {
    return nodeWritable(this, options);
  }

  /** @internal */
  protected leave(): void {
    this.#claim?.abort();
    this.#tail.leave();
  }

  #lengthOf(length: number | undefined, operation: string): number {
    const { size } = this.#codec;
    if (size !== undefined && (length === undefined || length === size)) return size;
    if (typeof length !== 'number') {
      throw invalidArgument(`writer.${operation}: length is a number of bytes`);
    }
    if (size !== undefined || !Number.isInteger(length) || length < 0) {
      const range = size === undefined ? 'a whole number of bytes from 0 up' : `${size}`;
      throw outOfRange(`writer.${operation}: length is ${range}, not ${length}`);
    }
    return length;
  }

  #requireUnclaimed(operation: string): void {
    if (this.#claim === undefined) return;
    throw this.memory.failure(
      'ERR_MEMSPAN_BUSY',
      `writer.${operation}`,
      'there is a claim that is neither committed nor aborted',
      'Commit or abort it first',
    );
  }
}
