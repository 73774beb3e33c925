// A count that is given out in the order of arrival: the permits of a semaphore, the notifications of a
// condition, the one of an event. semaphore.layout.ts says how, and why nothing of it can be lost.
//
// One word: │ WAITERS │ count less `initial`: 31 bits │. Each transition is one compare-exchange.

import { countEarlier, ringEarliest } from '../span/arrivals.ts';
import type { Attachment } from '../span/attachment.ts';
import type { Ticket } from '../span/waiting.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { COUNT, WAITERS } from './semaphore.layout.ts';

export class Count {
  readonly #attachment: Attachment;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #initial: number;

  constructor(attachment: Attachment, offset: number, initial: number) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = offset / 4;
    this.#initial = initial;
  }

  get value(): number {
    return this.#valueOf(load(this.#words, this.#index));
  }

  #valueOf(word: number): number {
    return (this.#initial + (word & COUNT)) & COUNT;
  }

  /**
   * Takes one, if it is the turn of who asks. `marks`: if not, the word is marked, so that whoever changes it rings
   * who waits.
   */
  take(ticket: Ticket | null, marks: boolean): boolean {
    for (;;) {
      const word = load(this.#words, this.#index);
      const value = this.#valueOf(word);
      const isMarked = (word & WAITERS) !== 0;
      if (value > 0 && (!(isMarked || ticket) || this.#waiting(ticket) < value)) {
        // step: count-before-take
        if (!this.#exchange(word, -1)) continue;
        // step: count-taken
        return true;
      }
      if (!marks || isMarked) return false;
      // step: count-before-mark
      // And once more: who gave up before this has rung nobody.
      compareExchange(this.#words, this.#index, word, word | WAITERS);
      // step: count-marked
    }
  }

  /** Adds `amount`, and rings whose turn it may be. False when that would be more than `most(value)`. */
  give(amount: number, most: (value: number) => number): boolean {
    for (;;) {
      const word = load(this.#words, this.#index);
      const value = this.#valueOf(word);
      if (value + amount > most(value)) {
        // Who was counted may have gone through since the word was loaded: what was set by then is used up.
        if (load(this.#words, this.#index) === word) return false;
        continue;
      }
      // step: count-before-give
      if (!this.#exchange(word, amount)) continue;
      // step: count-given
      if ((word & WAITERS) !== 0) this.passOn();
      // step: count-passed-on
      return true;
    }
  }

  /** For who waits without having looked: whoever gives from now on counts it. */
  mark(): void {
    for (;;) {
      const word = load(this.#words, this.#index);
      if ((word & WAITERS) !== 0) return;
      compareExchange(this.#words, this.#index, word, word | WAITERS);
    }
  }

  /** Takes away what is above `most(value)`. */
  limit(most: (value: number) => number): void {
    for (;;) {
      const word = load(this.#words, this.#index);
      const value = this.#valueOf(word);
      const excess = value - most(value);
      if (excess <= 0 || this.#exchange(word, -excess)) return;
    }
  }

  /** Rings whose turn it may be: for who has given, and for who has left the queue. */
  passOn(): void {
    for (;;) {
      const word = load(this.#words, this.#index);
      const value = this.#valueOf(word);
      if ((word & WAITERS) === 0 || value === 0) return;
      if (ringEarliest(this.#attachment, this.#index, value) > 0) return;
      if (compareExchange(this.#words, this.#index, word, word & COUNT) !== word) continue;
      // step: count-unmarked
      // Who has come meanwhile relies on the mark: also on being rung when one before it leaves.
      if (this.waiters === 0) return;
      this.mark();
    }
  }

  /** How many live and wait; with a ticket, before that one. */
  #waiting(ticket: Ticket | null): number {
    return countEarlier(this.#attachment, this.#index, ticket?.ticket);
  }

  /** How many live and wait. */
  get waiters(): number {
    return this.#waiting(null);
  }

  #exchange(word: number, difference: number): boolean {
    const next = (word & WAITERS) | ((word + difference) & COUNT);
    return compareExchange(this.#words, this.#index, word, next) === word;
  }
}
