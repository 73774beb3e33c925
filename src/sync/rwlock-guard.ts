// The proofs that a reader-writer lock is held, for reading or for writing, and the ways to give it up.

import type { RwLock } from './rwlock.ts';
import { usedUp } from './rwlock-errors.ts';

/** What a guard for reading needs of its lock: how the lock is had just now. */
export interface ReadHolding {
  release(): void;
  /** How it is had from then on. */
  markConsistent(): ReadHolding;
  /** Null when it cannot be had alone. */
  tryUpgrade(): WriteGuard | null;
}

/** What a guard for writing needs of its lock. */
export interface WriteHolding {
  release(): void;
  markConsistent(): void;
  downgrade(ownerDied: boolean): ReadGuard;
}

/** A lock held for reading: others read, too. Ends with `release()` or with `using`. */
export class ReadGuard implements Disposable {
  readonly rwlock: RwLock;
  /**
   * A writer died while it wrote: what the lock guards may be half changed. Until `markConsistent()` this
   * reader is alone with it, and may repair it.
   */
  readonly ownerDied: boolean;
  #holding: ReadHolding | null;

  /** @internal */
  constructor(rwlock: RwLock, holding: ReadHolding, ownerDied: boolean) {
    this.rwlock = rwlock;
    this.#holding = holding;
    this.ownerDied = ownerDied;
  }

  /** False once it was released, or upgraded. */
  get held(): boolean {
    return this.#holding !== null;
  }

  /**
   * Says that the data is in order again after `ownerDied`, and lets other readers in. Without it (or `recover`) the
   * release makes the lock `ERR_MEMSPAN_NOT_RECOVERABLE` for everyone.
   */
  markConsistent(): void {
    if (this.#holding !== null) this.#holding = this.#holding.markConsistent();
  }

  /**
   * The lock for writing, if this is its only reader and no writer waits; this guard is used up then. Otherwise null,
   * and this guard is still held. Never waits: two readers that waited to upgrade would wait for each other.
   */
  tryUpgrade(): WriteGuard | null {
    const upgraded = this.#holding?.tryUpgrade() ?? null;
    if (upgraded !== null) this.#holding = null;
    return upgraded;
  }

  /** Gives the lock up. Again is harmless. */
  release(): void {
    const holding = this.#holding;
    if (holding === null) return;
    this.#holding = null;
    holding.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A lock held for writing: by nobody else. Ends with `release()`, with `using`, or with `downgrade()`. */
export class WriteGuard implements Disposable {
  readonly rwlock: RwLock;
  /** A writer died while it wrote: what the lock guards may be half changed. */
  readonly ownerDied: boolean;
  #holding: WriteHolding | null;

  /** @internal */
  constructor(rwlock: RwLock, holding: WriteHolding, ownerDied: boolean) {
    this.rwlock = rwlock;
    this.#holding = holding;
    this.ownerDied = ownerDied;
  }

  /** False once it was released, or downgraded. */
  get held(): boolean {
    return this.#holding !== null;
  }

  /**
   * Says that the data is in order again after `ownerDied`. Without it (or `recover`) the release makes the
   * lock `ERR_MEMSPAN_NOT_RECOVERABLE` for everyone (pthread_mutex_consistent(3)).
   */
  markConsistent(): void {
    this.#holding?.markConsistent();
  }

  /**
   * From writing to reading, with no other writer in between; this guard is used up. Throws
   * `ERR_MEMSPAN_NOT_HELD` when it is not held, `ERR_MEMSPAN_LIMIT` when this thread reads 47 other locks.
   */
  downgrade(): ReadGuard {
    if (this.#holding === null) throw usedUp(this.rwlock.fullName);
    const guard = this.#holding.downgrade(this.ownerDied);
    this.#holding = null;
    return guard;
  }

  /** Gives the lock up. Again is harmless. Throws `ERR_MEMSPAN_NOT_HELD` when its word says otherwise. */
  release(): void {
    const holding = this.#holding;
    if (holding === null) return;
    this.#holding = null;
    holding.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
