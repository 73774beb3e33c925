// What a ring's reading end does to its bytes: finding the next message, copying it out, and giving its room back.

import type { MemspanError } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { copyOf } from '../word/copies.ts';
import type { Codec } from './codec.ts';
import {
  ABSENT,
  CLOSED,
  Counter,
  DATA,
  footprint,
  LENGTH_BYTES,
  PADDING,
  positionOf,
  READ,
  READER,
  WRITER,
  WRITTEN,
} from './ring.layout.ts';
import { RingEnd, type RingPlace } from './ring-end.ts';
import { RingMessage } from './ring-loan.ts';
import {
  BatchWindow,
  copyShort,
  LENGTH_MAX,
  type Words,
  WordWindow,
  wordsOf,
} from './word-window.ts';

/** Nothing will come. */
export const END: unique symbol = Symbol('end');

export class RingReading<T, V> extends RingEnd {
  protected readonly codec: Codec<T, never>;
  readonly #lengths: Int32Array;
  /** From the first one on. */
  readonly #payloads: Words;
  readonly #data: Uint8Array;
  readonly #capacity: number;
  readonly #window: WordWindow = new WordWindow();
  readonly #batchWindow: BatchWindow = new BatchWindow();
  /** Of the next message: ahead of the cursor behind padding, and in the midst of a batch. */
  #position: number;
  /** The cursor. */
  #given: number;
  // The writer's position when it was last loaded: its line is touched only when the ring looks empty.
  #writtenSeen: number;
  #ended = false;

  protected constructor(place: RingPlace, codec: Codec<T, never>) {
    super(place, READER, WRITER);
    const { bulk, offset, capacity } = place;
    this.codec = codec;
    this.#capacity = capacity;
    this.#lengths = new Int32Array(bulk, offset + DATA, capacity / 4);
    this.#payloads = wordsOf(bulk, offset + DATA + LENGTH_BYTES, capacity - LENGTH_BYTES);
    this.#data = new Uint8Array(bulk, offset + DATA, capacity);
    this.#position = positionOf(load(this.words, READ));
    this.#given = this.#position;
    // As if the ring were empty: the first call looks, and what it finds is checked.
    this.#writtenSeen = this.#position;
  }

  /** Of the messages; undefined for bytes. */
  get layout(): Layout | undefined {
    return this.codec.layout;
  }

  /**
   * True once a call has found that the writer has closed and everything was taken. In a span another writer may come:
   * then it is false again after the next call.
   */
  get ended(): boolean {
    return this.#ended;
  }

  /** Undefined: nothing yet. */
  protected takeOrEnd(): T | typeof END | undefined {
    const length = this.next();
    if (length >= 0) return this.takeValue(length);
    return this.#ended ? END : undefined;
  }

  /** The next message's length, or −1. What the ring says is looked at before it is used. */
  protected next(): number {
    if (this.status[0] !== 0) this.checkMemory();
    let available = (this.#writtenSeen - this.#position) | 0;
    if (available === 0) available = this.#look();
    if (available === 0) return -1;
    const length = this.#lengths[(this.#position & (this.#capacity - 1)) >>> 2] as number;
    // Unsigned, so that a negative length is too long. What is available comes in multiples of 8.
    return length >>> 0 > available - LENGTH_BYTES ? this.#nextAfter(length, available) : length;
  }

  /** The message behind a padding record. */
  #nextAfter(record: number, available: number): number {
    const at = this.#position & (this.#capacity - 1);
    const tail = this.#capacity - at;
    if (record !== PADDING || at === 0) throw this.#badLength(record, available);
    if (tail >= available) throw this.corrupt(`padding of ${tail} bytes in ${available}`);
    const length = this.#lengths[0] as number;
    if (length >>> 0 > available - tail - LENGTH_BYTES) {
      throw this.#badLength(length, available - tail);
    }
    // Given back with the message.
    this.#position = (this.#position + tail) | 0;
    return length;
  }

