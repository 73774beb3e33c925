// One of the threads that are explored: what it has done so far, and how it goes on.
//
// A thread is an ordinary function of this very JavaScript thread. It cannot be stopped in the middle; so it is ended
// there (an exception out of its next operation), and when it is its turn again it runs anew, each operation answered
// with what it was answered before, until it is where it was. Its history is all there is of it.

import type { Copies } from './memory.ts';

export const Status = {
  /** It can take a step. */
  ready: 0,
  asleep: 1,
  done: 2,
  /** Killed. */
  dead: 3,
} as const;

export type Status = (typeof Status)[keyof typeof Status];

/** All plain accesses to guarded memory between two operations, as one. */
export const PLAIN = 'plain';

/** One operation that a thread has done. */
export interface Entry {
  readonly kind: string;
  /** What it was done to: the number of its first byte among all explored bytes, or less than 0. */
  readonly at: number;
  answer: unknown;
  /** Of the guarded regions, for plain accesses that come next. */
  guarded: Copies | undefined;
}

/** What a sleeper sleeps on. */
export interface Sleep {
  /** 'sleep': in the kernel's queue; 'wait': in the engine's. Neither hears of the other. */
  readonly kind: 'sleep' | 'wait';
  readonly at: number;
  /** The clock's time at which it is over. */
  readonly until: number;
  /** It hears of deaths. */
  readonly watches: boolean;
  readonly expected: unknown;
}

/** What has to be put back to have a thread as it was. */
export interface SavedThread {
  readonly status: Status;
  readonly length: number;
  readonly hash: number;
  readonly hash2: number;
  readonly sleep: Sleep | undefined;
  readonly idleSince: number;
  readonly changes: number;
  readonly timedOutAt: number;
  readonly timeOuts: number;
  readonly answer: unknown;
}

export class Thread {
  readonly index: number;
  readonly name: string;
  readonly history: Entry[] = [];
  /** How many entries of the history count. */
  length = 0;
  /** The next operation's place in the history while it runs. */
  cursor = 0;
  status: Status = Status.ready;
  hash = 0;
  hash2 = 0;
  sleep: Sleep | undefined;
  /** The memory's version since which it has only looked at the same things again and again; −1: it has not. */
  idleSince = -1;
  /** How many of the changes of the memory were its own. */
  changes = 0;
  /** How many changes others had made when its last sleep's time was over. */
  timedOutAt = -1;
  /** How often in a row its time was over since then. */
  timeOuts = 0;
  /** What its function has returned. */
  result: unknown;

  constructor(index: number, name: string) {
    this.index = index;
    this.name = name;
  }

  save(): SavedThread {
    const { status, length, hash, hash2, sleep, idleSince, changes, timedOutAt, timeOuts } = this;
    // A sleeper's last answer comes later, and another one on another way.
    const answer = this.history[length - 1]?.answer;
    return {
      status,
      length,
      hash,
      hash2,
      sleep,
      idleSince,
      changes,
      timedOutAt,
      timeOuts,
      answer,
    };
  }

  restore(saved: SavedThread): void {
    const { answer, ...rest } = saved;
    Object.assign(this, rest);
    const last = this.history[this.length - 1];
    if (last !== undefined) last.answer = answer;
  }
}

/** Up to so many operations are taken for one turn of a loop that looks. */
const PERIOD_MAX = 8;
const LOOKS = new Set(['load', 'read', 'compareExchange', 'isHeld', 'clock', 'news', PLAIN]);

/** How often it may do so before it has to wait for something to change: who looks a few times and then does something
 * else is not hindered. */
const TURNS_MAX = 3;

/** Whether the last operations were the same, with the same answers, several times. */
export function repeatsItself({ history, length }: Thread): boolean {
  for (let period = 1; period <= PERIOD_MAX; period++) {
    const first = length - TURNS_MAX * period;
    if (first < period) return false;
    let isSame = true;
    for (let i = first; i < length && isSame; i++) {
      const { kind, at, answer } = history[i] as Entry;
      const before = history[i - period] as Entry;
      isSame =
        LOOKS.has(kind) && kind === before.kind && at === before.at && answer === before.answer;
    }
    if (isSame) return true;
  }
  return false;
}
