// Everything that steps change: memory, threads, who sleeps, the clock, who has died. It can be put back.

import { bitsOf, mix } from './hash.ts';
import { asks, type Entry, stir } from './history.ts';
import { type Copies, guardedBytes, Memory } from './memory.ts';
import { type SavedThread, Status, Thread } from './thread.ts';

export interface Saved {
  readonly mark: number;
  readonly threads: readonly SavedThread[];
  readonly sleepers: readonly Thread[];
  readonly now: number;
  readonly last: Thread | undefined;
  readonly preemptions: number;
  readonly crashes: number;
  readonly version: number;
  readonly steps: number;
  readonly guarded: Copies;
}

export class World {
  readonly memory: Memory = new Memory();
  readonly threads: readonly Thread[];
  /** First come, first woken. */
  sleepers: readonly Thread[] = [];
  /** Milliseconds. It moves when somebody's time is over, and at no other time. */
  now = 0;
  /** Who has taken the last step. */
  last: Thread | undefined;
  /** How often a thread that could have gone on was not let. */
  preemptions = 0;
  crashes = 0;
  /** Who was, by this operation or event. */
  woken: number[] = [];
  /** Steps so far. */
  steps = 0;
  /** Threads may be killed in this exploration. */
  areDeaths = false;
  /** How many pieces of news there have been (kernel.ts). */
  news: () => number = () => 0;

  constructor(names: readonly string[]) {
    this.threads = names.map((name, index) => new Thread(index, name));
  }

  save(): Saved {
    const { memory, sleepers, now, last, preemptions, crashes, steps } = this;
    return {
      mark: memory.mark,
      threads: this.threads.map((thread) => thread.save()),
      sleepers,
      now,
      last,
      preemptions,
      crashes,
      version: memory.version,
      steps,
      guarded: memory.copyGuarded(),
    };
  }

  restore(saved: Saved): void {
    const { mark, threads, sleepers, version, guarded, ...rest } = saved;
    this.memory.undoTo(mark);
    this.memory.version = version;
    this.memory.putGuarded(guarded);
    for (const thread of this.threads) thread.restore(threads[thread.index] as SavedThread);
    // Neither list is ever written to.
    this.sleepers = sleepers;
    this.now = rest.now;
    this.last = rest.last;
    this.preemptions = rest.preemptions;
    this.crashes = rest.crashes;
    this.steps = rest.steps;
  }

  /** What is equal has the same future, whatever led to it. With `byLast`, where it matters who went last. */
  hashes(byLast: boolean): readonly [number, number] {
    let { hash, hash2 } = this.memory;
    const stir = (a: number, b: number): void => {
      hash = mix(hash, a);
      hash2 = mix(hash2 ^ b, a);
    };
    for (const thread of this.threads) {
      // What it knew has died with it: only what it has left in the memory matters.
      if (thread.status === Status.dead) {
        // Of the news, what it has made is not told by anybody's history.
        stir(Status.dead, this.news());
        continue;
      }
      const isIdle = thread.idleSince === this.memory.version ? 8 : 0;
      stir(thread.hash, thread.hash2);
      stir(thread.status | isIdle | (thread.owes << 4), thread.length);
    }
    for (const { index, sleep } of this.sleepers) stir(index, bitsOf(sleep?.until));
    stir(bitsOf(this.now), 1);
    // Nobody takes the turn from one who has ended.
    const isOver = (this.last?.status ?? Status.dead) >= Status.done;
    if (byLast) stir(isOver ? -1 : (this.last as Thread).index, 5);
    for (const region of this.memory.regions) {
      const bytes = guardedBytes(region);
      if (bytes === undefined) continue;
      const words = bytes.length >> 2;
      for (const word of new Int32Array(bytes.buffer, bytes.byteOffset, words)) stir(word, 3);
      for (const byte of bytes.subarray(4 * words)) stir(byte, 4);
    }
    return [hash, hash2];
  }

  /** Whoever wakes in vain again and again has somebody to wake now. */
  putToSleep(thread: Thread): void {
    this.sleepers = [...this.sleepers, thread];
    for (const other of this.threads) {
      if (other.idleSince >= 0 && asks(other, ['wake', 'notify'])) other.idleSince = -1;
    }
  }

  /** Its sleep is over, and that was why. */
  wakeUp(thread: Thread, why: 'ok' | 'timed-out' | 'disturbed'): void {
    this.sleepers = this.sleepers.filter((other) => other !== thread);
    thread.sleep = undefined;
    thread.status = Status.ready;
    thread.idleSince = -1;
    thread.lastStep = this.steps;
    if (why !== 'timed-out') thread.looks = 0;
    (thread.history[thread.length - 1] as Entry).answer = why;
    stir(thread, bitsOf(why), 11);
    this.woken.push(thread.index);
  }

  /** It has taken a step, or its time was over: nobody owes it anything any more. */
  hasGoneOn(thread: Thread): void {
    thread.lastStep = this.steps;
    for (const other of this.threads) {
      if (other.owes !== 0) other.owes &= ~(0x010101 << thread.index);
    }
  }

  /** Whether it can go on now, and would not only look at the same thing again. */
  isEager({ status, idleSince }: Thread): boolean {
    return status === Status.ready && idleSince !== this.memory.version;
  }

  /**
   * Whether its time may be over: of its sleep, or of what it looks at the clock for. The slices of a sleep would hide that
   * nobody wakes it: they count only for who does not hear of deaths, where there are some.
   */
  isTimed(thread: Thread): boolean {
    const { status, sleep, idleSince } = thread;
    if (sleep !== undefined) {
      return sleep.until < Infinity || (this.areDeaths && sleep.isSliced && !sleep.watches);
    }
    return status === Status.ready && idleSince === this.memory.version && asks(thread, ['clock']);
  }
}