  #badLength(length: number, available: number): MemspanError {
    return this.corrupt(`a message of ${length} bytes in ${available}`);
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
    if (available > 0) {
      this.#ended = false;
      this.noteDepth(this.peerCounts, this.counts);
    } else this.#ended = this.#isEnd(seen);
    return available;
  }

  /** In a ring that is empty. In a span the end is told once, to whoever takes it: ring.layout.ts. */
  #isEnd(seen: number): boolean {
    const { words } = this;
    if ((seen & CLOSED) === 0) return this.#ended && load(words, WRITER.attached) === ABSENT;
    if (this.ends.isReusable && load(words, WRITER.attached) === ABSENT) {
      // step: ring-before-end-taken
      compareExchange(words, WRITTEN, seen, seen & ~CLOSED);
    }
    return true;
  }

  protected takeValue(length: number): T {
    const { codec } = this;
    if (codec.size !== undefined && length !== codec.size) throw this.#badSize(length);
    const copy = this.#copyOf(length);
    this.#giveBack((this.#position + footprint(length)) | 0, 1);
    return codec.valueOf(copy);
  }

  #badSize(length: number): MemspanError {
    return this.corrupt(`a message of ${length} bytes, where all have ${this.codec.size}`);
  }

  // One call of `slice` is 25 ns faster for a short message than a new array, a subarray and `set`.
  #copyOf(length: number): Uint8Array {
    const at = (this.#position & (this.#capacity - 1)) + LENGTH_BYTES;
    const end = at + length;
    if (end <= this.#capacity) return copyOf(this.#data, at, end);
    return this.#copyWrapped(new Uint8Array(length), at, 0, length);
  }

  /** `target` has room for it. */
  protected takeInto(target: Uint8Array, length: number): void {
    const at = (this.#position & (this.#capacity - 1)) + LENGTH_BYTES;
    const end = at + length;
    if (target === this.#window.bytes && end <= this.#capacity && length % 4 === 0) {
      copyShort(this.#window.words, 0, this.#payloads, at - LENGTH_BYTES, length);
    } else {
      this.#window.consider(target);
      if (end <= this.#capacity) target.set(this.#data.subarray(at, end));
      else this.#copyWrapped(target, at, 0, length);
    }
    this.#giveBack((this.#position + footprint(length)) | 0, 1);
  }

  /** Copies of the next messages, up to `max`. */
  protected takeBatch(max: number): T[] {
    const { codec } = this;
    const found: Uint8Array[] = [];
    const start = this.#position;
    try {
      while (found.length < max) {
        const length = this.next();
        if (length < 0) break;
        if (codec.size !== undefined && length !== codec.size) throw this.#badSize(length);
        found.push(this.#copyOf(length));
        this.#position = (this.#position + footprint(length)) | 0;
      }
      if (found.length > 0) this.#giveBack(this.#position, found.length);
    } catch (error) {
      this.#position = start;
      throw error;
    }
    return found.map((bytes) => codec.valueOf(bytes));
  }

  /** As many of the next messages as fit, one behind the other; each one's length goes to `lengths`. */
  protected takeBatchInto(target: Uint8Array, lengths: Int32Array): number {
    const start = this.#position;
    let count = 0;
    let filled = 0;
    try {
      while (count < lengths.length) {
        const length = this.next();
        if (length < 0 || length > target.length - filled) break;
        this.#copyTo(target, filled, length);
        lengths[count] = length;
        count++;
        filled += length;
        this.#position = (this.#position + footprint(length)) | 0;
      }
      if (count > 0) this.#giveBack(this.#position, count);
    } catch (error) {
      this.#position = start;
      throw error;
    }
    return count;
  }

  #copyTo(target: Uint8Array, to: number, length: number): void {
    const at = (this.#position & (this.#capacity - 1)) + LENGTH_BYTES;
    const end = at + length;
    const words = this.#batchWindow.of(target);
    if (end > this.#capacity) this.#copyWrapped(target, at, to, length);
    else if (words !== undefined && length <= LENGTH_MAX && (to & 7) === 0 && (length & 3) === 0) {
      copyShort(words, to, this.#payloads, at - LENGTH_BYTES, length);
    } else target.set(this.#data.subarray(at, end), to);
  }

  /** The next message in its place, if there is one. One that runs over the end is a copy. */
  protected lendNext(): RingMessage<V> | undefined {
    const length = this.next();
    if (length < 0) return undefined;
    const { codec, place } = this;
    if (codec.size !== undefined && length !== codec.size) throw this.#badSize(length);
    const at = (this.#position & (this.#capacity - 1)) + LENGTH_BYTES;
    const bytes =
      at + length <= this.#capacity
        ? new Uint8Array(place.buffer, place.offset + DATA + at, length)
        : this.#copyWrapped(new Uint8Array(length), at, 0, length);
    const next = (this.#position + footprint(length)) | 0;
    // step: ring-taken
    return this.lend(
      new RingMessage<V>(bytes, codec.layout, (message) => {
        if (this.returnLoan(message)) this.#giveBack(next, 1);
      }),
    );
  }

  /** Copies a message that runs over the end of the data area. */
  #copyWrapped(target: Uint8Array, at: number, to: number, length: number): Uint8Array {
    const mask = this.#capacity - 1;
    // Short ones byte by byte: a subarray is an object.
    if (length <= LENGTH_MAX) {
      for (let i = 0; i < length; i++) target[to + i] = this.#data[(at + i) & mask] as number;
      return target;
    }
    const first = this.#data.subarray(at);
    target.set(first, to);
    target.set(this.#data.subarray(0, length - first.length), to + first.length);
    return target;
  }

  /** Frees the room of everything before `next`; pairs with the writer's load. */
  #giveBack(next: number, messages: number): void {
    // Memory that was cut off meanwhile reads as zeros: that was no message.
    if (this.status[0] !== 0) this.checkMemory();
    // step: ring-before-given
    if (compareExchange(this.words, READ, this.#given, next) !== this.#given) {
      this.advance(this.#given, next);
    }
    // step: ring-given
    this.#given = next;
    this.#position = next;
    const { counts } = this;
    counts[Counter.messages] = (counts[Counter.messages] as number) + messages;
  }
}
