// A thread's own reading of a lock: one reader word in its slot, however many of its tasks read.

import { load, store } from '../word/atomics.ts';
import { BARRED, DRAINING, OWNER } from './rwlock.layout.ts';
import type { RwPlace } from './rwlock-word.ts';

export class RwReader {
  readonly #place: RwPlace;
  readonly #tooMany: () => Error;
  #count = 0;
  /** Its reader word while there are any. */
  #word = 0;

  /** `tooMany`: why no further lock can be read. */
  constructor(place: RwPlace, tooMany: () => Error) {
    this.#place = place;
    this.#tooMany = tooMany;
  }

  /** How many tasks of this thread read. */
  get count(): number {
    return this.#count;
  }

  /** The first one: enters if no writer is there. A store and a load. */
  enter(): boolean {
    const { words, index } = this.#place;
    const at = this.#announce();
    // step: read-announced
    const word = load(words, index);
    if ((word & BARRED) === 0) {
      this.#word = at;
      this.#count = 1;
      // step: read-entered
      return true;
    }
    this.#retract(at);
    return false;
  }

  /** One more: it never waits, or it might wait for a writer that waits for this thread. */
  enterAgain(): void {
    this.#count++;
  }

  /** The first one, of a thread that has the word. */
  enterAsOwner(): void {
    this.#word = this.#announce();
    this.#count = 1;
  }

  /** One less. True when this thread has the word, and so may have waited for that. */
  leave(): boolean {
    if (--this.#count > 0) return false;
    return (this.#retract(this.#word) & OWNER) === this.#place.id;
  }

  #announce(): number {
    const { words, index, reads } = this.#place;
    const at = reads.take();
    if (at === null) throw this.#tooMany();
    store(words, at, index);
    return at;
  }

  /** Takes a reader word back, and wakes the writer that may have seen it. */
  #retract(at: number): number {
    const { words, index, id, reads, waiting, isAlive } = this.#place;
    store(words, at, 0);
    reads.give(at);
    // step: read-retracted
    const word = load(words, index);
    const owner = word & OWNER;
    if ((word & DRAINING) !== 0 && owner !== id && isAlive(owner)) waiting.ring(owner);
    // step: read-left
    return word;
  }
}
