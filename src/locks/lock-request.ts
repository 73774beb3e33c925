// One request: what was asked, its claim, its callback, and the promise that `locks.request` has returned.
//
// | phase   | means                                                  | a signal that is aborted now         |
// |---------|--------------------------------------------------------|--------------------------------------|
// | pending | it waits for its lock                                  | it leaves the queue, and rejects     |
// | settled | it has its lock, or null; the callback is still to come | the lock is released, and it rejects |
// | called  | the callback was called                                | nothing                              |
// | over    | it has resolved or rejected                            | nothing                              |

import { limit } from '../sync/wait-options.ts';
import type { OwnClaim } from './claim-table.ts';
import { SHARED } from './claims.layout.ts';
import { Lock } from './lock.ts';
import { type Order, stolenError } from './lock-options.ts';

/** What a request asks of its thread's locks. */
export interface Keeper {
  /** It waits no more. */
  withdraw(request: LockRequest): void;
  /** A last look, for one whose time is over; then it waits no more, unless that has granted it. */
  lookOnce(request: LockRequest): void;
  /** False when the lock had been stolen. */
  release(request: LockRequest): boolean;
}

export class LockRequest {
  readonly order: Order;
  /** The LockManager that it was made with. */
  readonly owner: object;
  readonly promise: Promise<unknown>;
  /** SHARED or 0. */
  readonly shared: number;
  /** Milliseconds of performance.now(). */
  readonly since: number = performance.now();
  /** Null while there was no room for one, and when it is over. */
  claim: OwnClaim | null = null;
  readonly #keeper: Keeper;
  #phase: 'pending' | 'settled' | 'called' | 'over' = 'pending';
  #lock: Lock | null = null;
  /** Its lock was stolen, or its LockManager closed: what the callback comes to changes nothing in the table. */
  #isGone = false;
  #unlimit: (() => void) | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;
  #open!: () => void;

  constructor(order: Order, owner: object, keeper: Keeper) {
    this.order = order;
    this.owner = owner;
    this.#keeper = keeper;
    this.shared = order.mode === 'shared' ? SHARED : 0;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A reaction of a promise: it runs later, and in the asynchronous context of who made the request.
    new Promise<void>((resolve) => {
      this.#open = resolve;
    }).then(() => this.#call());
  }

  get isPending(): boolean {
    return this.#phase === 'pending';
  }

  /** It waits from now on. */
  limit(): void {
    const { timeoutMs, signal } = this.order;
    if (signal === undefined && timeoutMs === Number.POSITIVE_INFINITY) return;
    this.#unlimit = limit(
      timeoutMs,
      signal,
      () => this.#elapse(),
      (reason) => this.#abort(reason),
    );
  }

  #elapse(): void {
    if (this.#phase !== 'pending') return;
    this.#keeper.lookOnce(this);
    if (this.#phase !== 'pending') return;
    this.#keeper.withdraw(this);
    this.settle(null);
    this.call();
  }

  #abort(reason: unknown): void {
    if (this.#phase === 'pending') this.#keeper.withdraw(this);
    else if (this.#phase === 'settled' && this.#lock !== null && !this.#isGone) {
      this.#keeper.release(this);
    } else if (this.#phase !== 'settled') return;
    this.fail(reason);
  }

  /** What it has come to: its lock, or null. `call` must follow. */
  settle(what: 'granted' | null): void {
    this.#phase = 'settled';
    if (what === 'granted') this.#lock = new Lock(this.order.name, this.order.mode);
  }

  /** Has the callback called, soon. */
  call(): void {
    this.#open();
  }

  #call(): void {
    if (this.#phase !== 'settled') return;
    const { signal, callback } = this.order;
    // Granted at once, and aborted before this.
    if (signal?.aborted) {
      this.#abort(signal.reason);
      return;
    }
    this.#phase = 'called';
    this.#unlimit?.();
    try {
      const result = callback(this.#lock);
      if ((typeof result !== 'object' && typeof result !== 'function') || result === null) {
        this.#end(() => this.#resolve(result));
        return;
      }
      Promise.resolve(result).then(
        (value) => this.#end(() => this.#resolve(value)),
        (error) => this.#end(() => this.#reject(error)),
      );
    } catch (error) {
      this.#end(() => this.#reject(error));
    }
  }

  #end(tell: () => void): void {
    this.#phase = 'over';
    const isKept = this.#lock === null || this.#isGone || this.#keeper.release(this);
    if (isKept) tell();
    else this.#reject(stolenError(this.order.name));
  }

  /** Its lock was stolen. The callback is called all the same, if it was not yet. */
  steal(): void {
    this.#isGone = true;
    this.#reject(stolenError(this.order.name));
  }

  /** Its LockManager is being closed while it has the lock: what its callback comes to still counts. */
  part(error: unknown): void {
    this.#isGone = true;
    if (this.#phase === 'settled') this.fail(error);
  }

  /** It rejects, and its callback is not called any more. */
  fail(reason: unknown): void {
    this.#phase = 'over';
    this.#unlimit?.();
    this.#reject(reason);
  }
}
