// CriticalSection: one at a time, among the threads of one process. The textbook's lock, and no more than that.
//
// Two words; zeros are a section that is free.
//
//   word 0   │ WAITERS │ the owner's threadId + 1: 31 bits; 0 is free │
//                 31
//   word 1   how often asynchronous waiters have been woken
//
// | bit     | set by                                              | cleared by              |
// |---------|-----------------------------------------------------|-------------------------|
// | owner   | who takes it while it is free                       | the owner               |
// | WAITERS | who is about to sleep; who takes it after a sleep   | the owner, with its own |
//
// Blocking waiters sleep on word 0 and are woken one by one; asynchronous ones sleep on word 1 and are all
// woken, one promise per thread. They have to stand in two queues: the event loop of who waits for the section
// asynchronously may be blocked in a lock of the same section, and would swallow the only wake-up.
// After a sleep nobody knows who else sleeps: so it is taken with WAITERS, which costs one needless wake-up when there is
// nobody (Drepper, "Futexes are tricky", mutex 2).

import { isSharedArrayBuffer } from 'node:util/types';
import { threadId } from 'node:worker_threads';
import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import { SLICE_MS } from '../span/waiting.ts';
import { add, compareExchange, load, pause, store } from '../word/atomics.ts';
import { localNotify, localWait, localWaitAsync } from '../word/local.ts';
import { CriticalSectionGuard } from './critical-section-guard.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  limit,
  signalOf,
  timeoutOf,
} from './wait-options.ts';

const SIZE = 8;
const WAITERS = 0x8000_0000 | 0;
const OWNER = 0x7fff_ffff;

const PATIENCE_MAX = 96;
const PATIENCE_MIN = 4;
const PAUSE_MIN = 16;
const PAUSE_MAX = 512;

/**
 * Owned by one thread of this process at a time: for data in a plain `SharedArrayBuffer`. It needs no span and no
 * system call to be made. Post `section.buffer` (and `section.byteOffset`) to a worker, which makes
 * its own `CriticalSection` over them.
 *
 * Not for what other processes share, nor for the buffer of a segment: other processes' threads have the same
 * numbers. Not for threads that may be terminated: an owner that dies (`worker.terminate()`) holds it for ever, and whoever
 * blocks without `timeoutMs` does so, too. Deadlocks among several threads are not found, either.
 * Use `Mutex` for that.
 */
export class CriticalSection {
  readonly buffer: SharedArrayBuffer;
  readonly byteOffset: number;
  readonly #words: Int32Array;
  readonly #id = threadId + 1;
  /** Tasks of this thread that wait, in the order of their arrival; called when it has been taken for them. */
  readonly #queue: (() => void)[] = [];
  /** Keeps the event loop open while there are any. */
  #timer: NodeJS.Timeout | undefined;
  /** Word 1 is waited on. */
  #isListening = false;
  // How often to look before sleeping: more after it was worth it.
  #patience = PATIENCE_MAX;
  readonly #release = (): void => this.#unlock();

