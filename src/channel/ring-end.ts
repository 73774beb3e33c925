// What a ring's two ends have in common: being attached, seeing the other end die, and the sleep protocol.
//
// The sleep protocol: everything that an end waits for is in one word, the other end's cursor. An end that has
// found nothing there looks a while, then sets SLEEPS in it by a compare-exchange of the very value it saw, and
// sleeps while the word is that. The owner moves its cursor by a compare-exchange, too, from the bare position:
// it fails when there is a flag, and only then the owner clears SLEEPS and wakes. So:
//
//   - A message costs one atomic operation, and no system call while both ends are awake.
//   - No wake-up is lost. The flag is set only if nothing has changed since the look; after that, whatever
//     changes first removes it and wakes; and futex(2) compares before it sleeps.
//   - An end that is killed between its change and its wake-up wakes nobody, nor does one that is killed at all:
//     sleep is in slices, after each of which the word and the other end's lifeline are looked at.
//   - An end that gives up leaves SLEEPS behind. The owner then wakes nobody, once.

import { invalidArgument, MemspanError } from '../errors.ts';
import { compareExchange, load, pause } from '../word/atomics.ts';
import { sleep, sleepAsync, wake } from '../word/sleep.ts';
import { ABSENT, ATTACHED, CLOSED, REFUSED, type Role, SLEEPS } from './ring.layout.ts';
import { Turns } from './turns.ts';

/** The memory of a ring; a Segment is one. */
export interface RingMemory {
  readonly name: string | undefined;
  readonly size: number;
  readonly buffer: SharedArrayBuffer;
  readonly bulk: ArrayBuffer;
  readonly status: Uint32Array;
  lifeline(index: number): { release(): void } | null;
  isHeld(index: number): boolean;
}

export interface RingWaitOptions {
  /** Milliseconds until the call gives up and says `null`. Default: for ever. */
  timeoutMs?: number | undefined;
}

export interface RingAsyncOptions extends RingWaitOptions {
  /** Gives up with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const SLICE_MS = 100;
// Each look takes the word's cache line from its owner, who must have it back before the next message: so the
// pauses between looks double, up to a quarter of a microsecond. All looks together take up to about 100 µs:
// longer than a sleeping peer needs to answer. Two ends that both sleep too soon would keep each other asleep;
// so after every PROBE looks that did not help there is a long one.
const LOOKS_MIN = 4;
const LOOKS_MAX = 400;
const PAUSE_MAX = 512;
const PROBE = 64;

export class RingEnd {
  protected readonly words: Int32Array;
  protected readonly status: Uint32Array;
  readonly #memory: RingMemory;
  readonly #own: Role;
  readonly #peer: Role;
  readonly #lifeline: { release(): void };
  #isClosed = false;
  /** False when the fast path must not be taken: this end is closed, or asynchronous calls are queueing. */
  protected isIdle = true;
  /** The other end's cursor, flags and all, in which the last attempt found nothing. */
  protected seen = 0;
  // How often it pays to look before sleeping: grows while looking helps, shrinks while it does not.
  #looks = LOOKS_MAX;
  #misses = 0;
  readonly #turns = new Turns();

  protected constructor(memory: RingMemory, words: Int32Array, own: Role, peer: Role) {
    this.#memory = memory;
    this.#own = own;
    this.#peer = peer;
    this.words = words;
    this.status = memory.status;
    const lifeline = memory.lifeline(own.lifeline);
    if (lifeline === null) throw this.failure('ERR_MEMSPAN_BUSY', `the ring has a ${own.name}`);
    this.#lifeline = lifeline;
    // The lifeline is held before the word says so: ATTACHED without a lifeline means dead or closed.
    const before = compareExchange(words, own.attached, ABSENT, ATTACHED);
    if (before === ABSENT) return;
    lifeline.release();
    if (before !== ATTACHED) throw this.corrupt(`the ${own.name}'s word cannot be ${before}`);
    const fate = load(words, own.cursor) & CLOSED ? 'closed' : 'died';
    throw this.failure('ERR_MEMSPAN_BUSY', `the ring has had its ${own.name}, which has ${fate}`);
  }

