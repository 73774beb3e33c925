// The states that were visited, and with how few preemptions and steps: an open-addressed table of words.
//
// Who comes to a state again with as many or more of both has nothing new before it: all that follows from it was or
// will be explored from the first visit.

const WORDS = 4;
const FILL_MAX = 0.6;

export class Visited {
  #table = new Int32Array(WORDS << 12);
  #mask = (1 << 12) - 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** True when there is nothing new to find with so many preemptions and steps; it is noted if there is. */
  visit(hash: number, hash2: number, preemptions: number, steps: number): boolean {
    // 0 is free.
    const key = hash === 0 ? 1 : hash;
    const table = this.#table;
    for (let slot = hash2 & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WORDS;
      if (table[at] === 0) {
        table[at] = key;
        table[at + 1] = hash2;
        table[at + 2] = preemptions;
        table[at + 3] = steps;
        if (++this.#count > FILL_MAX * (this.#mask + 1)) this.#grow();
        return false;
      }
      if (table[at] !== key || table[at + 1] !== hash2) continue;
      const isMore = (table[at + 2] as number) <= preemptions;
      if (isMore && (table[at + 3] as number) <= steps) return true;
      // Where one is more and the other is less, either may be forgotten: it is only done again.
      table[at + 2] = preemptions;
      table[at + 3] = steps;
      return false;
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#mask = 2 * this.#mask + 1;
    this.#table = new Int32Array(WORDS * (this.#mask + 1));
    this.#count = 0;
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at] !== 0) {
        const [hash, hash2, preemptions, steps] = old.subarray(at, at + WORDS);
        this.visit(hash as number, hash2 as number, preemptions as number, steps as number);
      }
    }
  }
}
