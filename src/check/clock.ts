// Time and chance inside an exploration: the clock stands still but when somebody's time is over, and random numbers are
// the same in each run of a thread.

import { randomFrom } from './hash.ts';

/** The clock outside, in milliseconds. */
export const wallNow: () => number = performance.now.bind(performance);

/** A date that says that it is none. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

/** Puts them in the place of the real ones; the returned function puts those back. */
export function putClock(now: () => number): { reset(): void; end(): void } {
  const { now: realDate } = Date;
  const { random: realRandom } = Math;
  let random = randomFrom(1);
  Object.defineProperty(performance, 'now', { value: now, configurable: true, writable: true });
  Date.now = () => EPOCH_MS + Math.floor(now());
  Math.random = () => random();
  return {
    reset: () => {
      random = randomFrom(1);
    },
    end: () => {
      Reflect.deleteProperty(performance, 'now');
      Date.now = realDate;
      Math.random = realRandom;
    },
  };
}
