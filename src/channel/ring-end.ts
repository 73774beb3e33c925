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

import type { MemspanError } from '../errors.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { ABSENT, CLOSED, Counter, REFUSED, type Role, SLEEPS } from './ring.layout.ts';
import { type Ends, type Hold, ringFailure } from './ring-ends.ts';
import { deadlineOf, Looks, type RingAsyncOptions, type RingWaitOptions } from './ring-looks.ts';
import { Turns } from './turns.ts';

/** Where a ring is. */
export interface RingPlace {
  readonly ends: Ends;
  readonly capacity: number;
  /** Its header. */
  readonly words: Int32Array;
  /** 0 while the memory is sound. */
  readonly status: Uint32Array;
  /** Throws for what the status says. */
  readonly buffer: SharedArrayBuffer;
  /** A second view of the same bytes, for copies. */
  readonly bulk: ArrayBuffer;
  /** Bytes from the buffers' start. */
  readonly offset: number;
}

const COUNTERS: number = Object.keys(Counter).length;

/** A message in place, which this end has to finish with before it goes on. */
export interface OpenLoan {
  readonly name: string;
  drop(): void;
}

export class RingEnd {
  protected readonly words: Int32Array;
  protected readonly status: Uint32Array;
  protected readonly place: RingPlace;
  protected readonly ends: Ends;
  /** This end's own: `Counter` says which is which. */
  protected readonly counts: Float64Array;
  protected readonly peerCounts: Float64Array;
  readonly #own: Role;
  readonly #peer: Role;
  readonly #hold: Hold;
  #isClosed = false;
  #loan: OpenLoan | undefined;
  /** False when the fast path must not be taken: this end is closed, has a loan, or asynchronous calls are queueing. */
  protected isIdle = true;
  /** The other end's cursor, flags and all, in which the last attempt found nothing. */
  protected seen = 0;
  readonly #looks: Looks = new Looks();
  readonly #turns = new Turns();

  protected constructor(place: RingPlace, own: Role, peer: Role) {
    this.place = place;
    this.ends = place.ends;
    this.#own = own;
    this.#peer = peer;
    this.words = place.words;
    this.status = place.status;
    this.counts = new Float64Array(place.bulk, place.offset + own.counters, COUNTERS);
    this.peerCounts = new Float64Array(place.bulk, place.offset + peer.counters, COUNTERS);
    this.#hold = this.ends.take(own);
    try {
      // Throws if the memory is gone, or what has just been written reached nobody.
      void place.buffer;
    } catch (error) {
      this.#hold.release();
      throw error;
    }
  }

