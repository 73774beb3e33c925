// The options of everything that waits, and their checks.

import { invalidArgument, outOfRange } from '../errors.ts';
import { onAbort } from './aborts.ts';

/** So many asynchronous calls that did not have to wait, and the event loop has its turn: a task that takes the same
 * thing again and again lives on promises alone. */
export const CALLS_PER_TURN = 256;

export interface BlockingOptions {
  /** Milliseconds; fractions count. Default: for ever. */
  timeoutMs?: number | undefined;
}

export interface AsyncOptions extends BlockingOptions {
  /** Ends the wait: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds from 0 to Infinity. */
export function timeoutOf(options: unknown, operation: string): number {
  if (options === undefined) return Number.POSITIVE_INFINITY;
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`${operation}: options are an object such as {timeoutMs: 100}`);
  }
  const { timeoutMs = Number.POSITIVE_INFINITY } = options as BlockingOptions;
  if (typeof timeoutMs !== 'number') {
    throw invalidArgument(`${operation}: timeoutMs is a number, not ${typeof timeoutMs}`);
  }
  if (!(timeoutMs >= 0)) {
    throw outOfRange(`${operation}: timeoutMs is from 0 up, not ${timeoutMs}`);
  }
  return timeoutMs;
}

export function signalOf(
  options: AsyncOptions | undefined,
  operation: string,
): AbortSignal | undefined {
  const signal: unknown = options?.signal;
  if (signal === undefined) return undefined;
  // Of another realm it is no instance of this one's AbortSignal.
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw invalidArgument(`${operation}: signal is an AbortSignal`);
  }
  return signal as AbortSignal;
}

/** The longest that a timer can wait (2^31 − 1 ms); longer is for ever. */
const TIMER_MAX_MS = 0x7fff_ffff;

/** Calls `elapsed` after so long, or `aborted` when the signal is; the returned function ends both. */
export function limit(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  elapsed: () => void,
  aborted: (reason: unknown) => void,
): () => void {
  const unheed = signal && onAbort(signal, () => aborted(signal.reason));
  const timer = timeoutMs <= TIMER_MAX_MS ? setTimeout(elapsed, timeoutMs) : undefined;
  return () => {
    unheed?.();
    clearTimeout(timer);
  };
}
