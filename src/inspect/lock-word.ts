// The word of a mutex, a reader-writer lock or an initialisation, read once for all who look at it from outside: what is said of it for people is
// anatomy/exclusion.ts, what is wrong with it diagnosis/locks.ts. The bits are explained in src/sync/*.layout.ts.

import { DIED, GRANTED, OWNER, UNRECOVERABLE, WAITERS } from '../sync/mutex.layout.ts';
import { DONE } from '../sync/once.layout.ts';
import { DRAINING } from '../sync/rwlock.layout.ts';

export type LockKind = 'mutex' | 'rwlock' | 'once';

export interface LockWord {
  /**
   * | state     | the owner | and                                                                                   |
   * |-----------|-----------|---------------------------------------------------------------------------------------|
   * | free      | none      |                                                                                       |
   * |           | dead      | it had not begun to use it, which has done no harm                                    |
   * | coming    | alive     | does not use it yet: a mutex is handed to it, a reader-writer lock has still readers  |
   * | held      | alive     |                                                                                       |
   * | abandoned | dead      | had it                                                                                |
   * | over      | any       | nobody can have it any more: lost, or an initialisation that is done                  |
   */
  readonly state: 'free' | 'coming' | 'held' | 'abandoned' | 'over';
  /** Somebody has died having it, and what it guards has not been repaired since. */
  readonly dataDamaged: boolean;
  /** Who gives it up looks for somebody who waits. */
  readonly marked: boolean;
}

/** The bit beside an owner that does not use it yet; an initialisation has none. */
const COMING: Readonly<Record<LockKind, number>> = { mutex: GRANTED, rwlock: DRAINING, once: 0 };
const OVER: Readonly<Record<LockKind, number>> = {
  mutex: UNRECOVERABLE,
  rwlock: UNRECOVERABLE,
  once: DONE,
};

/** The id of its owner; 0 is nobody. */
export function ownerIn(word: number): number {
  return word & OWNER;
}

export function readLockWord(kind: LockKind, word: number, isOwnerAlive: boolean): LockWord {
  const isComing = (word & COMING[kind]) !== 0;
  let state: LockWord['state'] = 'free';
  if ((word & OVER[kind]) !== 0) state = 'over';
  else if (isOwnerAlive) state = isComing ? 'coming' : 'held';
  else if (ownerIn(word) !== 0 && !isComing) state = 'abandoned';
  return { state, dataDamaged: (word & DIED) !== 0, marked: (word & WAITERS) !== 0 };
}
