// A name as one thread has to do with it: who of the thread holds it, who waits for it, in the order of the requests.

import type { Local } from './grants.ts';
import { LockName } from './lock-name.ts';
import type { LockRequest } from './lock-request.ts';

export class LocalName implements Local {
  readonly name: LockName;
  /** All shared, or one. */
  readonly held: Set<LockRequest> = new Set();
  /** The first few have claims; behind one without a claim there is none with one. */
  readonly queue: LockRequest[] = [];

  constructor(name: string) {
    this.name = new LockName(name);
  }

  get isIdle(): boolean {
    return this.held.size === 0 && this.queue.length === 0;
  }

  get holds(): number | null {
    for (const { shared } of this.held) return shared;
    return null;
  }

  get firstExclusive(): number | null {
    for (const { claim, shared } of this.queue) {
      if (shared === 0 && claim !== null) return claim.ticket;
    }
    return null;
  }

  /** Whether what this thread holds is in the way of a request. */
  isHeldAgainst({ shared }: LockRequest): boolean {
    const { holds } = this;
    return holds !== null && (holds & shared) === 0;
  }

  /** Whether its last request has found no room for a claim. */
  get isFull(): boolean {
    return this.queue.length > 0 && this.queue.at(-1)?.claim === null;
  }
}

/** So many names are remembered while nothing is done with them. */
const NAMES_MAX = 1024;

/** The names that a thread has had to do with. */
export class LocalNames {
  readonly #names = new Map<string, LocalName>();

  of(name: string): LocalName {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    if (this.#names.size >= NAMES_MAX) this.#forget();
    const local = new LocalName(name);
    this.#names.set(name, local);
    return local;
  }

  all(): IterableIterator<LocalName> {
    return this.#names.values();
  }

  #forget(): void {
    for (const [name, { isIdle }] of this.#names) if (isIdle) this.#names.delete(name);
  }
}
