// Sleeping on a word, for memspan's own primitives.
//
// They change the value before they wake, and look again before and after they sleep; so these forms skip
// what the public ones owe the standard: the checks, and the proof that an asynchronous wait is queued.
// A wake-up may be lost to a waiter that is killed: callers sleep in bounded slices, and those who have a
// watch on a file are also disturbed when somebody who had it open ends (inotify(7), native/watch.h).

import { native, Outcome, settlements } from '../binding.ts';
import { scheduler } from './scheduler.ts';
import { failureOf } from './wait.ts';

/**
 * The news so far. Taken before a look at who is alive and handed to the sleep that follows, so that no
 * death can fall in between.
 */
export function newsCount(): number {
  if (scheduler !== null) return scheduler.newsCount();
  return native.countNews();
}

/**
 * Blocks while the word is `expected`, until woken, disturbed, or `leftMs` or `sliceMs` are over: the time that is left
 * to the caller, and the slice after which it looks again in any case (a backstop that nothing should need). With
 * a `watch`, it does not sleep at all when there is news that is not in `seen`. False when the memory was closed or
 * is gone: the caller's own check says which.
 */
export function sleep(
  words: Int32Array,
  index: number,
  expected: number,
  leftMs: number,
  sliceMs: number,
  watch = 0,
  seen = 0,
): boolean {
  if (scheduler !== null) return scheduler.sleep(words, index, expected, leftMs, watch, seen);
  const timeoutMs = Math.min(leftMs, sliceMs);
  for (;;) {
    const outcome = native.wait(words, index, expected, 0, timeoutMs, watch, seen);
    if (outcome === Outcome.exhausted) throw failureOf(outcome, 'sleep');
    if (outcome !== Outcome.interrupted) return isUsable(outcome);
  }
}

/** Resolves when `sleep` would return; rejects with the signal's reason when aborted. */
export function sleepAsync(
  words: Int32Array,
  index: number,
  expected: number,
  leftMs: number,
  sliceMs: number,
  signal?: AbortSignal | undefined,
  watch = 0,
  seen = 0,
): Promise<boolean> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const timeoutMs = Math.min(leftMs, sliceMs);
  const ticket = native.waitAsync(words, index, expected, 0, timeoutMs, watch, seen, false);
  return new Promise((resolve, reject) => {
    const settle = (outcome: number): void => {
      if (outcome === Outcome.aborted) reject(signal?.reason);
      else if (outcome === Outcome.exhausted) reject(failureOf(outcome, 'sleep'));
      else resolve(isUsable(outcome));
    };
    if (ticket < Outcome.firstTicket) {
      settle(ticket);
      return;
    }
    const onAbort = (): void => native.cancelWait(ticket);
    signal?.addEventListener('abort', onAbort, { once: true });
    settlements.set(ticket, (outcome) => {
      signal?.removeEventListener('abort', onAbort);
      settle(outcome);
    });
  });
}

/** Wakes up to `count` sleepers; how many it found asleep. */
export function wake(words: Int32Array, index: number, count: number): number {
  if (scheduler !== null) return scheduler.wake(words, index, count);
  return native.notify(words, index, count);
}

function isUsable(outcome: number): boolean {
  return outcome !== Outcome.closed && outcome !== Outcome.damaged;
}