  /** Whether the other end has come yet, and whether it has closed since. One that died stays 'attached'. */
  get peer(): 'absent' | 'attached' | 'closed' {
    this.checkMemory();
    if (load(this.words, this.#peer.attached) === ABSENT) return 'absent';
    return load(this.words, this.#peer.cursor) & CLOSED ? 'closed' : 'attached';
  }

  /**
   * Says that this end will not come back; the other end is told. Asynchronous calls of this end that are
   * pending reject with `ERR_MEMSPAN_CLOSED`. Again is harmless.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.isIdle = false;
    if (this.status[0] === 0) {
      this.#mark(this.#own.cursor, CLOSED);
      // Also wakes this end's own pending call, which sleeps on that word.
      this.#mark(this.#peer.cursor, this.#own.farewell);
    }
    this.#lifeline.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether a call must take the slow way, behind those that queue. Throws when this end is closed. */
  protected get isBusy(): boolean {
    if (this.isIdle) return false;
    this.#checkOpen();
    return true;
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw this.failure('ERR_MEMSPAN_CLOSED', `this ${this.#own.name} is closed`);
  }

  /** Throws for what the status says. */
  protected checkMemory(): void {
    if (this.status[0] === 0) return;
    void this.#memory.buffer;
    // The segment is sound but has another mapping by now.
    throw this.failure('ERR_MEMSPAN_TRUNCATED', 'the memory of this ring was cut off');
  }

  /** Moves the own cursor where a plain exchange of the positions could not: there are flags in it. */
  protected advance(from: number, to: number): void {
    const { cursor, guestFlags } = this.#own;
    for (;;) {
      const found = load(this.words, cursor);
      if ((found & ~guestFlags) !== from) {
        throw this.corrupt(`its own cursor was ${from} and is ${found}`);
      }
      if (found & REFUSED) throw this.peerClosed();
      if (compareExchange(this.words, cursor, found, to) !== found) continue;
      if (found & SLEEPS) wake(this.words, cursor, 1);
      return;
    }
  }

  /** Sets a flag in a cursor and wakes who sleeps on it. */
  #mark(cursor: number, flag: number): void {
    for (;;) {
      const found = load(this.words, cursor);
      if (compareExchange(this.words, cursor, found, (found & ~SLEEPS) | flag) === found) break;
    }
    wake(this.words, cursor, 1);
  }

  /** Blocks until `attempt` has a result; null when the time is over. */
  protected block<T>(attempt: () => T | undefined, options: RingWaitOptions): T | null {
    if (!this.#turns.isEmpty) {
      const cause = `an asynchronous call on this ${this.#own.name} is pending`;
      throw this.failure('ERR_MEMSPAN_BUSY', cause);
    }
    const deadline = deadlineOf(options);
    for (;;) {
      const found = this.#look(attempt);
      if (found !== undefined) return found;
      const leftMs = deadline - performance.now();
      if (leftMs > 0 && this.#arm()) {
        sleep(this.words, this.#peer.cursor, this.seen, leftMs, SLICE_MS);
      }
      const late = this.#lookLate(attempt);
      if (late !== undefined) return late;
      if (leftMs <= 0) return null;
    }
  }

  /**
   * The same without blocking the thread. Calls of one end are served in their order. One that `lingers` goes
   * on after close(), and waits for nothing but the other end's close(), which wakes whatever the flags say.
   */
  protected async blockAsync<T>(
    attempt: () => T | undefined,
    options: RingAsyncOptions,
    lingers = false,
  ): Promise<T | null> {
    const { signal } = options;
    const deadline = deadlineOf(options);
    const turn = this.#turns.join();
    this.isIdle = false;
    try {
      if (!turn.isFirst && !(await turn.comes(deadline, signal))) return null;
      for (;;) {
        signal?.throwIfAborted();
        if (!lingers) this.#checkOpen();
        const found = this.#look(attempt);
        if (found !== undefined) return found;
        const leftMs = deadline - performance.now();
        if (leftMs > 0 && (lingers || this.#arm())) {
          await sleepAsync(this.words, this.#peer.cursor, this.seen, leftMs, SLICE_MS, signal);
          if (!lingers) this.#checkOpen();
        }
        const late = this.#lookLate(attempt);
        if (late !== undefined) return late;
        if (leftMs <= 0) return null;
      }
    } finally {
      turn.end();
      if (this.#turns.isEmpty) this.isIdle = !this.#isClosed;
    }
  }

  /** Undefined: nothing, for as long as it pays to look. */
  #look<T>(attempt: () => T | undefined): T | undefined {
    let pauses = 8;
    for (let left = this.#looks; ; left--) {
      const found = attempt();
      if (found !== undefined) {
        this.#looks = Math.min(this.#looks * 2, LOOKS_MAX);
        return found;
      }
      if (left <= 0) break;
      if (!pause(pauses)) break;
      pauses = Math.min(pauses * 2, PAUSE_MAX);
    }
    this.#misses++;
    if (this.#misses % PROBE === 0) this.#looks = LOOKS_MAX;
    else if (this.#looks > LOOKS_MIN) this.#looks >>>= 1;
    return undefined;
  }

  /** Says that this end sleeps, in the word in which it found nothing. False: that word has changed since. */
  #arm(): boolean {
    const armed = this.seen | SLEEPS;
    if (this.seen === armed) return true;
    const found = compareExchange(this.words, this.#peer.cursor, this.seen, armed);
    if (found !== this.seen) return false;
    this.seen = armed;
    return true;
  }

  /** After sleep. Undefined: nothing yet, from an end that lives. */
  #lookLate<T>(attempt: () => T | undefined): T | undefined {
    const found = attempt();
    if (found !== undefined || this.#isPeerAlive()) return found;
    // What it did before it died or closed still counts.
    const last = attempt();
    if (last !== undefined) return last;
    throw this.failure('ERR_MEMSPAN_PEER_DIED', `the ${this.#peer.name} died`);
  }

  /** An end that has not come yet may still come. */
  #isPeerAlive(): boolean {
    const attached = load(this.words, this.#peer.attached);
    if (attached === ABSENT) return true;
    if (attached === ATTACHED) return this.#memory.isHeld(this.#peer.lifeline);
    throw this.corrupt(`the ${this.#peer.name}'s word cannot be ${attached}`);
  }

  protected peerClosed(cause: string = `the ${this.#peer.name} has closed`): MemspanError {
    return this.failure('ERR_MEMSPAN_PEER_CLOSED', cause);
  }

  /** Memory that is gone reads as zeros, which is no corruption. */
  protected corrupt(cause: string): MemspanError {
    this.checkMemory();
    return this.failure('ERR_MEMSPAN_CORRUPT', cause);
  }

  protected failure(code: MemspanError['code'], cause: string): MemspanError {
    const operation = `ring ${this.#own.name}`;
    return new MemspanError(code, { operation, object: this.#memory.name, cause });
  }
}

function deadlineOf({ timeoutMs }: RingWaitOptions): number {
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeoutMs === 'number' && !Number.isNaN(timeoutMs)) {
    return performance.now() + timeoutMs;
  }
  throw invalidArgument(`timeoutMs is a number of milliseconds, not ${timeoutMs}`);
}
