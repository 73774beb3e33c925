// The writing end of a ring.

import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { outOfRange } from '../errors.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { type Message, ofBytes } from './codec.ts';
import { type NodeStreamOptions, nodeWritable } from './node-streams.ts';
import {
  CLOSED,
  DATA,
  footprint,
  LENGTH_BYTES,
  positionOf,
  READ,
  READER,
  WRITER,
  WRITTEN,
} from './ring.layout.ts';
import {
  type RingAsyncOptions,
  RingEnd,
  type RingMemory,
  type RingWaitOptions,
} from './ring-end.ts';
import { webWritable } from './web-streams.ts';
import { copyWords, WordWindow } from './word-window.ts';

const { bytesOf } = ofBytes;

export class RingWriter extends RingEnd implements Disposable {
  readonly #lengths: Int32Array;
  readonly #data: Uint8Array;
  readonly #capacity: number;
  readonly #window: WordWindow = new WordWindow();
  #position: number;
  // The reader's position when it was last loaded: its line is touched only when the ring looks full.
  #readSeen: number;

  /** Made by `ring.writer()`. */
  constructor(memory: RingMemory, words: Int32Array, capacity: number) {
    super(memory, words, WRITER, READER);
    this.#capacity = capacity;
    this.#lengths = new Int32Array(memory.bulk, DATA, capacity / 4);
    this.#data = new Uint8Array(memory.bulk, DATA, capacity);
    this.#position = positionOf(load(words, WRITTEN));
    // As if the ring were full: the first message looks, and what it finds is checked.
    this.#readSeen = (this.#position - capacity) | 0;
  }

  /** The longest message, in bytes. */
  get lengthMax(): number {
    return this.#capacity - LENGTH_BYTES;
  }

  /**
   * Puts a message into the ring if there is room; false when there is none, or when asynchronous calls wait
   * for some. Never waits. Throws RangeError for a message over `lengthMax`, `ERR_MEMSPAN_PEER_CLOSED` when
   * the reader has closed.
   */
  trySend(message: Message): boolean {
    if (this.isBusy) return false;
    return this.#put(bytesOf(message));
  }

  /**
   * Waits for room; true when sent, null when the time is over. Throws what trySend throws, and
   * `ERR_MEMSPAN_PEER_DIED` when there is no room and the reader has died.
   */
  send(message: Message, options: RingWaitOptions = {}): true | null {
    const bytes = bytesOf(message);
    if (!this.isBusy && this.#put(bytes)) return true;
    return this.block(() => this.#put(bytes) || undefined, options);
  }

  /**
   * Like send, without blocking the thread. Messages keep the order of the calls. Bytes are taken when there
   * is room for them: leave them as they are until it resolves.
   */
  async sendAsync(message: Message, options: RingAsyncOptions = {}): Promise<true | null> {
    const bytes = bytesOf(message);
    options.signal?.throwIfAborted();
    if (!this.isBusy && this.#put(bytes)) return true;
    return this.blockAsync(() => this.#put(bytes) || undefined, options);
  }

  /**
   * Resolves with true when the reader has taken everything and closed its end; null when the time is over.
   * Rejects with `ERR_MEMSPAN_PEER_CLOSED` when it closed before, `ERR_MEMSPAN_PEER_DIED` when it died.
   * For after `close()`, or before; messages that are sent while it is pending wait for it.
   */
  finished(options: RingAsyncOptions = {}): Promise<true | null> {
    const attempt = (): true | undefined => {
      this.checkMemory();
      this.seen = load(this.words, READ);
      if (!(this.seen & CLOSED)) return undefined;
      if (positionOf(this.seen) === this.#position) return true;
      throw this.peerClosed('the reader closed before it had read everything');
    };
    return this.blockAsync(attempt, options, true);
  }

  /** A Web stream that sends what is written to it and owns this end: it closes it when it is closed, aborted or fails. */
  toWeb(): WritableStream<Message> {
    return webWritable(this);
  }

  /** A Node stream that sends what is written to it and owns this end, likewise. */
  toNode(options: NodeStreamOptions = {}): Writable {
    return nodeWritable(this, options);
  }

  // The hot path: one atomic operation. What is rare lies in functions of its own, so that this one stays
  // small enough to be inlined into the caller's loop.
  #put(message: Uint8Array): boolean {
    if (this.status[0] !== 0) this.checkMemory();
    const { length } = message;
    const position = this.#position;
    const room = this.#capacity - ((position - this.#readSeen) | 0);
    // Room comes in multiples of 8: what fits with its header fits with its padding, too.
    if (length > room - LENGTH_BYTES && !this.#makeRoom(length)) return false;
    const at = position & (this.#capacity - 1);
    const lengths = this.#lengths;
    lengths[at >>> 2] = length;
    if (message === this.#window.bytes && at + LENGTH_BYTES + length <= this.#capacity) {
      copyWords(lengths, (at >>> 2) + 1, this.#window.words, 0, length >>> 2);
    } else {
      this.#copyIn(message, at + LENGTH_BYTES);
    }
    const next = (position + footprint(length)) | 0;
    // Publishes length and payload; pairs with the reader's load.
    if (compareExchange(this.words, WRITTEN, position, next) !== position) {
      this.advance(position, next);
    }
    this.#position = next;
    return true;
  }

  #makeRoom(length: number): boolean {
    if (length > this.lengthMax) {
      throw outOfRange(`a message of ${length} bytes; this ring takes up to ${this.lengthMax}`);
    }
    const seen = load(this.words, READ);
    const used = (this.#position - positionOf(seen)) | 0;
    // The reader's cursor may hold anything: look before it is used.
    if (used < 0 || used > this.#capacity) {
      throw this.corrupt(`the reader's position is off by ${used} bytes`);
    }
    this.seen = seen;
    this.#readSeen = positionOf(seen);
    if (length <= this.#capacity - used - LENGTH_BYTES) return true;
    // A ring that stays full because its reader has closed is not worth waiting for.
    if (seen & CLOSED) throw this.peerClosed();
    return false;
  }

  #copyIn(message: Uint8Array, at: number): void {
    this.#window.consider(message);
    const room = this.#capacity - at;
    if (message.length <= room) {
      this.#data.set(message, at);
      return;
    }
    this.#data.set(message.subarray(0, room), at);
    this.#data.set(message.subarray(room), 0);
  }
}
