// The proof that a semaphore let somebody through.

import type { Semaphore } from './semaphore.ts';

/** One permit of a semaphore. Ends with `release()` or with `using`. */
export class Permit implements Disposable {
  readonly semaphore: Semaphore;
  #release: (() => void) | null;

  constructor(semaphore: Semaphore, release: () => void) {
    this.semaphore = semaphore;
    this.#release = release;
  }

  /** False once it was released. */
  get held(): boolean {
    return this.#release !== null;
  }

  /** Gives the permit back. Again is harmless. Throws as `semaphore.release` does. */
  release(): void {
    const release = this.#release;
    if (release === null) return;
    this.#release = null;
    release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
