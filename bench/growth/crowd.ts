// What processes that contend do, and count: each kind is a loop of its own that runs until it is told to stop. Counted is what all of
// them do together in a while, so that it does not matter who gets how much.

import type { Mutex, RwLock, Semaphore, Span } from '../../src/index.ts';

export type Kind = 'mutex' | 'semaphore' | 'rwlock' | 'add';

/** What the crowd is told: to begin. It stops when the word says so. */
export interface Order {
  readonly kind: Kind;
  /** Which turn it is, from 1: the word of STOP is that number when it is over. */
  readonly turn: number;
}

/** Words, each on lines of its own: which turn is over; what is guarded, or added to; a pair that readers compare. */
export const STOP = 0;
export const SHARED = 32;
const PAIR = 64;
/** What each has done in this turn. */
const OWN = 96;
const STRIDE = 32;
export const PROCESSES_MAX = 16;
const WORDS = OWN + STRIDE * PROCESSES_MAX;

export interface Room {
  readonly span: Span;
  readonly words: Int32Array;
  readonly mutex: Mutex;
  readonly semaphore: Semaphore;
  readonly rwlock: RwLock;
}

export function roomIn(span: Span): Room {
  const { buffer, byteOffset } = span.bytes('words', { size: WORDS * 4 });
  return {
    span,
    words: new Int32Array(buffer, byteOffset, WORDS),
    mutex: span.mutex('mutex'),
    semaphore: span.semaphore('semaphore', { initial: 1 }),
    rwlock: span.rwlock('rwlock'),
  };
}

export const ownOf = (process: number): number => OWN + STRIDE * process;

type Loop = (room: Room, own: number, turn: number) => void;

// `words[own] = count` is a plain store: it orders nothing, and the one who sums up sees it soon enough.
export const loops: Record<Kind, Loop> = {
  mutex({ mutex, words }, own, turn) {
    for (let count = 1; words[STOP] !== turn; count++) {
      const guard = mutex.lock();
      words[SHARED] = (words[SHARED] as number) + 1;
      guard.release();
      words[own] = count;
    }
  },
  semaphore({ semaphore, words }, own, turn) {
    for (let count = 1; words[STOP] !== turn; count++) {
      const permit = semaphore.acquire();
      words[SHARED] = (words[SHARED] as number) + 1;
      permit.release();
      words[own] = count;
    }
  },
  rwlock({ rwlock, words }, own, turn) {
    for (let count = 1; words[STOP] !== turn; count++) {
      const guard = rwlock.read();
      if (words[PAIR] !== words[PAIR + 1]) throw new Error('read half of a pair');
      guard.release();
      words[own] = count;
    }
  },
  add({ words }, own, turn) {
    for (let count = 1; words[STOP] !== turn; count++) {
      Atomics.add(words, SHARED, 1);
      words[own] = count;
    }
  },
};
