// A seat: one word that says whose an end of a channel is.
//
// | word                 | lifeline of that id | means                                             |
// |----------------------|---------------------|---------------------------------------------------|
// | 0                    | –                   | nobody's, or given back by close()                |
// | a participant's id   | held                | its own; also while that one is paused            |
// | a participant's id   | free                | it died with it: for whoever exchanges it first   |
//
// Each transition is one compare-exchange, so of any number who want it exactly one gets it, and who is killed
// before has changed nothing, after it is a dead owner like any other.

import type { Attachment } from '../span/attachment.ts';
import { compareExchange, load } from '../word/atomics.ts';

export class Seat {
  readonly #attachment: Attachment;
  readonly #index: number;

  /** `index` counts words of the span. */
  constructor(attachment: Attachment, index: number) {
    this.#attachment = attachment;
    this.#index = index;
  }

  /**
   * Makes it this thread's. The word that was there: 0, or the id of one who had died with it; undefined when somebody alive
   * has it, this thread included.
   */
  take(): number | undefined {
    const { view, id } = this.#attachment;
    for (;;) {
      const before = load(view.words, this.#index);
      if (before === id || view.isAlive(before)) return undefined;
      // step: seat-before-take
      if (compareExchange(view.words, this.#index, before, id) === before) return before;
    }
  }

  /** Gives it back, if it is this thread's. */
  leave(): void {
    const { view, id } = this.#attachment;
    compareExchange(view.words, this.#index, id, 0);
  }

  /** A participant's id, alive or not; 0 for nobody. Whatever somebody hostile has written, too. */
  get holder(): number {
    return load(this.#attachment.view.words, this.#index);
  }

  /** Whether somebody alive has it: the kernel's word. */
  get isHeld(): boolean {
    return this.#attachment.view.isAlive(this.holder);
  }
}
