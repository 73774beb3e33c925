// The seam: memspan/check runs threads one atomic step at a time by putting a scheduler here, in the place of the
// engine's Atomics and of the kernel's sleep and wake. Everything above this room stays as it is.
//
// The atomic operations are called through `Atomics` each time, so replacing its methods is enough, and who does not
// explore pays nothing. Sleeping and waking ask `scheduler` first: beside a system call that is nothing, either.

/** What is replaced. Those that are not here (`isLockFree`, `waitAsync`) are the engine's own at any time. */
export type AtomicMethods = Pick<
  typeof Atomics,
  | 'load'
  | 'store'
  | 'add'
  | 'sub'
  | 'and'
  | 'or'
  | 'xor'
  | 'exchange'
  | 'compareExchange'
  | 'wait'
  | 'notify'
>;

/** `undefined` from `wait` and `notify`: not memory that it schedules. */
export interface Scheduler {
  readonly atomics: AtomicMethods;
  wait(
    array: unknown,
    index: number,
    value: unknown,
    timeoutMs?: number,
  ): 'ok' | 'not-equal' | 'timed-out' | undefined;
  notify(array: unknown, index: number, count?: number): number | undefined;
  /** As `sleep` in sleep.ts, which has no effect after `leftMs`. A slice is never over. */
  sleep(
    words: Int32Array,
    index: number,
    expected: number,
    leftMs: number,
    watch: number,
    seen: number,
  ): boolean;
  wake(words: Int32Array, index: number, count: number): number;
  newsCount(): number;
  /** As in bytes.ts; undefined, or false, for memory that it does not schedule. */
  readBytes(words: Int32Array, offset: number, length: number): Uint8Array | undefined;
  writeBytes(words: Int32Array, offset: number, bytes: Uint8Array): boolean;
}

function atomics(): AtomicMethods {
  const { load, store, add, sub, and, or, xor, exchange, compareExchange, wait, notify } = Atomics;
  return { load, store, add, sub, and, or, xor, exchange, compareExchange, wait, notify };
}

/** The engine's own, for memory that is not scheduled. */
export const realAtomics: AtomicMethods = atomics();

/** Null outside of an exploration. */
export let scheduler: Scheduler | null = null;

/** Puts it in; the returned function takes it out again. One at a time. */
export function putScheduler(next: Scheduler): () => void {
  if (scheduler !== null) throw new Error('there is a scheduler already');
  const before = atomics();
  Object.assign(Atomics, next.atomics);
  scheduler = next;
  return () => {
    Object.assign(Atomics, before);
    scheduler = null;
  };
}
