// One asynchronous wait for a mutex: its place in the thread's queue, its timer, its signal, its promise.

import { isTaken, type MutexState, type Request } from './mutex-state.ts';
import { Look } from './mutex-word.ts';
import { limit } from './wait-options.ts';

export interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Resolves with what `granted` makes of the mutex, or null when the time is over; rejects with what that throws,
 * with the signal's reason, with why the span has ended, or with what `lost` makes when it can never be had.
 */
export function waitInQueue<T>(
  state: MutexState,
  { timeoutMs, signal }: Limits,
  granted: (died: boolean) => T,
  lost: () => Error,
): Promise<T | null> {
  return new Promise((resolve, reject) => {
    let unlimit = (): void => {};
    const request: Request = {
      ticket: null,
      taken: (died) => {
        unlimit();
        try {
          resolve(granted(died));
        } catch (error) {
          reject(error);
        }
      },
      failed: (error) => {
        unlimit();
        reject(error ?? lost());
      },
    };
    const elapsed = (): void => {
      unlimit();
      try {
        const look = state.dequeue(request);
        if (isTaken(look)) request.taken(look === Look.takenDied);
        else resolve(null);
      } catch (error) {
        reject(error);
      }
    };
    const aborted = (reason: unknown): void => {
      unlimit();
      reject(reason);
      try {
        state.unlockLate(state.dequeue(request));
      } catch {
        // The memory is gone, and what was taken with it.
      }
    };
    unlimit = limit(timeoutMs, signal, elapsed, aborted);
    state.enqueue(request);
  });
}