  /** Whether the other end has come yet, and whether it has closed since. One that died stays 'attached'. */
  get peer(): 'absent' | 'attached' | 'closed' {
    this.checkMemory();
    if (load(this.words, this.#peer.cursor) & CLOSED) return 'closed';
    return load(this.words, this.#peer.attached) === ABSENT ? 'absent' : 'attached';
  }

  /**
   * Says that this end is done; the other end is told. Asynchronous calls of this end that are pending reject with
   * `ERR_MEMSPAN_CLOSED`; a message in place that was not finished with is as if it had not been asked for. Over a segment
   * nobody can have this end again, in a span anybody. Again is harmless.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.isIdle = false;
    this.#loan?.drop();
    this.#loan = undefined;
    if (this.status[0] !== 0) {
      this.#hold.release();
      return;
    }
    // step: ring-before-close
    this.#mark(this.#own, this.#own.cursor, CLOSED);
    // step: ring-closed
    // Also wakes this end's own pending call, which sleeps on that word.
    this.#mark(this.#peer, this.#peer.cursor, this.#own.farewell);
    // step: ring-farewell
    this.#hold.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Whether a call must take the slow way, behind those that queue. Throws when this end is closed, and `ERR_MEMSPAN_BUSY`
   * when it has a message in place.
   */
  protected get isBusy(): boolean {
    if (this.isIdle) return false;
    this.#checkFree();
    return true;
  }

  #checkFree(): void {
    this.#checkOpen();
    if (this.#loan === undefined) return;
    const cause = `this ${this.#own.name} has ${this.#loan.name}, and one at a time`;
    throw this.failure('ERR_MEMSPAN_BUSY', cause);
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw this.failure('ERR_MEMSPAN_CLOSED', `this ${this.#own.name} is closed`);
  }

  /** Until `returnLoan` every other call throws. */
  protected lend<L extends OpenLoan>(loan: L): L {
    this.#loan = loan;
    this.isIdle = false;
    return loan;
  }

  /** False when it is not, or no longer, the one that is out. */
  protected returnLoan(loan: OpenLoan): boolean {
    if (this.#loan !== loan) return false;
    this.#loan = undefined;
    this.#goIdle();
    return true;
  }

  #goIdle(): void {
    this.isIdle = !this.#isClosed && this.#loan === undefined && this.#turns.isEmpty;
  }

  /** Throws for what the status says. */
  protected checkMemory(): void {
    if (this.status[0] === 0) return;
    void this.place.buffer;
    // The segment is sound but has another mapping by now.
    throw this.failure('ERR_MEMSPAN_TRUNCATED', 'the memory of this ring was cut off');
  }

  /** For who has just looked at the other's cursor: how many messages there are. */
  protected noteDepth(written: Float64Array, read: Float64Array): void {
    const depth = (written[Counter.messages] as number) - (read[Counter.messages] as number);
    if (depth > (this.counts[Counter.highWater] as number)) this.counts[Counter.highWater] = depth;
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
      // step: ring-before-wake
      if (found & SLEEPS) this.ends.wake(this.#peer, cursor);
      return;
    }
  }

  /** Sets a flag in the cursor of that end and wakes the other one, which may sleep on it. */
  #mark(owner: Role, cursor: number, flag: number): void {
    for (;;) {
      const found = load(this.words, cursor);
      if (compareExchange(this.words, cursor, found, (found & ~SLEEPS) | flag) === found) break;
    }
    this.ends.wake(owner === this.#own ? this.#peer : this.#own, cursor);
  }

  /** Blocks until `attempt` has a result; null when the time is over. */
  protected block<T>(attempt: () => T | undefined, options: RingWaitOptions): T | null {
    if (!this.#turns.isEmpty) {
      const cause = `an asynchronous call on this ${this.#own.name} is pending`;
      throw this.failure('ERR_MEMSPAN_BUSY', cause);
    }
    const deadline = deadlineOf(options);
    for (;;) {
      const found = this.#looks.soon(attempt, this.counts[Counter.messages] as number);
      if (found !== undefined) return found;
      const leftMs = deadline - performance.now();
      if (leftMs > 0 && this.#arm()) {
        this.ends.sleep(this.#peer, this.seen, leftMs);
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
        if (!lingers) this.#checkFree();
        const found = this.#looks.soon(attempt, this.counts[Counter.messages] as number);
        if (found !== undefined) return found;
        const leftMs = deadline - performance.now();
        if (leftMs > 0 && (lingers || this.#arm())) {
          await this.ends.sleepAsync(this.#peer, this.seen, leftMs, signal);
          if (!lingers) this.#checkOpen();
        }
        const late = this.#lookLate(attempt);
        if (late !== undefined) return late;
        if (leftMs <= 0) return null;
      }
    } finally {
      turn.end();
      this.#goIdle();
    }
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

  #isPeerAlive(): boolean {
    const isAlive = this.ends.isAlive(this.#peer);
    if (isAlive !== null) return isAlive;
    const word = load(this.words, this.#peer.attached);
    throw this.corrupt(`the ${this.#peer.name}'s word cannot be ${word}`);
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
    return ringFailure(code, this.#own, this.ends.name, cause);
  }
}
