// The proof that a mutex is held, and the only way to give it up.

import type { Mutex } from './mutex.ts';

/** What a guard needs of its mutex. */
export interface Holding {
  release(): void;
  markConsistent(): void;
}

/** A held mutex. Ends with `release()` or with `using`. */
export class MutexGuard implements Disposable {
  readonly mutex: Mutex;
  /** The previous owner died while it held the mutex: what it guards may be half changed. */
  readonly ownerDied: boolean;
  #holding: Holding | null;

  constructor(mutex: Mutex, holding: Holding, ownerDied: boolean) {
    this.mutex = mutex;
    this.#holding = holding;
    this.ownerDied = ownerDied;
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

  [Symbol.dispose](): void {
    this.release();
  }
}