  /**
   * A new one in eight bytes of its own, or the one at a byte offset of memory that the threads share: eight
   * bytes, zeros at first. `byteOffset` is a multiple of 4.
   */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(SIZE), byteOffset = 0) {
    if (!isSharedArrayBuffer(buffer) || typeof byteOffset !== 'number') {
      throw invalidArgument(
        'new CriticalSection takes a SharedArrayBuffer and an offset in bytes, or nothing',
      );
    }
    if (!(byteOffset >= 0 && byteOffset <= buffer.byteLength - SIZE && byteOffset % 4 === 0)) {
      throw outOfRange(
        `new CriticalSection: byteOffset is a multiple of 4 from 0 to ${buffer.byteLength - SIZE}, not ${byteOffset}`,
      );
    }
    this.buffer = buffer;
    this.byteOffset = byteOffset;
    this.#words = new Int32Array(buffer, byteOffset, 2);
  }

  /**
   * Blocks until it is taken; with `timeoutMs`, null when the time is over. Blocks the event loop, too: use
   * `lockAsync` where that matters. Throws `ERR_MEMSPAN_DEADLOCK` when this thread holds it already.
   */
  lock(): CriticalSectionGuard;
  lock(options: BlockingOptions | undefined): CriticalSectionGuard | null;
  lock(options?: BlockingOptions): CriticalSectionGuard | null {
    const timeoutMs = timeoutOf(options, 'criticalSection.lock');
    if (this.#isFree() || this.#sleepUntilTaken(timeoutMs)) return this.#guard();
    return null;
  }

  /** Takes it if it is free, else null. */
  tryLock(): CriticalSectionGuard | null {
    return this.#isFree() ? this.#guard() : null;
  }

  /**
   * Like `lock`, without blocking: tasks of one thread queue up behind each other, also behind a lock that this
   * thread holds. Null when `timeoutMs` is over; rejects with the signal's reason when that is aborted.
   * Keeps the event loop open while pending.
   */
  lockAsync(): Promise<CriticalSectionGuard>;
  lockAsync(options: AsyncOptions & { timeoutMs?: undefined }): Promise<CriticalSectionGuard>;
  lockAsync(options: AsyncOptions | undefined): Promise<CriticalSectionGuard | null>;
  async lockAsync(options?: AsyncOptions): Promise<CriticalSectionGuard | null> {
    const timeoutMs = timeoutOf(options, 'criticalSection.lockAsync');
    const signal = signalOf(options, 'criticalSection.lockAsync');
    if (signal?.aborted) throw signal.reason;
    if (this.#queue.length === 0 && this.#isFree()) return this.#guard();
    return new Promise((resolve, reject) => {
      const taken = (): void => {
        unlimit();
        resolve(this.#guard());
      };
      const elapsed = (): void => {
        this.#look();
        if (this.#dequeue(taken)) resolve(null);
        unlimit();
      };
      const aborted = (reason: unknown): void => {
        if (this.#dequeue(taken)) reject(reason);
        unlimit();
      };
      const unlimit = limit(timeoutMs, signal, elapsed, aborted);
      this.#enqueue(taken);
    });
  }

  #guard(): CriticalSectionGuard {
    return new CriticalSectionGuard(this, this.#release);
  }

  /** True when it was free, and is taken now. */
  #isFree(): boolean {
    return compareExchange(this.#words, 0, 0, this.#id) === 0;
  }

  /** False when the time is over. */
  #sleepUntilTaken(timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs;
    if (this.#isWorthLooking() && this.#isFree()) return true;
    for (;;) {
      const found = this.#takeOrMark();
      if (found === 0) return true;
      if ((found & OWNER) === this.#id) throw selfDeadlock();
      // Looked at last after the last sleep: a wake-up that came with the end of the time is not lost.
      const left = deadline - performance.now();
      if (left <= 0) return false;
      // In slices: a wake-up is lost when the worker that it was for is terminated.
      localWait(this.#words, 0, found, Math.min(left, SLICE_MS));
    }
  }

  /** True when the word was seen free. */
  #isWorthLooking(): boolean {
    let turns = PAUSE_MIN;
    for (let looks = 0; looks < this.#patience; looks++) {
      const owner = load(this.#words, 0) & OWNER;
      if (owner === this.#id) return false;
      if (owner === 0) {
        this.#patience = Math.min(PATIENCE_MAX, this.#patience + 8);
        return true;
      }
      if (!pause(turns)) return false;
      turns = Math.min(2 * turns, PAUSE_MAX);
    }
    this.#patience = Math.max(PATIENCE_MIN, this.#patience >> 1);
    return false;
  }

  /** 0: taken. Otherwise the word, marked: whoever holds it will wake. */
  #takeOrMark(): number {
    const words = this.#words;
    for (;;) {
      const word = load(words, 0);
      const next = (word === 0 ? this.#id : word) | WAITERS;
      if (next === word || compareExchange(words, 0, word, next) === word) {
        return word === 0 ? 0 : next;
      }
    }
  }

  #unlock(): void {
    const words = this.#words;
    const word = compareExchange(words, 0, this.#id, 0);
    if (word === this.#id) return;
    if ((word & OWNER) !== this.#id) throw notHeld();
    store(words, 0, 0);
    localNotify(words, 0, 1);
    this.#wakeAsync();
  }

  /** Everybody who waits on word 1, this thread included. */
  #wakeAsync(): void {
    add(this.#words, 1, 1);
    localNotify(this.#words, 1);
  }

  #enqueue(taken: () => void): void {
    this.#queue.push(taken);
    this.#timer ??= setInterval(this.#look, SLICE_MS);
    this.#look();
  }

  /** False when it is not in the queue any more. */
  #dequeue(taken: () => void): boolean {
    const at = this.#queue.indexOf(taken);
    if (at < 0) return false;
    this.#queue.splice(at, 1);
    this.#restIfIdle();
    return true;
  }

  /** Takes it for the first of the queue, if it can be had; listens as long as there is a queue. */
  readonly #look = (): void => {
    while (this.#queue.length > 0) {
      const count = load(this.#words, 1);
      if (this.#takeOrMark() === 0) {
        const taken = this.#queue.shift() as () => void;
        this.#restIfIdle();
        taken();
      } else if (this.#isListening || this.#listen(count)) return;
    }
  };

  /** False when there was a wake-up since `count` was read. */
  #listen(count: number): boolean {
    const woken = localWaitAsync(this.#words, 1, count);
    if (woken === null) return false;
    this.#isListening = true;
    woken.then(() => {
      this.#isListening = false;
      this.#look();
    });
    return true;
  }

  #restIfIdle(): void {
    if (this.#queue.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    // The promise ends now, not with somebody's next release.
    if (this.#isListening) this.#wakeAsync();
  }
}

function selfDeadlock(): MemspanError {
  return new MemspanError('ERR_MEMSPAN_DEADLOCK', {
    operation: 'criticalSection.lock',
    cause: 'this thread holds it already, and would wait for itself',
    remedy: 'Release it first, or use lockAsync in another task',
  });
}

function notHeld(): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_HELD', {
    operation: 'criticalSection.release',
    cause: 'its word says that this thread does not hold it: somebody has written over it',
    remedy: 'Look for who else uses these eight bytes',
  });
}
