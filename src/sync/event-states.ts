// An event as one thread has it: with manual reset, a gate; with automatic reset, a turnstile. event.layout.ts has the
// bytes.

import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { Count } from './count.ts';
import { GENERATION, SET, WAITERS } from './event.layout.ts';
import { QuickCount } from './quick-count.ts';
import { type Wait, WaitQueue } from './wait-queue.ts';

/** How many tasks of one thread have a cell of their own, and with it a place in the order of all threads. */
const CELLS = 24;

export interface EventState {
  readonly queue: WaitQueue;
  readonly isSet: boolean;
  set(): void;
  reset(): void;
  /** Goes through, if that is possible at once. */
  pass(): boolean;
  /** A wait that begins now. */
  wait(): Wait<true>;
}

/** Manual reset: open to all, or to nobody. */
export class Gate implements EventState {
  readonly queue: WaitQueue;
  readonly #attachment: Attachment;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #initial: number;

  constructor(attachment: Attachment, offset: number, initial: boolean) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = offset / 4;
    this.#initial = initial ? SET : 0;
    // All go on at once: one cell is enough to be rung.
    this.queue = new WaitQueue(attachment, offset, 1);
  }

  /** The word, with SET as if it had not been set at first. */
  get #word(): number {
    return load(this.#words, this.#index) ^ this.#initial;
  }

  #replace(word: number, next: number): boolean {
    const before = word ^ this.#initial;
    return compareExchange(this.#words, this.#index, before, next ^ this.#initial) === before;
  }

  get isSet(): boolean {
    return (this.#word & SET) !== 0;
  }

  pass(): boolean {
    return this.isSet;
  }

  set(): void {
    for (;;) {
      const word = this.#word;
      if ((word & SET) !== 0) return;
      // step: event-before-set
      if (!this.#replace(word, SET | ((word + 1) & GENERATION))) continue;
      // step: event-set
      if ((word & WAITERS) !== 0) this.#attachment.waiting.ringAll(this.#index);
      // step: event-rung
      this.queue.look();
      return;
    }
  }

  reset(): void {
    for (;;) {
      const word = this.#word;
      // step: event-before-reset
      if ((word & SET) === 0 || this.#replace(word, word & ~SET)) return;
    }
  }

  wait(): Wait<true> {
    const generation = this.#word & GENERATION;
    return {
      mode: Mode.event,
      attempt: () => {
        for (;;) {
          const word = this.#word;
          if ((word & SET) !== 0 || (word & GENERATION) !== generation) return true;
          if ((word & WAITERS) !== 0) return null;
          // step: event-before-mark
          if (this.#replace(word, word | WAITERS)) return null;
        }
      },
      withdrawn: () => null,
      discard: () => {},
    };
  }
}

/** Automatic reset: lets one through each time it is set. */
export class Turnstile implements EventState {
  readonly queue: WaitQueue;
  readonly #count: Count;
  readonly #quick: QuickCount;
  readonly #wait: Wait<true> = {
    mode: Mode.event,
    attempt: (ticket) => (this.#count.take(ticket, true) ? true : null),
    withdrawn: (taken) => {
      // Let through in the moment in which it gave up, and there is nobody else that it could be for.
      const isLate = !taken && this.#count.take(null, false);
      this.#count.passOn();
      return isLate ? true : null;
    },
    discard: () => this.set(),
  };

  constructor(attachment: Attachment, offset: number, initial: boolean) {
    this.#count = new Count(attachment, offset, initial ? 1 : 0);
    this.#quick = new QuickCount(attachment.view.words, offset / 4, initial ? 1 : 0, 1);
    this.queue = new WaitQueue(attachment, offset, CELLS);
  }

  get isSet(): boolean {
    return this.#count.value > 0;
  }

  pass(): boolean {
    return this.#quick.take() || this.#count.take(null, false);
  }

  set(): void {
    if (this.#quick.give()) return;
    this.#count.give(1, (value) => (value === 0 ? 1 : this.#most()));
    this.queue.look();
  }

  reset(): void {
    // As many as wait have been let through already, and are about to notice.
    this.#count.limit((value) => (value === 0 ? 0 : Math.min(value, this.#count.waiters)));
  }

  wait(): Wait<true> {
    // What was for those who have died.
    this.#count.limit((value) => (value <= 1 ? value : this.#most()));
    return this.#wait;
  }

  /** How many may be let through at once. */
  #most(): number {
    return Math.max(1, this.#count.waiters);
  }
}
