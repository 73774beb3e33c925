// Who reads what: reader words in the readers' own slots, for locks that many may have at once.
//
// A reader writes to its own slot alone, so that readers of different threads never want the same cache line, and what
// a dead one has left is skipped with its slot. Which slots are worth looking at says a bitmap in the header: a bit is
// set before a participant's first reader word, and cleared when it leaves. Readers and writers find each other as in Dekker's
// algorithm (E. W. Dijkstra, EWD 123), each storing first and loading after:
//
//   reader                                     writer
//   bit, reader word ← the lock                the lock's word ← its id
//   load the lock's word: nobody's?            load bits and reader words: does nobody living name the lock?
//
// Of two who do so at once, at least one sees the other. All words are sequentially consistent (word/atomics.ts).
// A slot that is taken anew in between cannot hide a reader: its next owner stores its epoch before any reader word, and
// so loads the lock's word after the writer has stored it.

import { compareExchange, load, store } from '../word/atomics.ts';
import { Header, READERS_WORDS } from './header.layout.ts';
import { EPOCH_MASK, epochOf, idOf, READS, Slot, slotOf } from './participant.layout.ts';
import type { SpanView } from './view.ts';

export class Reads {
  readonly #view: SpanView;
  readonly #words: Int32Array;
  readonly #id: number;
  /** The word of its count. */
  readonly #at: number;
  /** Reader words that are free: those that were never in use lie lowest. */
  readonly #free: number[] = [];
  #count = 0;

  constructor(view: SpanView, id: number) {
    this.#view = view;
    this.#words = view.words;
    this.#id = id;
    this.#at = view.slotAt(slotOf(id)) + Slot.reads;
    for (let nth = READS; nth >= 1; nth--) this.#free.push(nth);
  }

  /** A reader word to announce a lock in, counted already; null when all are in use. */
  take(): number | null {
    const nth = this.#free.pop();
    if (nth === undefined) return null;
    if (nth > this.#count) {
      if (this.#count === 0) this.#setBit(true);
      this.#count = nth;
      store(this.#words, this.#at, (epochOf(this.#id) << 16) | nth);
    }
    return this.#at + nth;
  }

  /** That reader word is 0 again. */
  give(at: number): void {
    this.#free.push(at - this.#at);
  }

  /** Takes everything out of sight: the thread leaves. */
  leave(): void {
    store(this.#words, this.#at, epochOf(this.#id) << 16);
    if (this.#count > 0) this.#setBit(false);
  }

  #setBit(isSet: boolean): void {
    const slot = slotOf(this.#id);
    const at = Header.readers + (slot >>> 5);
    const bit = 1 << (slot & 31);
    for (;;) {
      const word = load(this.#words, at);
      const next = isSet ? word | bit : word & ~bit;
      if (next === word || compareExchange(this.#words, at, word, next) === word) return;
    }
  }

  /** Whether somebody living reads the object, this participant included unless `others`. */
  isRead(object: number, others: boolean): boolean {
    return this.#some(object, others ? this.#isOther : this.#isAnybody);
  }

  // Made once: a writer asks at each turn.
  readonly #isOther = (id: number): boolean => id !== this.#id && this.#isAnybody(id);

  readonly #isAnybody = (id: number): boolean => {
    if (id === this.#id || this.#view.isAlive(id)) return true;
    this.#forget(id);
    return false;
  };

  /** The living who read the object, or are about to. */
  readers(object: number): number[] {
    const found: number[] = [];
    this.#some(object, (id) => {
      if (this.#view.isAlive(id)) found.push(id);
      return false;
    });
    return found;
  }

  /** Whether it is true of anybody, dead or alive, who has a reader word for the object. */
  #some(object: number, isTrue: (id: number) => boolean): boolean {
    const { participants } = this.#view.geometry;
    for (let word = 0; word < READERS_WORDS && 32 * word < participants; word++) {
      let bits = load(this.#words, Header.readers + word);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        bits &= ~(1 << bit);
        const slot = 32 * word + bit;
        const id = slot < participants ? this.#reader(slot, object) : 0;
        if (id !== 0 && isTrue(id)) return true;
      }
    }
    return false;
  }

  /** Who has a reader word for the object in that slot, dead or alive; 0 for nobody. */
  #reader(slot: number, object: number): number {
    const words = this.#words;
    const at = this.#view.slotAt(slot) + Slot.reads;
    const summary = load(words, at);
    const count = Math.min(summary & 0xffff, READS);
    for (let nth = 1; nth <= count; nth++) {
      if (load(words, at + nth) >>> 0 === object) {
        return idOf(slot, (summary >>> 16) & EPOCH_MASK);
      }
    }
    return 0;
  }

  /** Takes a dead participant's reader words out of sight. */
  #forget(id: number): void {
    const at = this.#view.slotAt(slotOf(id)) + Slot.reads;
    const summary = load(this.#words, at);
    // The epoch in the word: who has the slot by now is not touched.
    if (((summary >>> 16) & EPOCH_MASK) !== epochOf(id)) return;
    compareExchange(this.#words, at, summary, epochOf(id) << 16);
  }
}
