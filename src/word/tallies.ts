// Counts that each have one writer at a time, and that nobody decides by: plain float64s, which are exact up to 2^53. Explored, nothing
// is counted: no state is different from another by that.

import { scheduler } from './scheduler.ts';

export class Tallies {
  readonly #counts: Float64Array;

  /** `offset` is a multiple of 8; `size` in bytes. */
  constructor(bulk: ArrayBuffer, offset: number, size: number) {
    this.#counts = new Float64Array(bulk, offset, Math.floor(size / 8));
  }

  /** For who has that place. `at` counts bytes from the first one, a multiple of 8. */
  add(at: number, amount: number): void {
    if (scheduler === null) (this.#counts[at / 8] as number) += amount;
  }

  /** What somebody hostile has written may be no count: then 0. */
  at(at: number): number {
    const count = this.#counts[at / 8] as number;
    return count >= 0 && count <= Number.MAX_SAFE_INTEGER ? Math.floor(count) : 0;
  }
}
