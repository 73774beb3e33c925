// What `locks.request` is given, read as Web IDL reads it: in that order, with those coercions, refused with those errors.

import { invalidArgument, MemspanError } from '../errors.ts';
import { timeoutOf } from '../sync/wait-options.ts';
import type { Lock, LockMode } from './lock.ts';

const OPERATION = 'locks.request';

export type How = 'wait' | 'ifAvailable' | 'steal';

export interface Order {
  readonly name: string;
  readonly mode: LockMode;
  readonly how: How;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly callback: (lock: Lock | null) => unknown;
}

/** Throws TypeError, RangeError, NotSupportedError (a DOMException), or the reason of a signal that is aborted. */
export function orderOf(given: readonly unknown[]): Order {
  if (given.length < 2) {
    throw invalidArgument(
      `${OPERATION} takes a name and a callback, not ${given.length} arguments`,
    );
  }
  const name = textOf(given[0], 'the name');
  const { ifAvailable, mode, signal, steal, timeoutMs } = read(
    given.length === 2 ? undefined : given[1],
  );
  const callback = given.length === 2 ? given[1] : given[2];
  if (typeof callback !== 'function') {
    throw invalidArgument(`${OPERATION}: the callback is a function, not ${typeof callback}`);
  }
  if (name.startsWith('-')) throw notSupported("names that begin with '-' are reserved");
  if (steal && ifAvailable) throw notSupported("'steal' does not go with 'ifAvailable'");
  if (steal && mode !== 'exclusive') throw notSupported("'steal' takes the mode 'exclusive'");
  const isAtOnce = steal || ifAvailable;
  if (isAtOnce && signal !== undefined) {
    throw notSupported("'signal' does not go with 'steal' or 'ifAvailable'");
  }
  if (isAtOnce && timeoutMs !== Number.POSITIVE_INFINITY) {
    throw notSupported("'timeoutMs' does not go with 'steal' or 'ifAvailable'");
  }
  if (signal?.aborted) throw signal.reason;
  const how = steal ? 'steal' : ifAvailable ? 'ifAvailable' : 'wait';
  return { name, mode, how, signal, timeoutMs, callback: callback as Order['callback'] };
}

interface Read {
  readonly ifAvailable: boolean;
  readonly mode: LockMode;
  readonly signal: AbortSignal | undefined;
  readonly steal: boolean;
  readonly timeoutMs: number;
}

const NONE: Read = {
  ifAvailable: false,
  mode: 'exclusive',
  signal: undefined,
  steal: false,
  timeoutMs: Number.POSITIVE_INFINITY,
};

/** Each member once, in the order of their names. */
function read(options: unknown): Read {
  if (options === undefined || options === null) return NONE;
  if (typeof options !== 'object' && typeof options !== 'function') {
    throw invalidArgument(`${OPERATION}: options are an object such as {mode: 'shared'}`);
  }
  const given = options as Record<keyof Read, unknown>;
  return {
    ifAvailable: Boolean(given.ifAvailable),
    mode: modeOf(given.mode),
    signal: signalOf(given.signal),
    steal: Boolean(given.steal),
    timeoutMs: timeoutOf({ timeoutMs: given.timeoutMs }, OPERATION),
  };
}

function modeOf(mode: unknown): LockMode {
  if (mode === undefined) return 'exclusive';
  const text = textOf(mode, 'mode');
  if (text === 'exclusive' || text === 'shared') return text;
  throw invalidArgument(
    `${OPERATION}: mode is 'exclusive' or 'shared', not ${JSON.stringify(text)}`,
  );
}

function signalOf(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw invalidArgument(`${OPERATION}: signal is an AbortSignal`);
}

function textOf(value: unknown, what: string): string {
  if (typeof value === 'symbol') {
    throw invalidArgument(`${OPERATION}: ${what} is a string, not a symbol`);
  }
  return `${value}`;
}

function notSupported(cause: string): DOMException {
  return new DOMException(`${OPERATION}: ${cause}`, 'NotSupportedError');
}

/** What the request rejects with whose lock was stolen. */
export function stolenError(name: string): DOMException {
  return new DOMException(
    `${OPERATION} '${name}': the lock was stolen by another request`,
    'AbortError',
  );
}

export function closedError(operation: string, space: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CLOSED', {
    operation,
    object: space,
    cause: 'its LockManager is closed',
    remedy: 'Make another one with new LockManager()',
  });
}

export function fullError(name: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_LIMIT', {
    operation: OPERATION,
    object: name,
    cause: 'this thread holds, or waits for, as many locks as it can (about 500 names)',
    remedy: 'Wait for some of them first',
  });
}
