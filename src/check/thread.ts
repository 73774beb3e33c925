// One of the threads that are explored: what it has done so far, and how it goes on.
//
// A thread is an ordinary function of this very JavaScript thread. It cannot be stopped in the middle; so it is ended
// there (an exception out of its next operation), and when it is its turn again it runs anew, each operation answered
// with what it was answered before, until it is where it was. Its history is all there is of it.

import type { Entry } from './history.ts';

export const Status = {
  /** It can take a step. */
  ready: 0,
  asleep: 1,
  done: 2,
  /** Killed. */
  dead: 3,
} as const;

/** What a sleep is answered as long as it lasts. */
export const ASLEEP = 'asleep';

export type Status = (typeof Status)[keyof typeof Status];

/** What a sleeper sleeps on. */
export interface Sleep {
  /** 'sleep': in the kernel's queue; 'wait': in the engine's. Neither hears of the other. */
  readonly kind: 'sleep' | 'wait';
  readonly at: number;
  /** The clock's time at which it is over. */
  readonly until: number;
  /** It hears of deaths. */
  readonly watches: boolean;
  /** It ends after a while in any case, and is begun again if there is nothing new. */
  readonly isSliced: boolean;
  readonly expected: unknown;
}

/** What has to be put back to have a thread as it was. */
export interface SavedThread {
  readonly status: Status;
  readonly length: number;
  readonly hash: number;
  readonly hash2: number;
  readonly sleep: Sleep | undefined;
  readonly looks: number;
  readonly idleSince: number;
  readonly sameTo: number;
  readonly busyTo: number;
  readonly owes: number;
  readonly lastStep: number;
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
  /** How many of its last operations have changed nothing and woken nobody. */
  looks = 0;
  /** The memory's version since which it only does the same again and again, and in vain; −1: it does not. */
  idleSince = -1;
  /** Up to this length of its history it is known to do the same if it is answered the same. */
  sameTo = -1;
  /** And at this one to do something else. */
  busyTo = -1;
  /** Who could have gone on, and did not, while its time was over: once, twice, three times; a byte for each. */
  owes = 0;
  /** After how many steps of all it took its last one, or could go on again. */
  lastStep = 0;
  /** What its function has returned. */
  result: unknown;

  constructor(index: number, name: string) {
    this.index = index;
    this.name = name;
  }

  save(): SavedThread {
    return {
      status: this.status,
      length: this.length,
      hash: this.hash,
      hash2: this.hash2,
      sleep: this.sleep,
      looks: this.looks,
      idleSince: this.idleSince,
      sameTo: this.sameTo,
      busyTo: this.busyTo,
      owes: this.owes,
      lastStep: this.lastStep,
      // A sleeper's last answer comes later, and another one on another way.
      answer: this.history[this.length - 1]?.answer,
    };
  }

  restore(saved: SavedThread): void {
    this.status = saved.status;
    this.length = saved.length;
    this.hash = saved.hash;
    this.hash2 = saved.hash2;
    this.sleep = saved.sleep;
    this.looks = saved.looks;
    this.idleSince = saved.idleSince;
    this.sameTo = saved.sameTo;
    this.busyTo = saved.busyTo;
    this.owes = saved.owes;
    this.lastStep = saved.lastStep;
    const last = this.history[this.length - 1];
    if (last !== undefined) last.answer = saved.answer;
  }
}
