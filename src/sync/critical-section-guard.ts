// The proof that a critical section is held, and the only way to give it up.

import type { CriticalSection } from './critical-section.ts';

/** A held critical section. Ends with `release()` or with `using`. */
export class CriticalSectionGuard implements Disposable {
  readonly section: CriticalSection;
  #release: (() => void) | null;

  constructor(section: CriticalSection, release: () => void) {
    this.section = section;
    this.#release = release;
  }

  /** False once it was released. */
  get held(): boolean {
    return this.#release !== null;
  }

  /** Gives the section up. Again is harmless. Throws `ERR_MEMSPAN_NOT_HELD` when its word says otherwise. */
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
