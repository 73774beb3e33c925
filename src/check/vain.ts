// Who waits by looking again and again: nothing comes of it until something changes, and every look more would be a state
// more. Whether it will really do the same is seen by trying.

import { type Entry, isThat, PLAIN, periodOf } from './history.ts';
import type { Thread } from './thread.ts';

/** So many operations of the same are taken for any number. */
const LOOKS_MAX = 256;

/**
 * How many more of its operations the thread would do just so if it were answered the same as in the last `period` of
 * them, up to `limit`.
 */
export type Foresee = (thread: Thread, period: number, limit: number) => number;

/** Whether there is no use in letting it go on until something has changed. */
export function looksInVain(thread: Thread, foresee: Foresee): boolean {
  const period = periodOf(thread);
  if (period === 0) {
    thread.sameTo = -1;
    thread.busyTo = -1;
    return false;
  }
  if (thread.busyTo > thread.length) return false;
  if (thread.sameTo >= thread.length + LOOKS_MAX) return true;
  return !goesOn(thread, 2 * LOOKS_MAX, foresee);
}

/** Whether one who does the same again and again will do something else after at most `limit` operations more. */
export function goesOn(thread: Thread, limit: number, foresee: Foresee): boolean {
  const period = periodOf(thread);
  if (period === 0) return false;
  const same = foresee(thread, period, limit);
  thread.sameTo = thread.length + same;
  thread.busyTo = same < limit ? thread.length + same + 1 : -1;
  if (same < limit) thread.idleSince = -1;
  return same < limit;
}

/** A thread that is run once more to see what it would do: each new operation is answered as one of its last ones. */
export class Foresight {
  isOn = false;
  #period = 0;
  #limit = 0;
  #done = 0;

  /** How many were just the same. */
  run(period: number, limit: number, act: () => unknown): number {
    this.isOn = true;
    this.#period = period;
    this.#limit = limit;
    this.#done = 0;
    try {
      act();
    } catch {
      // It was left, or would end with that.
    } finally {
      this.isOn = false;
    }
    return Math.min(this.#done, limit);
  }

  /** What it is answered as; undefined: it is something else, or all that was to be seen. */
  next(
    thread: Thread,
    kind: string,
    at: number,
    operand: unknown,
    second: unknown,
  ): Entry | undefined {
    const { history, length } = thread;
    const first = length - this.#period;
    while (history[first + (this.#done % this.#period)]?.kind === PLAIN) this.#done++;
    const entry = history[first + (this.#done % this.#period)] as Entry;
    if (this.#done >= this.#limit || !isThat(entry, kind, at, operand, second)) return undefined;
    this.#done++;
    return entry;
  }
}
