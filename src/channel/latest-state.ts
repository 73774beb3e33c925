// The newest value's words and bytes: what the writer does to them, and how they are read whole (latest.layout.ts).

import type { MemspanError } from '../errors.ts';
import type { Attachment } from '../span/attachment.ts';
import { fence, load, store } from '../word/atomics.ts';
import { RacingBytes } from '../word/racing.ts';
import {
  BUFFERS,
  Buffered,
  ENDED,
  HALF,
  HEADER,
  halfOf,
  type LatestFacts,
  PUBLISHED,
  sequenceOf,
  strideOf,
} from './latest.layout.ts';

/**
 * A try fails only if the writer has published `buffers` − 1 values while a single one was copied. Nobody is that much
 * faster so often unless it publishes without filling.
 */
const TRIES = 1000;

/** A value as it was copied. */
export interface Copied {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** What the newest buffer's header says of a value that was found whole. */
export interface Count {
  readonly sequence: number;
  /** Of all values up to this one. */
  readonly bytes: number;
}

export class LatestState {
  readonly facts: LatestFacts;
  /** Of the span. */
  readonly words: Int32Array;
  /** The object's first word. */
  readonly index: number;
  readonly #bytes: RacingBytes;
  readonly #stride: number;
  readonly #mask: number;
  /** What the last look has found. */
  #half = 0;
  #published = 0;
  readonly #fail: (code: MemspanError['code'], cause: string, remedy: string) => MemspanError;

  constructor(
    attachment: Attachment,
    offset: number,
    facts: LatestFacts,
    fail: (code: MemspanError['code'], cause: string, remedy: string) => MemspanError,
  ) {
    const { words, segment } = attachment.view;
    this.facts = facts;
    this.words = words;
    this.index = offset / 4;
    this.#bytes = new RacingBytes(words, segment.bulk);
    this.#stride = strideOf(facts.size);
    this.#mask = facts.buffers - 1;
    this.#fail = fail;
  }

  get isEnded(): boolean {
    return load(this.words, this.index + ENDED) === 1;
  }

  set isEnded(isEnded: boolean) {
    store(this.words, this.index + ENDED, isEnded ? 1 : 0);
  }

  /** Of the newest value; 0 when there is none yet. */
  get sequence(): number {
    const { words, index } = this;
    for (let look = 0; look < TRIES; look++) {
      const half = load(words, index + HALF);
      const published = load(words, index + PUBLISHED);
      if (load(words, index + HALF) === half) return sequenceOf(half, published);
    }
    throw this.#damaged('its sequence changes faster than anybody can publish');
  }

