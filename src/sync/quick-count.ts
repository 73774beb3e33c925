// A count that nobody waits for, changed by one: an exchange of its word and nothing else. For everything else: count.ts.

import { compareExchange, load } from '../word/atomics.ts';
import { COUNT } from './semaphore.layout.ts';

export class QuickCount {
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #initial: number;
  readonly #max: number;
  /** The word when the value is 0, and when it is `max`. */
  readonly #empty: number;
  readonly #full: number;
  /** The word as this thread saw it last: never marked, its value never above `max`. */
  #seen = 0;

  constructor(words: Int32Array, index: number, initial: number, max: number) {
    this.#words = words;
    this.#index = index;
    this.#initial = initial;
    this.#max = max;
    this.#empty = -initial & COUNT;
    this.#full = (max - initial) & COUNT;
  }

  /** One less; false when it is 0, or somebody waits. */
  take(): boolean {
    return this.#change(this.#empty, -1);
  }

  /** One more; false when it is `max`, or somebody waits. */
  give(): boolean {
    return this.#change(this.#full, 1);
  }

  #change(limit: number, difference: 1 | -1): boolean {
    for (;;) {
      // Not a load first: mostly the word is as this thread has left it, and if not, the exchange says what it is.
      const word = this.#seen;
      if (word === limit) {
        if (!this.#see(load(this.#words, this.#index)) || this.#seen === limit) return false;
        continue;
      }
      const next = (word + difference) & COUNT;
      const found = compareExchange(this.#words, this.#index, word, next);
      if (found === word) {
        this.#seen = next;
        return true;
      }
      if (!this.#see(found)) return false;
    }
  }

  #see(word: number): boolean {
    const isUsual = word >= 0 && ((this.#initial + word) & COUNT) <= this.#max;
    if (isUsual) this.#seen = word;
    return isUsual;
  }
}
