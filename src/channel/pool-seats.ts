// The seats of a pool's readers: who has one gets what is published. pool.layout.ts has the words and their states.

import type { Attachment } from '../span/attachment.ts';
import { ID_MASK } from '../span/participant.layout.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { newsCount, sleep, wake } from '../word/sleep.ts';
import { type PoolShape, PoolWord, REPAIR } from './pool.layout.ts';
import type { Chunks } from './pool-chunks.ts';

/** How long somebody alive may take to repair a seat before we say that it is in the way. */
const REPAIR_WAIT_MS = 10_000;

/** Why there is no seat to be had. */
export type NoSeat = 'all taken' | 'being repaired';

export class Seats {
  readonly #attachment: Attachment;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #count: number;
  readonly #chunks: Chunks;
  /** Called with the number of chunks that have come free. */
  readonly #onFreed: (count: number) => void;
  /** What the seats were when the last mask was made. */
  readonly #seen: Int32Array;
  // No count of news: the first look is at everybody.
  #news = -1;

  /** `index` is the pool's first word. */
  constructor(
    attachment: Attachment,
    index: number,
    { readers }: PoolShape,
    chunks: Chunks,
    onFreed: (count: number) => void,
  ) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = index + PoolWord.readers;
    this.#count = readers;
    this.#chunks = chunks;
    this.#onFreed = onFreed;
    this.#seen = new Int32Array(readers);
  }

  get count(): number {
    return this.#count;
  }

  /** The participant that reads in that seat, dead or alive; 0: nobody. */
  holderOf(seat: number): number {
    const word = load(this.#words, this.#index + seat);
    return isReader(word) ? word : 0;
  }

  /** Makes a seat this thread's, without messages of those who had it before. */
  take(): number | NoSeat {
    const deadline = performance.now() + REPAIR_WAIT_MS;
    for (;;) {
      const news = newsCount();
      let repairing = 0;
      let at = 0;
      for (let seat = 0; seat < this.#count; seat++) {
        const word = load(this.#words, this.#index + seat);
        if (!this.#isHeld(word)) {
          if (this.#repair(seat, word, this.#attachment.id)) return seat;
          // Somebody else was quicker: that one has it, or will have freed it.
          repairing = load(this.#words, this.#index + seat);
          at = this.#index + seat;
        } else if ((word & REPAIR) !== 0) {
          repairing = word;
          at = this.#index + seat;
        }
      }
      if (at === 0) return 'all taken';
      if (performance.now() > deadline) return 'being repaired';
      if ((repairing & REPAIR) === 0 || !this.#isHeld(repairing)) continue;
      const { sliceMs, watch } = this.#attachment.waiting;
      sleep(this.#words, at, repairing, Number.POSITIVE_INFINITY, sliceMs, watch, news);
    }
  }

  /** Gives a seat back, with all messages that it has not given back. */
  leave(seat: number): void {
    const { id } = this.#attachment;
    // step: pool-before-leave
    if (compareExchange(this.#words, this.#index + seat, id, REPAIR | id) !== id) return;
    // step: pool-leaving
    this.repair(seat);
  }

  /** Clears the bits of a seat that nobody alive has, and frees it. */
  repair(seat: number): void {
    for (;;) {
      const word = load(this.#words, this.#index + seat);
      if (this.#isHeld(word)) return;
      if (!this.#repair(seat, word, 0)) continue;
      // Of a publisher that had read the seat before; a later one looks at the seats after us (pool.layout.ts).
      if (!this.#chunks.hasBits(seat)) return;
    }
  }

  /** Repairs every seat that needs it. For who finds no free chunk. */
  repairAll(): void {
    for (let seat = 0; seat < this.#count; seat++) {
      const word = load(this.#words, this.#index + seat);
      // The dead are freed even without bits: so a publisher that took one for alive sees the change.
      if (word === 0 && !this.#chunks.hasBits(seat)) continue;
      this.repair(seat);
    }
  }

  /** The bits of those who read. To ask who has died is a system call each: only when there is news of a death. */
  mask(): number {
    const news = newsCount();
    if (news !== this.#news || this.#attachment.waiting.watch === 0) {
      this.#news = news;
      this.#repairDead();
    }
    let mask = 0;
    for (let seat = 0; seat < this.#count; seat++) {
      const word = load(this.#words, this.#index + seat);
      this.#seen[seat] = word;
      if (isReader(word)) mask |= 1 << seat;
    }
    return mask;
  }

  /** For after the exchange that used the mask: repairs those that are no longer what they were. */
  lookAgain(mask: number): void {
    for (let seat = 0; seat < this.#count; seat++) {
      if ((mask & (1 << seat)) === 0) continue;
      if (load(this.#words, this.#index + seat) !== this.#seen[seat]) this.repair(seat);
    }
  }

  #repairDead(): void {
    for (let seat = 0; seat < this.#count; seat++) {
      if (load(this.#words, this.#index + seat) !== 0) this.repair(seat);
    }
  }

  /** From that word, over REPAIR, to `next`. False when somebody else was quicker. */
  #repair(seat: number, word: number, next: number): boolean {
    const words = this.#words;
    const at = this.#index + seat;
    const mine = REPAIR | this.#attachment.id;
    // step: pool-before-repair
    if (compareExchange(words, at, word, mine) !== word) return false;
    // step: pool-repairing
    const freed = this.#chunks.releaseAll(seat);
    // step: pool-repaired
    compareExchange(words, at, mine, next);
    // step: pool-seat-freed
    wake(words, at, Number.POSITIVE_INFINITY);
    if (freed > 0) this.#onFreed(freed);
    return true;
  }

  /** By somebody alive. A REPAIR of this thread's own is what an error has left. */
  #isHeld(word: number): boolean {
    const { id, view } = this.#attachment;
    if (word === id) return true;
    return word !== 0 && word !== (REPAIR | id) && view.isAlive(word & ~REPAIR);
  }
}

/** Whether a seat with that word gets messages. */
function isReader(word: number): boolean {
  return word > 0 && word <= ID_MASK;
}
