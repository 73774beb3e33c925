// How long an end of a ring waits, and how often it looks before it sleeps.

import { invalidArgument } from '../errors.ts';
import { pause } from '../word/atomics.ts';

export interface RingWaitOptions {
  /** Milliseconds until the call gives up and says `null`. Default: for ever. */
  timeoutMs?: number | undefined;
}

/** The default of what waits: one object for all calls. */
export const FOR_EVER: RingWaitOptions = Object.freeze({});

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

// An end that follows on the other's heels, one message for each wait, has both of them wait for cache lines. It rests
// once for a few microseconds: when many messages have come meanwhile, the other one streams, and the next wait begins with
// a rest, too; when it was for nothing, the next try comes later and later.
const REST = 8192;
const PLENTY = 8;
const TRY_MIN = 64;
const TRY_MAX = 16384;

export class Looks {
  // How often it pays to look before sleeping: grows while looking helps, shrinks while it does not.
  #count = LOOKS_MAX;
  #misses = 0;
  #isResting = false;
  /** Waits until the next rest is tried, and how many there were to be. */
  #untilTry = TRY_MIN;
  #tryEvery = TRY_MIN;
  #handled = 0;

  /**
   * Undefined: nothing, for as long as it pays to look. `handled`: how many messages this end has sent or received so far.
   */
  soon<T>(attempt: () => T | undefined, handled: number): T | undefined {
    if (this.#restsFirst(handled)) pause(REST);
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

  #restsFirst(handled: number): boolean {
    const isPlenty = handled - this.#handled >= PLENTY;
    this.#handled = handled;
    if (this.#isResting) {
      this.#isResting = isPlenty;
      if (isPlenty) this.#tryEvery = TRY_MIN;
      else this.#tryEvery = Math.min(2 * this.#tryEvery, TRY_MAX);
      this.#untilTry = this.#tryEvery;
    } else if (--this.#untilTry === 0) this.#isResting = true;
    return this.#isResting;
  }
}
