// The reading end of a ring.

import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { invalidArgument, outOfRange } from '../errors.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { type NodeStreamOptions, nodeReadable } from './node-streams.ts';
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
import { iterate } from './streams.ts';
import { webReadable } from './web-streams.ts';
import { copyWords, WordWindow } from './word-window.ts';

/** No message: nothing there, time over, or the stream has ended (then `ended` is true). */
type Nothing = null;

export class RingReader extends RingEnd implements Disposable, AsyncIterable<Uint8Array> {
  readonly #lengths: Int32Array;
  readonly #data: Uint8Array;
  readonly #capacity: number;
  readonly #window: WordWindow = new WordWindow();
  #position: number;
  // The writer's position when it was last loaded: its line is touched only when the ring looks empty.
  #writtenSeen: number;
  #ended = false;

  /** Made by `ring.reader()`. */
  constructor(memory: RingMemory, words: Int32Array, capacity: number) {
    super(memory, words, READER, WRITER);
    this.#capacity = capacity;
    this.#lengths = new Int32Array(memory.bulk, DATA, capacity / 4);
    this.#data = new Uint8Array(memory.bulk, DATA, capacity);
    this.#position = positionOf(load(words, READ));
    // As if the ring were empty: the first call looks, and what it finds is checked.
    this.#writtenSeen = this.#position;
  }

  /** True once a call has found that the writer has closed and everything was taken. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes the next message if there is one, as a copy. Never waits. */
  tryReceive(): Uint8Array | Nothing {
    if (this.isBusy) return null;
    const length = this.#next();
    return length < 0 ? null : this.#takeCopy(length);
  }

  /**
   * Takes the next message into `target` and returns its length; −1 when there is none. Allocates nothing.
   * Throws RangeError, and takes nothing, when the message is longer than the target.
   */
  tryReceiveInto(target: Uint8Array): number {
    if (!(target instanceof Uint8Array)) throw invalidArgument('a target is a Uint8Array');
    if (this.isBusy) return -1;
    const length = this.#next();
    if (length < 0) return -1;
    if (length > target.length) {
      throw outOfRange(`the message has ${length} bytes, the target ${target.length}`);
    }
    this.#takeInto(target, length);
    return length;
  }

  /**
   * Waits for a message; null when the time is over or the stream has ended. Throws `ERR_MEMSPAN_PEER_DIED`
   * when the writer died and all it sent was taken.
   */
  receive(options: RingWaitOptions = {}): Uint8Array | Nothing {
    if (!this.isBusy) {
      const found = this.#takeOrEnd();
      if (found !== undefined) return messageOf(found);
    }
    return messageOf(this.block(() => this.#takeOrEnd(), options));
  }

  /**
   * Waits for a message and takes it into `target`: its length, or −1 when the time is over or the stream has
   * ended. Throws as tryReceiveInto and receive do.
   */
  receiveInto(target: Uint8Array, options: RingWaitOptions = {}): number {
    const length = this.tryReceiveInto(target);
    if (length >= 0 || this.#ended) return length;
    const attempt = (): number | undefined => {
      const taken = this.tryReceiveInto(target);
      return taken >= 0 || this.#ended ? taken : undefined;
    };
    return this.block(attempt, options) ?? -1;
  }

  /**
   * Like receive, without blocking the thread. Calls are served in their order. It does not wait for the event
   * loop when a message is there: a loop over it should let others have their turn, as `for await` does.
   */
  async receiveAsync(options: RingAsyncOptions = {}): Promise<Uint8Array | Nothing> {
    options.signal?.throwIfAborted();
    if (!this.isBusy) {
      const found = this.#takeOrEnd();
      if (found !== undefined) return messageOf(found);
    }
    return messageOf(await this.blockAsync(() => this.#takeOrEnd(), options));
  }

  /** All messages until the writer closes. Leaving the loop leaves the reader open. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    return iterate(this);
  }

  /** A Web stream of the messages, which owns this end: it closes it when it is cancelled, fails or has ended. */
  toWeb(): ReadableStream<Uint8Array> {
    return webReadable(this);
  }

  /** A Node stream of the messages, which owns this end, likewise. */
  toNode(options: NodeStreamOptions = {}): Readable {
    return nodeReadable(this, options);
  }

  /** Undefined: nothing yet. False: nothing will come. */
  #takeOrEnd(): Uint8Array | false | undefined {
    const length = this.#next();
    if (length >= 0) return this.#takeCopy(length);
    return this.#ended ? false : undefined;
  }

  /** The next message's length, or −1. What the ring says is looked at before it is used. */
  #next(): number {
    if (this.status[0] !== 0) this.checkMemory();
    let available = (this.#writtenSeen - this.#position) | 0;
    if (available === 0) available = this.#look();
    if (available === 0) return -1;
    const length = this.#lengths[(this.#position & (this.#capacity - 1)) >>> 2] as number;
    // Unsigned, so that a negative length is too long. What is available comes in multiples of 8.
    if (length >>> 0 > available - LENGTH_BYTES) {
      throw this.corrupt(`a message of ${length} bytes in ${available}`);
    }
    return length;
  }

  /** The bytes before the writer's cursor as it is now, which may hold anything. */
  #look(): number {
    const seen = load(this.words, WRITTEN);
    // Memory that was cut off by now reads as zeros: that is no news.
    if (this.status[0] !== 0) this.checkMemory();
    const available = (positionOf(seen) - this.#position) | 0;
    if (available < 0 || available > this.#capacity) {
      throw this.corrupt(`the writer's position is off by ${available} bytes`);
    }
    this.seen = seen;
    this.#writtenSeen = positionOf(seen);
    this.#ended = available === 0 && (seen & CLOSED) !== 0;
    return available;
  }

  // One call of `slice` is 25 ns faster for a short message than a new array, a subarray and `set`.
  #takeCopy(length: number): Uint8Array {
    const at = (this.#position & (this.#capacity - 1)) + LENGTH_BYTES;
    const end = at + length;
    const copy =
      end <= this.#capacity
        ? this.#data.slice(at, end)
        : this.#copyWrapped(new Uint8Array(length), at);
    this.#giveBack(length);
    return copy;
  }

  #takeInto(target: Uint8Array, length: number): void {
    const at = (this.#position & (this.#capacity - 1)) + LENGTH_BYTES;
    const end = at + length;
    if (target === this.#window.bytes && end <= this.#capacity && length % 4 === 0) {
      copyWords(this.#window.words, 0, this.#lengths, at >>> 2, length >>> 2);
    } else {
      this.#window.consider(target);
      if (end <= this.#capacity) target.set(this.#data.subarray(at, end));
      else this.#copyWrapped(target.subarray(0, length), at);
    }
    this.#giveBack(length);
  }

  /** Fills `target` with a message that runs over the end of the data area. */
  #copyWrapped(target: Uint8Array, at: number): Uint8Array {
    const first = this.#data.subarray(at);
    target.set(first);
    target.set(this.#data.subarray(0, target.length - first.length), first.length);
    return target;
  }

  /** Frees the room of the message that was copied; pairs with the writer's load. */
  #giveBack(length: number): void {
    // Memory that was cut off meanwhile reads as zeros: that was no message.
    if (this.status[0] !== 0) this.checkMemory();
    const position = this.#position;
    const next = (position + footprint(length)) | 0;
    if (compareExchange(this.words, READ, position, next) !== position) {
      this.advance(position, next);
    }
    this.#position = next;
  }
}

function messageOf(found: Uint8Array | false | null): Uint8Array | null {
  return found === false ? null : found;
}
