// The proof that a mutex is held, and the only way to give it up.

import type { Mutex } from './mutex.ts';

/** What a guard needs of its mutex. */
export interface Holding {
  release(): void;
  markConsistent(): void;
  /** Releases it for a while, however often it is locked; how often that is. */
  suspend(): number;
  resume(depth: number): void;
}

/** What a guard gave up for a while. */
export interface Suspended {
  readonly depth: number;
}

/** A held mutex. Ends with `release()` or with `using`. */
export class MutexGuard implements Disposable {
  readonly mutex: Mutex;
  #holding: Holding | null;
  #ownerDied: boolean;

  constructor(mutex: Mutex, holding: Holding, ownerDied: boolean) {
    this.mutex = mutex;
    this.#holding = holding;
    this.#ownerDied = ownerDied;
  }

  /**
   * The previous owner died while it held the mutex: what it guards may be half changed. After waiting for a condition,
   * the owner before that wait was over.
   */
  get ownerDied(): boolean {
    return this.#ownerDied;
  }

  /** False once it was released. */
  get held(): boolean {
    return this.#holding !== null;
  }

  /**
   * Says that the data is in order again after `ownerDied`. Without it (or `recover`) the release makes the
   * mutex `ERR_MEMSPAN_NOT_RECOVERABLE` for everyone (pthread_mutex_consistent(3)).
   */
  markConsistent(): void {
    this.#holding?.markConsistent();
  }

  /** Gives the mutex up. Again is harmless. Throws `ERR_MEMSPAN_NOT_HELD` when its word says otherwise. */
  release(): void {
    const holding = this.#holding;
    if (holding === null) return;
    this.#holding = null;
    holding.release();
  }

  /** Gives the mutex up until `resume`; null when it is not held. @internal */
  suspend(): Suspended | null {
    const holding = this.#holding;
    if (holding === null) return null;
    this.#holding = null;
    return { depth: holding.suspend() };
  }

  /** Takes over what another guard of the same mutex holds. @internal */
  resume(fresh: MutexGuard, { depth }: Suspended): void {
    this.#holding = fresh.#holding;
    this.#ownerDied = fresh.#ownerDied;
    fresh.#holding = null;
    this.#holding?.resume(depth);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
