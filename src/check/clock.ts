// Time and chance inside an exploration: the clock stands still but when somebody's time is over, and random numbers are
// the same in each run of a thread.

import { randomFrom } from './hash.ts';

/** The clock outside, in milliseconds. */
export const wallNow: () => number = performance.now.bind(performance);

/** A date that says that it is none. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

export interface Clock {
  /** Does that with random numbers from their beginning, and has those before go on after it. */
  afresh<T>(act: () => T): T;
  end(): void;
}

/** Puts them in the place of the real ones, or of those that somebody else has put there; `end` puts these back. */
export function putClock(now: () => number): Clock {
  const { now: realDate } = Date;
  const { random: realRandom } = Math;
  const ownNow = Object.getOwnPropertyDescriptor(performance, 'now');
  let random = randomFrom(1);
  Object.defineProperty(performance, 'now', { value: now, configurable: true, writable: true });
  Date.now = () => EPOCH_MS + Math.floor(now());
  Math.random = () => random();
  return {
    afresh: (act) => {
      const before = random;
      random = randomFrom(1);
      try {
        return act();
      } finally {
        random = before;
      }
    },
    end: () => {
      if (ownNow === undefined) Reflect.deleteProperty(performance, 'now');
      else Object.defineProperty(performance, 'now', ownNow);
      Date.now = realDate;
      Math.random = realRandom;
    },
  };
}
