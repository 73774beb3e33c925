// Sleeping on a word among the threads of one process: the engine's own Atomics.wait, waitAsync and notify
// (ECMA-262, 25.4), for memory that no other process has.
//
// Their queue is a list in this process; memspan's wait and sleep stand in the kernel's. Neither notify reaches
// the other's sleepers, so a word is slept on with one of them only.

/** Blocks while the word is `expected`, until notified or `timeoutMs` is over. */
export function localWait(
  words: Int32Array,
  index: number,
  expected: number,
  timeoutMs: number,
): void {
  Atomics.wait(words, index, expected, timeoutMs);
}

/**
 * Resolves when notified; null when the word is not `expected`. It cannot be cancelled, only notified, and does not keep the
 * event loop open (a promise has no handle): who waits has a timer for that.
 */
export function localWaitAsync(
  words: Int32Array,
  index: number,
  expected: number,
): Promise<unknown> | null {
  const { async, value } = Atomics.waitAsync(words, index, expected);
  return async ? value : null;
}

/** Wakes up to `count` sleepers, blocking and asynchronous ones in the order in which they came. */
export function localNotify(
  words: Int32Array,
  index: number,
  count: number = Number.POSITIVE_INFINITY,
): void {
  Atomics.notify(words, index, count);
}
