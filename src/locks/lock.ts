// What a callback is given, and what a query tells: the words of the Web Locks standard, and three of our own.

export type LockMode = 'exclusive' | 'shared';

/** A granted lock. It is held until the callback's promise has settled. */
export class Lock {
  readonly #name: string;
  readonly #mode: LockMode;

  /** @internal */
  constructor(name: string, mode: LockMode) {
    this.#name = name;
    this.#mode = mode;
  }

  get name(): string {
    return this.#name;
  }

  get mode(): LockMode {
    return this.#mode;
  }

  get [Symbol.toStringTag](): string {
    return 'Lock';
  }
}

/** Called once, never within `request` itself; what it returns, or resolves with, `request` resolves with. */
export type LockGrantedCallback<T, L = Lock | null> = (lock: L) => T;

export interface LockOptions {
  /** Default 'exclusive'. Any number can have a lock 'shared' at once. */
  mode?: LockMode | undefined;
  /** Call the callback with null when the lock cannot be had at once. */
  ifAvailable?: boolean | undefined;
  /** Take it from whoever has it, and before all who wait. Their requests reject with an AbortError. */
  steal?: boolean | undefined;
  /** Ends the wait: the request rejects with the signal's reason. Without effect once the callback was called. */
  signal?: AbortSignal | undefined;
  /** Not in the standard: call the callback with null after so many milliseconds. */
  timeoutMs?: number | undefined;
}

/** Options with which the callback always gets a lock. */
export interface LockWaitOptions extends LockOptions {
  ifAvailable?: false | undefined;
  timeoutMs?: undefined;
}

/** A lock that is held, or a request that is pending. */
export interface LockInfo {
  readonly name: string;
  readonly mode: LockMode;
  /** The thread's: `locks.clientId` there. */
  readonly clientId: string;
  /** As its thread sees itself: a number of its own pid namespace. Not in the standard. */
  readonly pid: number;
  /** What its thread is called: the program's name, or `as`. Not in the standard. */
  readonly thread: string;
}

/** In the order of the requests. */
export interface LockManagerSnapshot {
  readonly held: LockInfo[];
  readonly pending: LockInfo[];
}
