// How long an end of a ring waits, and how often it looks before it sleeps.

import { invalidArgument } from '../errors.ts';
import { pause } from '../word/atomics.ts';

export interface RingWaitOptions {
  /** Milliseconds until the call gives up and says `null`. Default: for ever. */
  timeoutMs?: number | undefined;
}

export interface RingAsyncOptions extends RingWaitOptions {
  /** Gives up with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export function deadlineOf({ timeoutMs }: RingWaitOptions): number {
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeoutMs === 'number' && !Number.isNaN(timeoutMs)) {
    return performance.now() + timeoutMs;
  }
  throw invalidArgument(`timeoutMs is a number of milliseconds, not ${timeoutMs}`);
}

// Each look takes the word's cache line from its owner, who must have it back before the next message: so the
// pauses between looks double, up to a quarter of a microsecond. All looks together take up to about 100 µs:
// longer than a sleeping peer needs to answer. Two ends that both sleep too soon would keep each other asleep;
// so after every PROBE looks that did not help there is a long one.
const LOOKS_MIN = 4;
const LOOKS_MAX = 400;
const PAUSE_MAX = 512;
const PROBE = 64;

export class Looks {
  // How often it pays to look before sleeping: grows while looking helps, shrinks while it does not.
  #count = LOOKS_MAX;
  #misses = 0;

  /** Undefined: nothing, for as long as it pays to look. */
  soon<T>(attempt: () => T | undefined): T | undefined {
    let pauses = 8;
    for (let left = this.#count; ; left--) {
      const found = attempt();
      if (found !== undefined) {
        this.#count = Math.min(this.#count * 2, LOOKS_MAX);
        return found;
      }
      if (left <= 0) break;
      if (!pause(pauses)) break;
      pauses = Math.min(pauses * 2, PAUSE_MAX);
    }
    this.#misses++;
    if (this.#misses % PROBE === 0) this.#count = LOOKS_MAX;
    else if (this.#count > LOOKS_MIN) this.#count >>>= 1;
    return undefined;
  }
}
