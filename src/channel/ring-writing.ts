// What a ring's writing end does to its bytes: putting messages there, in one piece or over the end, and publishing them.

import { invalidArgument, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { compareExchange, load } from '../word/atomics.ts';
import type { Codec } from './codec.ts';
import {
  CLOSED,
  Counter,
  DATA,
  footprint,
  LENGTH_BYTES,
  lengthInOnePiece,
  PADDING,
  positionOf,
  READ,
  READER,
  REFUSED,
  WRITER,
  WRITTEN,
} from './ring.layout.ts';
import { type OpenLoan, RingEnd, type RingPlace } from './ring-end.ts';
import { RingClaim } from './ring-loan.ts';
import { copyShort, LENGTH_MAX, type Words, WordWindow, wordsOf } from './word-window.ts';

export class RingWriting<S, V> extends RingEnd {
  protected readonly codec: Codec<unknown, S>;
  readonly #lengths: Int32Array;
  /** From the first one on. */
  readonly #payloads: Words;
  readonly #data: Uint8Array;
  readonly #capacity: number;
  readonly #window: WordWindow = new WordWindow();
  /** Of the next message; in the midst of a batch it is ahead of what is published. */
  #position: number;
  // The reader's position when it was last loaded: its line is touched only when the ring looks full.
  #readSeen: number;

  protected constructor(place: RingPlace, codec: Codec<unknown, S>) {
    super(place, WRITER, READER);
    const { bulk, offset, capacity } = place;
    this.codec = codec;
    this.#capacity = capacity;
    this.#lengths = new Int32Array(bulk, offset + DATA, capacity / 4);
    this.#payloads = wordsOf(bulk, offset + DATA + LENGTH_BYTES, capacity - LENGTH_BYTES);
    this.#data = new Uint8Array(bulk, offset + DATA, capacity);
    this.#position = positionOf(load(this.words, WRITTEN));
    // As if the ring were full: the first message looks, and what it finds is checked.
    this.#readSeen = (this.#position - capacity) | 0;
  }

  /** Of the messages; undefined for bytes. */
  get layout(): Layout | undefined {
    return this.codec.layout;
  }

  /** The longest message, in bytes. */
  get lengthMax(): number {
    return this.#capacity - LENGTH_BYTES;
  }

  /** The longest that can be claimed, in bytes: half of the ring, as it has to be in one piece. */
  get claimMax(): number {
    return lengthInOnePiece(this.#capacity);
  }

  /** Whether the reader, whose cursor that is, has taken everything. */
  protected isTaken(read: number): boolean {
    // Beyond it, where another writer has come since.
    return ((positionOf(read) - this.#position) | 0) >= 0;
  }

  // The hot path: one atomic operation. What is rare lies in functions of its own, so that this one stays
  // small enough to be inlined into the caller's loop.
  protected put(message: Uint8Array): boolean {
    if (this.status[0] !== 0) this.checkMemory();
    const position = this.#position;
    if (!this.#write(message, position)) return false;
    const { length } = message;
    this.#publish(position, (position + footprint(length)) | 0, 1, length);
    return true;
  }

  #write(message: Uint8Array, position: number): boolean {
    const { length } = message;
    const room = this.#capacity - ((position - this.#readSeen) | 0);
    // Room comes in multiples of 8: what fits with its header fits with its padding, too.
    if (length > room - LENGTH_BYTES && !this.#makeRoom(length)) return false;
    const at = position & (this.#capacity - 1);
    const lengths = this.#lengths;
    lengths[at >>> 2] = length;
    if (message === this.#window.bytes && at + LENGTH_BYTES + length <= this.#capacity) {
      copyShort(this.#payloads, at, this.#window.words, 0, length);
    } else {
      this.#copyIn(message, at + LENGTH_BYTES);
    }
    return true;
  }

  /** Pairs with the reader's load: it sees all that was written. */
  #publish(position: number, next: number, messages: number, bytes: number): void {
    // step: ring-before-publish
    if (compareExchange(this.words, WRITTEN, position, next) !== position) {
      this.advance(position, next);
    }
    // step: ring-published
    this.#position = next;
    const { counts } = this;
    counts[Counter.messages] = (counts[Counter.messages] as number) + messages;
    counts[Counter.bytes] = (counts[Counter.bytes] as number) + bytes;
  }

  /** From that one on; how many. */
  protected putAll(messages: readonly S[], from: number): number {
    if (this.status[0] !== 0) this.checkMemory();
    const start = this.#position;
    let count = 0;
    let bytes = 0;
    try {
      for (let i = from; i < messages.length; i++) {
        const message = this.codec.bytesOf(messages[i] as S);
        if (!this.#write(message, this.#position)) break;
        bytes += message.length;
        count++;
        this.#position = (this.#position + footprint(message.length)) | 0;
      }
      if (count > 0) this.#publish(start, this.#position, count, bytes);
      return count;
    } catch (error) {
      this.#position = start;
      throw error;
    }
  }

  protected claimLength(length: number | undefined): number {
    const { size } = this.codec;
    const wanted = length ?? size;
    if (typeof wanted !== 'number') throw invalidArgument('a claim is of a number of bytes');
    if (size !== undefined && wanted !== size) {
      throw outOfRange(`a claim of ${wanted} bytes; this ring's messages have ${size}`);
    }
    if (Number.isInteger(wanted) && wanted >= 0 && wanted <= this.claimMax) return wanted;
    throw outOfRange(
      `a claim of ${wanted} bytes; this ring has up to ${this.claimMax} in one piece`,
    );
  }

  protected claimNow(length: number): RingClaim<V> | undefined {
    if (this.status[0] !== 0) this.checkMemory();
    const position = this.#position;
    const tail = this.#capacity - (position & (this.#capacity - 1));
    const padding = length + LENGTH_BYTES > tail ? tail : 0;
    const room = this.#capacity - ((position - this.#readSeen) | 0);
    if (padding + length > room - LENGTH_BYTES && !this.#makeRoom(padding + length)) {
      return undefined;
    }
    const at = (position + padding) & (this.#capacity - 1);
    // Neither this nor the length is seen before the message is published.
    if (padding > 0) this.#lengths[(this.#capacity - tail) >>> 2] = PADDING;
    const { buffer, offset } = this.place;
    const bytes = new Uint8Array(buffer, offset + DATA + at + LENGTH_BYTES, length);
    const finish = (claim: OpenLoan, committed: number | undefined): void => {
      if (!this.returnLoan(claim)) throw this.failure('ERR_MEMSPAN_CLOSED', 'the claim has ended');
      if (committed === undefined) return;
      if (this.status[0] !== 0) this.checkMemory();
      this.#lengths[at >>> 2] = committed;
      const next = (position + padding + footprint(committed)) | 0;
      this.#publish(position, next, 1, committed);
    };
    // step: ring-claimed
    return this.lend(new RingClaim<V>(bytes, this.layout, finish));
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
    this.noteDepth(this.counts, this.peerCounts);
    if (length <= this.#capacity - used - LENGTH_BYTES) return true;
    // A ring that stays full because its reader has closed is not worth waiting for.
    if (seen & CLOSED || this.#isRefused) throw this.peerClosed();
    return false;
  }

  /** In a span a reader may have closed while this writer came, and cleared the one flag and not the other. */
  get #isRefused(): boolean {
    return this.ends.isReusable && (load(this.words, WRITTEN) & REFUSED) !== 0;
  }

  #copyIn(message: Uint8Array, at: number): void {
    this.#window.consider(message);
    const room = this.#capacity - at;
    if (message.length <= room) {
      this.#data.set(message, at);
      return;
    }
    // Short ones byte by byte: a subarray is an object.
    if (message.length <= LENGTH_MAX) {
      const mask = this.#capacity - 1;
      for (let i = 0; i < message.length; i++) this.#data[(at + i) & mask] = message[i] as number;
      return;
    }
    this.#data.set(message.subarray(0, room), at);
    this.#data.set(message.subarray(room), 0);
  }
}
