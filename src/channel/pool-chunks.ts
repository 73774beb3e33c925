// The chunks of a pool: who loans one, publishes it, takes it, gives it back. pool.layout.ts has the words and their states.
//
// Every change is one compare-exchange of the chunk's state. What a chunk's number is used for here is computed from a
// count that was checked; nothing that is read from shared memory is an index.

import type { Attachment } from '../span/attachment.ts';
import { ID_MASK } from '../span/participant.layout.ts';
import { add, compareExchange, load, store } from '../word/atomics.ts';
import {
  CHUNK_WORDS,
  ChunkWord,
  LOANED,
  PENDING_MASK,
  type PoolShape,
  PoolWord,
  PUBLISHED,
  READERS_MAX,
} from './pool.layout.ts';

/** No chunk. */
export const NONE = -1;

/** What a chunk's state says. */
export type ChunkState =
  | { readonly kind: 'free' }
  | { readonly kind: 'loaned'; readonly id: number }
  /** Bits, one for each seat. */
  | { readonly kind: 'published'; readonly pending: number; readonly taken: number }
  /** Nothing that memspan writes there. */
  | { readonly kind: 'damaged' };

export class Chunks {
  readonly #attachment: Attachment;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #count: number;
  readonly #readers: number;
  /** The first chunk's state. */
  readonly #states: number;
  /** Where the next message may be. */
  #next = 0;

