// Bytes that one thread may be writing while others copy them: what a copy is worth, words tell afterwards (seqlocks).
//
// Copied through an ArrayBuffer over the same memory, since V8 copies shared memory word by word. Plain accesses: see `fence`
// in atomics.ts for what keeps them in their place. Explored, each word that is copied is a step of its own.

import { load, store } from './atomics.ts';
import { copyOf } from './copies.ts';
import { scheduler } from './scheduler.ts';

export class RacingBytes {
  /** The memory, as the atomic operations know it. */
  readonly #shared: Int32Array;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  /** `bulk` begins with the same byte as `shared`. */
  constructor(shared: Int32Array, bulk: ArrayBuffer) {
    this.#shared = shared;
    this.#words = new Int32Array(bulk, 0, shared.length);
    this.#bytes = new Uint8Array(bulk);
  }

  word(index: number): number {
    if (scheduler !== null) return load(this.#shared, index);
    return this.#words[index] as number;
  }

  setWord(index: number, value: number): void {
    if (scheduler !== null) store(this.#shared, index, value);
    else this.#words[index] = value;
  }

  /** A copy. `offset` is a multiple of 4. */
  read(offset: number, length: number): Uint8Array {
    if (scheduler === null) return copyOf(this.#bytes, offset, offset + length);
    return this.#steps(offset, length);
  }

  /** `offset` is a multiple of 4. */
  readInto(target: Uint8Array, offset: number, length: number): void {
    if (scheduler === null) target.set(this.#bytes.subarray(offset, offset + length));
    else target.set(this.#steps(offset, length));
  }

  /** `offset` is a multiple of 4. */
  write(offset: number, bytes: Uint8Array): void {
    if (scheduler === null) {
      this.#bytes.set(bytes, offset);
      return;
    }
    const words = new Int32Array(Math.ceil(bytes.length / 4));
    new Uint8Array(words.buffer).set(bytes);
    for (const [i, word] of words.entries()) store(this.#shared, offset / 4 + i, word);
  }

  /** Copies within the memory, then zeros up to `size`. Offsets are multiples of 4. */
  move(to: number, from: number, length: number, size: number): void {
    if (scheduler === null) {
      this.#bytes.copyWithin(to, from, from + length);
      this.#bytes.fill(0, to + length, to + size);
      return;
    }
    const padded = new Uint8Array(size);
    padded.set(this.#steps(from, length));
    this.write(to, padded);
  }

  #steps(offset: number, length: number): Uint8Array {
    const words = new Int32Array(Math.ceil(length / 4));
    for (let i = 0; i < words.length; i++) words[i] = load(this.#shared, offset / 4 + i);
    return new Uint8Array(words.buffer, 0, length);
  }
}
