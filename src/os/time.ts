// Absolute times, as the timed functions of POSIX take them: by CLOCK_REALTIME, so a change of the clock moves them.

import { invalidArgument, outOfRange } from '../errors.ts';

/** `struct timespec` (timespec(3)). */
export interface timespec {
  readonly tv_sec: number;
  readonly tv_nsec: number;
}

/** A point in time: seconds and nanoseconds since the epoch, or milliseconds since then as `Date.now()` gives them. */
export type AbsoluteTime = timespec | number;

/** [seconds, nanoseconds] for the addon. What is no time by its value, the C library refuses with EINVAL. */
export function timeOf(time: AbsoluteTime, call: string): [number, number] {
  if (typeof time === 'number') {
    if (!Number.isFinite(time)) throw outOfRange(`${call}: the time is ${time}`);
    const seconds = Math.floor(time / 1000);
    return [seconds, Math.min(Math.round((time - seconds * 1000) * 1e6), 999_999_999)];
  }
  const { tv_sec, tv_nsec } = Object(time) as Partial<timespec>;
  if (typeof tv_sec !== 'number' || typeof tv_nsec !== 'number') {
    throw invalidArgument(
      `${call}: the time is {tv_sec, tv_nsec}, or milliseconds since the epoch (Date.now() + 1000)`,
    );
  }
  if (!Number.isSafeInteger(tv_sec) || !Number.isSafeInteger(tv_nsec)) {
    throw outOfRange(`${call}: tv_sec ${tv_sec} and tv_nsec ${tv_nsec} are integers`);
  }
  return [tv_sec, tv_nsec];
}
