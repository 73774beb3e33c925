// Who waits by looking again and again: nothing comes of it until something changes, and every look more would be a state
// more. Whether it will really do the same is seen by trying.

import { periodOf } from './history.ts';
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