  /** `index` is the pool's first word. */
  constructor(attachment: Attachment, index: number, { chunks, readers }: PoolShape) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = index;
    this.#count = chunks;
    this.#readers = readers;
    this.#states = index + PoolWord.chunks + ChunkWord.state;
  }

  /**
   * Loans a chunk that is free: the first, so that few chunks are in use, and those are in the caches. NONE when there
   * was none when each was looked at.
   */
  loan(): number {
    const words = this.#words;
    for (let chunk = 0; chunk < this.#count; chunk++) {
      const at = this.#states + chunk * CHUNK_WORDS;
      const state = load(words, at);
      if (state !== 0 && state !== PUBLISHED) continue;
      // step: pool-before-loan
      if (compareExchange(words, at, state, LOANED | this.#attachment.id) !== state) continue;
      // step: pool-loaned
      this.#raiseHighWater(chunk);
      return chunk;
    }
    return NONE;
  }

  /** Loans a chunk whose loaner has died. */
  loanOfDead(): number {
    const { id, view } = this.#attachment;
    for (let chunk = 0; chunk < this.#count; chunk++) {
      const at = this.#states + chunk * CHUNK_WORDS;
      const state = load(this.#words, at);
      const owner = state & ID_MASK;
      if ((state & (PUBLISHED | LOANED)) !== LOANED || owner === id) continue;
      if (view.isAlive(owner)) continue;
      // step: pool-before-takeover
      if (compareExchange(this.#words, at, state, LOANED | id) === state) return chunk;
    }
    return NONE;
  }

  #raiseHighWater(chunk: number): void {
    const at = this.#index + PoolWord.highWater;
    for (;;) {
      const highest = load(this.#words, at);
      if (highest > chunk) return;
      if (compareExchange(this.#words, at, highest, chunk + 1) === highest) return;
    }
  }

  /** The first one whose state can't be; NONE if all can. */
  damaged(): number {
    for (let chunk = 0; chunk < this.#count; chunk++) {
      if (this.stateOf(chunk).kind === 'damaged') return chunk;
    }
    return NONE;
  }

  stateOf(chunk: number): ChunkState {
    const state = load(this.#words, this.#states + chunk * CHUNK_WORDS);
    if (state === 0 || state === PUBLISHED) return { kind: 'free' };
    if ((state & PUBLISHED) === 0) {
      const isLoaned = (state & ~ID_MASK) === LOANED;
      return isLoaned ? { kind: 'loaned', id: state & ID_MASK } : { kind: 'damaged' };
    }
    const pending = state & PENDING_MASK;
    const taken = (state >>> READERS_MAX) & PENDING_MASK;
    const isPossible = (state & LOANED) === 0 && (pending | taken) >>> this.#readers === 0;
    return isPossible ? { kind: 'published', pending, taken } : { kind: 'damaged' };
  }

  sequenceOf(chunk: number): number {
    return load(this.#words, this.#states + chunk * CHUNK_WORDS + ChunkWord.sequence) >>> 0;
  }

  /** Whatever somebody hostile has written, too. */
  lengthOf(chunk: number): number {
    return load(this.#words, this.#states + chunk * CHUNK_WORDS + ChunkWord.length) >>> 0;
  }

  /** Gives a loan back. False when somebody has written over it. */
  abort(chunk: number): boolean {
    const loaned = LOANED | this.#attachment.id;
    // step: pool-before-abort
    const at = this.#states + chunk * CHUNK_WORDS;
    return compareExchange(this.#words, at, loaned, 0) === loaned;
  }

  /** Publishes a loan to those seats. False when somebody has written over it. */
  publish(chunk: number, length: number, seats: number): boolean {
    const words = this.#words;
    const at = this.#states + chunk * CHUNK_WORDS;
    const loaned = LOANED | this.#attachment.id;
    const sequence = add(words, this.#index + PoolWord.sent, 1);
    // Readers look at these two only once they have seen their bit.
    store(words, at + ChunkWord.sequence, sequence);
    store(words, at + ChunkWord.length, length);
    // step: pool-before-publish
    if (compareExchange(words, at, loaned, PUBLISHED | seats) !== loaned) return false;
    // step: pool-published
    this.#countBytes(length);
    return true;
  }

  #countBytes(length: number): void {
    if (length === 0) return;
    const at = this.#index + PoolWord.bytes;
    const before = add(this.#words, at, length) >>> 0;
    if (before + length > 0xffff_ffff) add(this.#words, at + 1, 1);
  }

  /** Takes the earliest message of that seat, which is this thread's; NONE when there is none. */
  take(seat: number): number {
    for (;;) {
      const chunk = this.#earliest(seat);
      if (chunk === NONE) return NONE;
      // step: pool-before-take
      if (!this.#mark(chunk, seat)) continue;
      // step: pool-taken
      this.#next = chunk + 1;
      add(this.#words, this.#index + PoolWord.received, 1);
      return chunk;
    }
  }

  /**
   * Nobody but this thread takes its messages away, so what was seen pending stays so; and when a writer's second message
   * could be seen, its first one could. So the walk goes on until it has been at every other chunk since it saw
   * the one it has.
   */
  #earliest(seat: number): number {
    const words = this.#words;
    const count = this.#count;
    const bit = 1 << seat;
    let found = NONE;
    let earliest = 0;
    let at = this.#next < count ? this.#next : 0;
    // Somebody hostile could have it go on for ever.
    for (let left = count, steps = count * (count + 1); left > 0 && steps > 0; left--, steps--) {
      const index = this.#states + at * CHUNK_WORDS;
      const state = load(words, index);
      if (state < 0 && (state & bit) !== 0 && at !== found) {
        const sequence = load(words, index + ChunkWord.sequence);
        // Sequences wrap: the difference tells which is earlier.
        if (found === NONE || ((sequence - earliest) | 0) < 0) {
          found = at;
          earliest = sequence;
          left = count;
        }
      }
      at = at + 1 === count ? 0 : at + 1;
    }
    return found;
  }

  /** Pending becomes taken. False when it is not pending. */
  #mark(chunk: number, seat: number): boolean {
    const at = this.#states + chunk * CHUNK_WORDS;
    const pending = 1 << seat;
    const taken = pending << READERS_MAX;
    for (;;) {
      const state = load(this.#words, at);
      if (state >= 0 || (state & pending) === 0) return false;
      const next = (state & ~pending) | taken;
      if (compareExchange(this.#words, at, state, next) === state) return true;
    }
  }

  /** Clears the bits of that seat, which is this thread's, in one chunk. True when that has freed it. */
  release(chunk: number, seat: number): boolean {
    const at = this.#states + chunk * CHUNK_WORDS;
    const bits = bitsOf(seat);
    for (;;) {
      const state = load(this.#words, at);
      if (state >= 0 || (state & bits) === 0) return false;
      const next = state & ~bits;
      // step: pool-before-release
      if (compareExchange(this.#words, at, state, next) === state) return next === PUBLISHED;
    }
  }

  /** The same in all chunks; how many that has freed. */
  releaseAll(seat: number): number {
    let freed = 0;
    for (let chunk = 0; chunk < this.#count; chunk++) if (this.release(chunk, seat)) freed++;
    return freed;
  }

  hasBits(seat: number): boolean {
    const bits = bitsOf(seat);
    for (let chunk = 0; chunk < this.#count; chunk++) {
      const state = load(this.#words, this.#states + chunk * CHUNK_WORDS);
      if (state < 0 && (state & bits) !== 0) return true;
    }
    return false;
  }
}

/** Pending and taken. */
function bitsOf(seat: number): number {
  return (1 << seat) | (1 << (seat + READERS_MAX));
}