  /** The byte of the span at which the value of that sequence lies. */
  valueAt(sequence: number): number {
    return 4 * this.index + BUFFERS + (sequence & this.#mask) * this.#stride + HEADER;
  }

  /**
   * The newest value, copied whole; null when there is none. Throws `ERR_MEMSPAN_WOULD_BLOCK` when the writer comes round
   * to the value each time before it is copied.
   */
  copy(): Copied | null {
    let bytes: Uint8Array | undefined;
    for (let look = 0; look < TRIES; look++) {
      const at = this.#look();
      if (at < 0) return null;
      const length = this.#lengthAt(at);
      if (this.#isPossible(length)) {
        if (bytes?.length === length) this.#bytes.readInto(bytes, at, length);
        else bytes = this.#bytes.read(at, length);
      }
      if (this.#isWhole(length)) return { sequence: this.#sequence, bytes: bytes as Uint8Array };
    }
    throw this.#outrun();
  }

  /** The same into `target`, if it is large enough; the value's length, −1 when there is none. */
  copyInto(target: Uint8Array): number {
    for (let look = 0; look < TRIES; look++) {
      const at = this.#look();
      if (at < 0) return -1;
      const length = this.#lengthAt(at);
      if (this.#isPossible(length) && length <= target.length) {
        this.#bytes.readInto(target, at, length);
      }
      if (this.#isWhole(length)) return length;
    }
    throw this.#outrun();
  }

  count(): Count {
    for (let look = 0; look < TRIES; look++) {
      const at = this.#look();
      if (at < 0) return { sequence: 0, bytes: 0 };
      const length = this.#lengthAt(at);
      const bytes = this.#totalAt(at);
      if (this.#isWhole(length)) return { sequence: this.#sequence, bytes };
    }
    throw this.#outrun();
  }

  /** The byte at which the newest value lies; −1 when there is none. What is copied from there on, `isWhole` judges. */
  #look(): number {
    const { words, index } = this;
    const half = load(words, index + HALF);
    // Pairs with the store in `publish`.
    const published = load(words, index + PUBLISHED);
    this.#half = half;
    this.#published = published;
    if (half === 0 && published === 0 && load(words, index + HALF) === 0) return -1;
    return this.valueAt(published);
  }

  /** Whether what was copied since `look` is one value: that length is its own, then. */
  #isWhole(length: number): boolean {
    const { words, index } = this;
    // Pairs with the one in `begin`: what was copied was read before the word is.
    fence();
    // step: latest-copied
    const passed = (load(words, index + PUBLISHED) - this.#published) >>> 0;
    if (passed > this.#mask - 1) return false;
    if (load(words, index + HALF) !== this.#half) return false;
    if (this.#isPossible(length)) return true;
    throw this.#damaged(`a value of ${length} bytes, where ${this.facts.size} are the most`);
  }

  get #sequence(): number {
    return sequenceOf(this.#half, this.#published);
  }

  #isPossible(length: number): boolean {
    return length >= 0 && length <= this.facts.size;
  }

  #outrun(): MemspanError {
    return this.#fail(
      'ERR_MEMSPAN_WOULD_BLOCK',
      `its writer has published ${this.#mask} values or more in the time of each of ${TRIES} attempts to copy one`,
      'Make it with more buffers',
    );
  }

  #lengthAt(at: number): number {
    return this.#bytes.word((at - HEADER) / 4 + Buffered.length);
  }

  #totalAt(at: number): number {
    const total = (at - HEADER) / 4 + Buffered.total;
    const low = this.#bytes.word(total) >>> 0;
    return low + (this.#bytes.word(total + 1) >>> 0) * 2 ** 32;
  }

  // The rest is the writer's own.

  /** What the writer goes on from. */
  resume(): Count {
    const { sequence } = this;
    // step: latest-before-half
    store(this.words, this.index + HALF, halfOf(sequence));
    return { sequence, bytes: sequence === 0 ? 0 : this.#totalAt(this.valueAt(sequence)) };
  }

  /** Before the first byte of the next value is written. */
  begin(): void {
    // What is written to the buffer from now on is not seen before the last store of `published`.
    fence();
  }

  /** Fills the buffer of that sequence. */
  fill(sequence: number, value: Uint8Array): void {
    this.#bytes.write(this.valueAt(sequence), value);
    // step: latest-filled
  }

  /** Makes the buffer of the next sequence a copy of the newest value, and zeros. */
  prefill(sequence: number): void {
    const { size } = this.facts;
    const from = this.valueAt(sequence);
    const length = sequence === 0 ? 0 : Math.min(this.#lengthAt(from) >>> 0, size);
    this.#bytes.move(this.valueAt(sequence + 1), from, length, size);
  }

  /** Makes the filled buffer of that sequence the newest value. `total`: bytes of all values, with this one. */
  publish(sequence: number, length: number, total: number): void {
    const { words, index } = this;
    const header = (this.valueAt(sequence) - HEADER) / 4;
    this.#bytes.setWord(header + Buffered.length, length);
    this.#bytes.setWord(header + Buffered.total, total | 0);
    this.#bytes.setWord(header + Buffered.total + 1, Math.floor(total / 2 ** 32));
    // step: latest-before-publish
    store(words, index + PUBLISHED, sequence | 0);
    // step: latest-published
    if ((sequence & 0x7fff_ffff) === 0) store(words, index + HALF, halfOf(sequence));
  }

  #damaged(cause: string): MemspanError {
    return this.#fail('ERR_MEMSPAN_CORRUPT', cause, 'Look who else writes there');
  }
}
