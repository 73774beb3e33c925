// What differs between a ring over a segment and one in a span: whose the two ends are, and how they sleep and are woken.
//
// Here: over a segment, where an end is its owner's once and for all, lives by a lifeline of the segment, and sleeps on the
// other's cursor itself. In a span: span-ends.ts.

import { MemspanError } from '../errors.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { sleep, sleepAsync, wake } from '../word/sleep.ts';
import { ABSENT, ATTACHED, CLOSED, type Role } from './ring.layout.ts';

/** An end that was taken. */
export interface Hold {
  release(): void;
}

export interface Ends {
  /** Of the span or segment, and of the ring in it. */
  readonly name: string | undefined;
  /** An end that was left, or whose owner has died, may be taken again. */
  readonly isReusable: boolean;
  /** Makes the end this thread's. Throws `ERR_MEMSPAN_BUSY` when it cannot be had, `ERR_MEMSPAN_CORRUPT`. */
  take(role: Role): Hold;
  /** False: its owner has died, or closed it. Null: its word cannot be. */
  isAlive(role: Role): boolean | null;
  /** Blocks while the peer's cursor is `seen`, in which SLEEPS is set: until woken, or for any other reason. */
  sleep(peer: Role, seen: number, leftMs: number): void;
  /** Resolves when `sleep` would return; rejects with the signal's reason. */
  sleepAsync(
    peer: Role,
    seen: number,
    leftMs: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown>;
  /** Wakes `sleeper`, if it sleeps on that cursor. */
  wake(sleeper: Role, cursor: number): void;
}

export function ringFailure(
  code: MemspanError['code'],
  role: Role,
  object: string | undefined,
  cause: string,
): MemspanError {
  return new MemspanError(code, { operation: `ring ${role.name}`, object, cause });
}

/** The memory of a ring; a Segment is one. */
export interface RingMemory {
  readonly name: string | undefined;
  readonly size: number;
  readonly readOnly?: boolean;
  readonly buffer: SharedArrayBuffer;
  readonly bulk: ArrayBuffer;
  readonly status: Uint32Array;
  lifeline(index: number): { release(): void } | null;
  isHeld(index: number): boolean;
}

const SLICE_MS = 100;

export class SegmentEnds implements Ends {
  readonly isReusable = false;
  readonly #memory: RingMemory;
  readonly #words: Int32Array;

  constructor(memory: RingMemory, words: Int32Array) {
    this.#memory = memory;
    this.#words = words;
  }

  get name(): string | undefined {
    return this.#memory.name;
  }

  take(role: Role): Hold {
    const lifeline = this.#memory.lifeline(role.lifeline);
    if (lifeline === null) throw this.#failure('BUSY', role, `the ring has a ${role.name}`);
    // The lifeline is held before the word says so: ATTACHED without a lifeline means dead or closed.
    const before = compareExchange(this.#words, role.attached, ABSENT, ATTACHED);
    if (before === ABSENT) return lifeline;
    lifeline.release();
    if (before !== ATTACHED) {
      // Memory that is gone reads as zeros, which is no corruption.
      void this.#memory.buffer;
      throw this.#failure('CORRUPT', role, `the ${role.name}'s word cannot be ${before}`);
    }
    const fate = load(this.#words, role.cursor) & CLOSED ? 'closed' : 'died';
    throw this.#failure('BUSY', role, `the ring has had its ${role.name}, which has ${fate}`);
  }

  isAlive(role: Role): boolean | null {
    const attached = load(this.#words, role.attached);
    // It may still come.
    if (attached === ABSENT) return true;
    return attached === ATTACHED ? this.#memory.isHeld(role.lifeline) : null;
  }

  sleep(peer: Role, seen: number, leftMs: number): void {
    sleep(this.#words, peer.cursor, seen, leftMs, SLICE_MS);
  }

  sleepAsync(
    peer: Role,
    seen: number,
    leftMs: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return sleepAsync(this.#words, peer.cursor, seen, leftMs, SLICE_MS, signal);
  }

  wake(_sleeper: Role, cursor: number): void {
    wake(this.#words, cursor, 1);
  }

  #failure(code: 'BUSY' | 'CORRUPT', role: Role, cause: string): MemspanError {
    return ringFailure(`ERR_MEMSPAN_${code}`, role, this.name, cause);
  }
}
