// How long to look before sleeping: longer after it was worth it, shorter after it was not.
//
// Each look takes the cache line away from who works on it, so they are few: at first half a microsecond apart,
// then eight; 80 µs in all, about what it costs to sleep and to be woken.

import { pause } from '../word/atomics.ts';

const LOOKS_MAX = 12;
const LOOKS_MIN = 4;
/** Turns of an empty loop between two looks; a turn is about half a nanosecond. */
const PAUSE_MIN = 1024;
const PAUSE_MAX = 16384;

export class Patience {
  #looks = LOOKS_MAX;

  /** What `look` comes to, if that is not null while it is worth looking. */
  soon<T>(look: () => T | null): T | null {
    let turns = PAUSE_MIN;
    for (let looks = 0; looks < this.#looks; looks++) {
      const found = look();
      if (found !== null) {
        this.#looks = Math.min(LOOKS_MAX, this.#looks + 4);
        return found;
      }
      if (!pause(turns)) return null;
      turns = Math.min(4 * turns, PAUSE_MAX);
    }
    this.#looks = Math.max(LOOKS_MIN, this.#looks >> 1);
    return null;
  }
}
