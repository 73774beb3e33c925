// Which words are worth a decision: those that several threads use, one of them writing.
//
// It is found out on the way. A word that turns out to be such a one after it was passed over makes all that was
// explored before incomplete: `hasGrown` says so, and the search begins again with what is known now.

/** Who looks at states from outside (invariants) is as good as a thread. */
export const OBSERVER = 31;
/** Who kills threads, too. */
export const KILLER = 30;

export class Contention {
  /** A word was passed over that should not have been. */
  hasGrown = false;
  // By byte.
  #users = new Int32Array(1 << 12);
  #changed = new Uint8Array(1 << 12);
  /** Off while everything is only being set up, or looked at in the end. */
  isNoting = false;
  /** Every operation is a step. */
  isEverything = false;

  /** Whether the byte is contended. */
  note(at: number, user: number, isChange: boolean): boolean {
    // What is no byte of the explored memory has no order that matters.
    if (at < 0) return false;
    if (this.isContended(at)) return true;
    if (!this.isNoting) return this.isEverything;
    if (at >= this.#users.length) this.#grow(2 * at);
    this.#users[at] = (this.#users[at] as number) | (1 << user);
    if (isChange) this.#changed[at] = 1;
    const isContended = this.isContended(at);
    if (isContended) this.hasGrown = true;
    return isContended || this.isEverything;
  }

  /** All that was noted. */
  forget(): void {
    this.#users.fill(0);
    this.#changed.fill(0);
  }

  isContended(at: number): boolean {
    const users = this.#users[at] ?? 0;
    return (users & (users - 1)) !== 0 && this.#changed[at] === 1;
  }

  #grow(length: number): void {
    const users = new Int32Array(length);
    const changed = new Uint8Array(length);
    users.set(this.#users);
    changed.set(this.#changed);
    this.#users = users;
    this.#changed = changed;
  }
}
