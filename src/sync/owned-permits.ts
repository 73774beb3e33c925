// The permits of a semaphore with `undo`: each has a word that says who has it, so that what the dead had is free.
// semaphore.layout.ts has the bytes.
//
// Who takes one looks how many are free, claims one of them in its word, and then exchanges word 0, which says that
// nobody has taken any since it looked. If somebody has, it puts the permit back and looks again. A claim looks like a
// permit that is held: who dies with one has given it back.

import { countEarlier, ringEarliest } from '../span/arrivals.ts';
import type { Attachment } from '../span/attachment.ts';
import type { Ticket } from '../span/waiting.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { COUNT, SemaphoreWord, WAITERS } from './semaphore.layout.ts';

export class OwnedPermits {
  readonly #attachment: Attachment;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #count: number;
  /** Where to look for a free one first. */
  #next = 0;

  constructor(attachment: Attachment, offset: number, count: number) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = offset / 4;
    this.#count = count;
  }

  /** How many are free. */
  get value(): number {
    let value = 0;
    for (let permit = 0; permit < this.#count; permit++) {
      if (this.#isFree(this.owner(permit))) value++;
    }
    return value;
  }

  /** Who has that one, dead or alive; 0 is nobody. */
  owner(permit: number): number {
    return load(this.#words, this.#at(permit));
  }

  /** The number of the permit that it has taken; null when it is not the turn of who asks. `marks` as in Count. */
  take(ticket: Ticket | null, marks: boolean): number | null {
    let hasClaimed = false;
    for (;;) {
      const word = load(this.#words, this.#index);
      const isMarked = (word & WAITERS) !== 0;
      const earlier = isMarked || ticket ? this.#waiting(ticket) : 0;
      const permit = this.#find(earlier);
      if (permit !== null) {
        const before = this.owner(permit);
        if (!this.#isFree(before)) continue;
        // step: permit-before-claim
        if (!this.#replace(permit, before, this.#attachment.id)) continue;
        // step: permit-claimed
        const next = (word & WAITERS) | ((word + 1) & COUNT);
        if (compareExchange(this.#words, this.#index, word, next) === word) {
          // step: permit-taken
          this.#next = (permit + 1) % this.#count;
          return permit;
        }
        this.#replace(permit, this.#attachment.id, 0);
        hasClaimed = true;
        continue;
      }
      if (marks && !isMarked) {
        // step: permit-before-mark
        compareExchange(this.#words, this.#index, word, word | WAITERS);
        // step: permit-marked
        continue;
      }
      // Who looked while we had the claim may be waiting for it.
      if (hasClaimed) this.passOn();
      return null;
    }
  }

  /** False when somebody has written over it. */
  give(permit: number): boolean {
    // step: permit-before-give
    if (!this.#replace(permit, this.#attachment.id, 0)) return false;
    // step: permit-given
    this.passOn();
    // step: permit-passed-on
    return true;
  }

  /** Rings whose turn it may be. */
  passOn(): void {
    for (;;) {
      const word = load(this.#words, this.#index);
      if ((word & WAITERS) === 0) return;
      const value = this.value;
      if (value === 0 || ringEarliest(this.#attachment, this.#index, value) > 0) return;
      if (compareExchange(this.#words, this.#index, word, word & COUNT) !== word) continue;
      // step: permit-unmarked
      // As in Count.
      if (this.#waiting(null) === 0) return;
      this.#mark();
    }
  }

  #mark(): void {
    for (;;) {
      const word = load(this.#words, this.#index);
      if ((word & WAITERS) !== 0) return;
      compareExchange(this.#words, this.#index, word, word | WAITERS);
    }
  }

  /** A free one, when there are more than so many of them. */
  #find(earlier: number): number | null {
    // To ask who is alive is a system call: only when it matters.
    return (
      this.#findIf((owner) => owner === 0, earlier) ??
      this.#findIf((owner) => this.#isFree(owner), earlier)
    );
  }

  #findIf(isFree: (owner: number) => boolean, earlier: number): number | null {
    let found: number | null = null;
    let free = 0;
    for (let turn = 0; turn < this.#count; turn++) {
      const permit = (this.#next + turn) % this.#count;
      if (!isFree(this.owner(permit))) continue;
      found ??= permit;
      free++;
      if (free > earlier) return found;
    }
    return null;
  }

  /** Nobody's, or somebody's who has died. This thread's own are taken. */
  #isFree(owner: number): boolean {
    const { id, view } = this.#attachment;
    return owner === 0 || (owner !== id && !view.isAlive(owner));
  }

  #at(permit: number): number {
    return this.#index + SemaphoreWord.permits + permit;
  }

  #replace(permit: number, before: number, after: number): boolean {
    return compareExchange(this.#words, this.#at(permit), before, after) === before;
  }

  #waiting(ticket: Ticket | null): number {
    return countEarlier(this.#attachment, this.#index, ticket?.ticket);
  }
}
