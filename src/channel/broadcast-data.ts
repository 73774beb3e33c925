// A broadcast's bytes, as its ends use them: the plain ones (lengths, sequence numbers, payloads, counts), beside the words.
//
// They are copied through the segment's ArrayBuffer, which V8 copies faster than shared memory. Where threads are explored
// (memspan/check), each four bytes are a step: so torn messages can be seen.

import { readBytes, writeBytes } from '../word/bytes.ts';
import { copyOf } from '../word/copies.ts';
import { scheduler } from '../word/scheduler.ts';
import { HEADER, LENGTH_AT, SEQUENCE_AT } from './broadcast.layout.ts';
import { copyShort, type Words, WordWindow, wordsOf } from './word-window.ts';

export class BroadcastData {
  readonly #words: Int32Array;
  /** Bytes from the span's start. */
  readonly #offset: number;
  readonly #capacity: number;
  readonly #bytes: Uint8Array;
  readonly #numbers: Int32Array;
  readonly #whole: Words;
  readonly #shared: ArrayBufferLike;
  readonly #window: WordWindow = new WordWindow();

  constructor(words: Int32Array, bulk: ArrayBuffer, offset: number, capacity: number) {
    this.#words = words;
    this.#offset = offset;
    this.#capacity = capacity;
    this.#bytes = new Uint8Array(bulk, offset, capacity);
    this.#numbers = new Int32Array(bulk, offset, capacity / 4);
    this.#whole = wordsOf(bulk, offset, capacity);
    this.#shared = words.buffer;
  }

  lengthAt(position: number): number {
    return this.#numberAt(position + LENGTH_AT);
  }

  /** The low 32 bits. */
  sequenceAt(position: number): number {
    return this.#numberAt(position + SEQUENCE_AT);
  }

  putLength(position: number, length: number): void {
    this.#putNumber(position + LENGTH_AT, length);
  }

  putSequence(position: number, sequence: number): void {
    this.#putNumber(position + SEQUENCE_AT, sequence);
  }

  /** The payload of the message at that position becomes `bytes`. */
  put(position: number, bytes: Uint8Array): void {
    if (scheduler !== null) {
      this.#explorePut(position + HEADER, bytes);
      return;
    }
    const at = (position & (this.#capacity - 1)) + HEADER;
    const { length } = bytes;
    if (bytes === this.#window.bytes && at + length <= this.#capacity) {
      copyShort(this.#whole, at, this.#window.words, 0, length);
      return;
    }
    this.#window.consider(bytes);
    const room = this.#capacity - at;
    if (length <= room) {
      this.#bytes.set(bytes, at);
      return;
    }
    this.#bytes.set(bytes.subarray(0, room), at);
    this.#bytes.set(bytes.subarray(room), 0);
  }

  /** A copy of the payload of the message at that position. `length` is at most the capacity less HEADER. */
  copy(position: number, length: number): Uint8Array {
    if (scheduler !== null) return this.#exploreCopy(position + HEADER, length);
    const at = (position & (this.#capacity - 1)) + HEADER;
    const end = at + length;
    if (end <= this.#capacity) return copyOf(this.#bytes, at, end);
    const copy = new Uint8Array(length);
    const first = this.#bytes.subarray(at);
    copy.set(first);
    copy.set(this.#bytes.subarray(0, length - first.length), first.length);
    return copy;
  }

  /** The payload in place, in shared memory; undefined where it runs over the data's end. */
  inPlace(position: number, length: number): Uint8Array | undefined {
    const at = (position & (this.#capacity - 1)) + HEADER;
    if (at + length > this.#capacity) return undefined;
    return new Uint8Array(this.#shared, this.#words.byteOffset + this.#offset + at, length);
  }

  #numberAt(position: number): number {
    const at = position & (this.#capacity - 1);
    if (scheduler !== null) {
      const bytes = readBytes(this.#words, this.#offset + at, 4);
      return new Int32Array(bytes.slice().buffer)[0] as number;
    }
    return this.#numbers[at >>> 2] as number;
  }

  #putNumber(position: number, value: number): void {
    const at = position & (this.#capacity - 1);
    if (scheduler !== null) {
      writeBytes(this.#words, this.#offset + at, new Uint8Array(new Int32Array([value]).buffer));
      return;
    }
    this.#numbers[at >>> 2] = value;
  }

  #explorePut(position: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; done += 4) {
      const at = (position + done) & (this.#capacity - 1);
      writeBytes(this.#words, this.#offset + at, bytes.subarray(done, done + 4));
    }
  }

  #exploreCopy(position: number, length: number): Uint8Array {
    const copy = new Uint8Array(length);
    for (let done = 0; done < length; done += 4) {
      const at = (position + done) & (this.#capacity - 1);
      copy.set(readBytes(this.#words, this.#offset + at, Math.min(4, length - done)), done);
    }
    return copy;
  }
}
