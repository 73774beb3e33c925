// wait, waitAsync and notify: ECMA-262's Atomics.wait, Atomics.waitAsync and Atomics.notify, across
// processes (ECMA-262, 25.4: DoWait, Atomics.notify, ValidateIntegerTypedArray, ValidateAtomicAccess).
//
// The order of the checks is the standard's and can be observed: type and detachment, shared (wait only),
// length, index, value, timeout. V8's own Atomics must not do it for us: it reads the length after it has
// coerced the index. Method shorthand makes functions that are not constructors, as the standard's are.

import { hasSharedBuffers, native, Outcome, settlements, type WaitableArray } from '../binding.ts';
import { invalidArgument, MemspanError, systemError } from '../errors.ts';
import { scheduler } from './scheduler.ts';

export type { WaitableArray } from '../binding.ts';

export type WaitResult = 'ok' | 'not-equal' | 'timed-out';

export type WaitAsyncResult =
  | { async: false; value: 'not-equal' | 'timed-out' }
  | { async: true; value: Promise<'ok' | 'timed-out'> };

export interface WaitAsyncOptions {
  /** Ends the wait; its promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const typedArrayPrototype = Object.getPrototypeOf(Int32Array.prototype) as object;
const getter = (prototype: object, key: PropertyKey): ((self: unknown) => unknown) => {
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get as () => unknown;
  return Function.prototype.call.bind(get); // Reflect.apply would want an array each time
};
const tagOf = getter(typedArrayPrototype, Symbol.toStringTag);
const bufferOf = getter(typedArrayPrototype, 'buffer');
const lengthOf = getter(typedArrayPrototype, 'length');
const growableOf = getter(SharedArrayBuffer.prototype, 'growable');
const sharedLengthOf = getter(SharedArrayBuffer.prototype, 'byteLength');
const keysOf = (typedArrayPrototype as Int32Array).keys;
// Throws a TypeError for a detached or out-of-bounds array, and has no other effect.
const validate = (array: unknown): void => void Reflect.apply(keysOf, array, []);

interface Place {
  readonly view: WaitableArray;
  readonly wide: boolean;
  readonly length: number;
  readonly shared: boolean;
}

/**
 * Arrays that were found good and can never be otherwise: over shared memory, which is not detached, of a fixed length. A
 * process that has just been woken on another's core finds every cache cold, and each of the getters costs it some 100 ns.
 */
const settled = new WeakMap<object, Place>();

function placeOf(array: unknown): Place {
  return settled.get(array as object) ?? validPlaceOf(array);
}

/** ValidateIntegerTypedArray(array, waitable). */
function validPlaceOf(array: unknown): Place {
  const tag = tagOf(array);
  if (tag !== 'Int32Array' && tag !== 'BigInt64Array') {
    throw new TypeError('expected an Int32Array or a BigInt64Array');
  }
  const view = array as WaitableArray;
  const shared = isShared(view);
  // Shared memory is never detached.
  if (!hasSharedBuffers || !shared) validate(view);
  const place = { view, wide: tag === 'BigInt64Array', length: lengthOf(view) as number, shared };
  if (hasSharedBuffers && shared && !mayGrow(bufferOf(view) as SharedArrayBuffer)) {
    settled.set(view, place);
  }
  return place;
}

/** A view that follows its growing buffer has another length each time. */
function mayGrow(buffer: SharedArrayBuffer): boolean {
  return growableOf(buffer) === true;
}

function isShared(view: WaitableArray): boolean {
  if (!hasSharedBuffers) return true;
  try {
    sharedLengthOf(bufferOf(view));
    return true;
  } catch {
    return false;
  }
}

function requireShared({ shared }: Place): void {
  if (!shared) throw new TypeError('expected an array over shared memory');
}

/** ToIntegerOrInfinity. Unary plus is ToNumber: it throws for a BigInt, as Number() would not. */
function toInteger(value: unknown): number {
  const number = Math.trunc(+(value as number));
  return Number.isNaN(number) ? 0 : number;
}

/** ValidateAtomicAccess: ToIndex, then the bound. */
function indexIn(place: Place, requested: unknown): number {
  const index = toInteger(requested);
  if (index < 0 || index >= place.length) {
    throw new RangeError(`index ${index} is outside an array of ${place.length} elements`);
  }
  return index;
}

interface Request extends Place {
  readonly index: number;
  readonly low: number;
  readonly high: number;
  readonly timeoutMs: number;
}

/** The checks and conversions of DoWait, in its order. */
function requestOf(array: unknown, index: unknown, value: unknown, timeout: unknown): Request {
  const place = placeOf(array);
  requireShared(place);
  const at = indexIn(place, index);
  let low: number;
  let high = 0;
  if (place.wide) {
    const wanted = toBigInt64(value);
    low = Number(BigInt.asIntN(32, wanted));
    high = Number(wanted >> 32n);
  } else {
    low = +(value as number) | 0;
  }
  const q = +(timeout as number);
  const timeoutMs = Number.isNaN(q) ? Number.POSITIVE_INFINITY : Math.max(q, 0);
  // Spelled out: a spread here would cost more than all the rest (2 µs).
  const { view, wide, length, shared } = place;
  return { view, wide, length, shared, index: at, low, high, timeoutMs };
}

// A BigInt64Array's element conversion is the standard's ToBigInt64.
const conversion = new BigInt64Array(1);
function toBigInt64(value: unknown): bigint {
  conversion[0] = value as bigint;
  return conversion[0];
}

/** The signal of the options; throws for what cannot be one, before anything waits. */
function signalOf(options: WaitAsyncOptions | undefined): AbortSignal | undefined {
  const signal: unknown = options?.signal;
  if (signal === undefined) return undefined;
  // Of another realm it is no instance of this one's AbortSignal.
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw invalidArgument('waitAsync: signal is an AbortSignal');
  }
  return signal as AbortSignal;
}

/** The error of an outcome that the standard does not know; below 0 it is −errno, on macOS. */
export function failureOf(outcome: number, operation: string): MemspanError {
  if (outcome < 0) return systemError('os_sync_wait_on_address', -outcome, operation);
  if (outcome === Outcome.closed) {
    return new MemspanError('ERR_MEMSPAN_CLOSED', {
      operation,
      cause: 'the segment of this array is closed',
      remedy: 'Wait only while it is open, and close it after the last wait',
    });
  }
  if (outcome === Outcome.damaged) {
    return new MemspanError('ERR_MEMSPAN_TRUNCATED', {
      operation,
      cause: 'the memory is gone: its file was made shorter',
      remedy: 'Open the segment again',
    });
  }
  return new MemspanError('ERR_MEMSPAN_LIMIT', {
    operation,
    cause:
      'too many asynchronous waits (65,536 in a thread; 1024 in a process for BigInt64Arrays, and without io_uring)',
    remedy: 'Wait on fewer words at once, or raise the limit (`ulimit -u`)',
  });
}

interface Functions {
  wait(
    typedArray: WaitableArray,
    index: number,
    value: number | bigint,
    timeout?: number,
  ): WaitResult;
  waitAsync(
    typedArray: WaitableArray,
    index: number,
    value: number | bigint,
    timeout?: number,
    options?: WaitAsyncOptions,
  ): WaitAsyncResult;
  notify(typedArray: WaitableArray, index: number, count?: number): number;
}

const functions: Functions = {
  // The parameters of the standard: `length` is part of the contract, so no defaults here.
  wait(typedArray, index, value, timeout) {
    const explored = scheduler?.wait(typedArray, index, value, timeout);
    if (explored !== undefined) return explored;
    const request = requestOf(typedArray, index, value, timeout);
    const { view, low, high, timeoutMs } = request;
    // Interrupted: the engine wants this thread's attention; it gets it at the loop's back edge.
    for (;;) {
      const outcome = native.wait(view, request.index, low, high, timeoutMs, 0, 0);
      if (outcome === Outcome.ok) return 'ok';
      if (outcome === Outcome.notEqual) return 'not-equal';
      if (outcome === Outcome.timedOut) return 'timed-out';
      if (outcome !== Outcome.interrupted) throw failureOf(outcome, 'wait');
    }
  },

  waitAsync(typedArray, index, value, timeout, options = undefined) {
    const request = requestOf(typedArray, index, value, timeout);
    const signal = signalOf(options);
    if (signal?.aborted) return { async: true, value: Promise.reject(signal.reason) };
    const { view, low, high, timeoutMs } = request;
    const started = native.waitAsync(view, request.index, low, high, timeoutMs, 0, 0, true);
    if (started === Outcome.notEqual) return { async: false, value: 'not-equal' };
    if (started === Outcome.timedOut) return { async: false, value: 'timed-out' };
    if (started < Outcome.firstTicket) throw failureOf(started, 'waitAsync');
    return { async: true, value: settlementOf(started, signal) };
  },

  notify(typedArray, index, count) {
    const explored = scheduler?.notify(typedArray, index, count);
    if (explored !== undefined) return explored;
    const place = placeOf(typedArray);
    const at = indexIn(place, index);
    const most = count === undefined ? Number.POSITIVE_INFINITY : Math.max(toInteger(count), 0);
    if (!place.shared) return 0;
    const woken = native.notify(place.view, at, most);
    if (woken < 0) throw failureOf(-woken, 'notify');
    return woken;
  },
};

function settlementOf(
  ticket: number,
  signal: AbortSignal | undefined,
): Promise<'ok' | 'timed-out'> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => native.cancelWait(ticket);
    signal?.addEventListener('abort', onAbort, { once: true });
    settlements.set(ticket, (outcome) => {
      signal?.removeEventListener('abort', onAbort);
      // Not equal: this process was stopped, left the queue, and found a changed value when it went on.
      if (outcome === Outcome.ok || outcome === Outcome.notEqual) resolve('ok');
      else if (outcome === Outcome.timedOut) resolve('timed-out');
      else if (outcome === Outcome.aborted) reject(signal?.reason);
      else reject(failureOf(outcome, 'waitAsync'));
    });
  });
}

/**
 * Blocks this thread until another thread or process notifies the element, or `timeout` milliseconds
 * (fractions count; `undefined` and `NaN` mean for ever) are over. Returns `'not-equal'` at once when the
 * element is not `value`. Comparing and queueing are one atomic step; waiters are woken first come, first
 * served. Never wakes for no reason.
 *
 * Two things cost a waiter its place: a process that is stopped (SIGSTOP) leaves the queue, and when it goes
 * on it compares again and joins the end; and a worker whose event loop is rung (by a message, say) joins
 * the end again, or returns `'ok'` if the value has changed. `notify` does not count who is not in the queue.
 *
 * `Atomics.notify` does not reach it, nor does `notify` reach `Atomics.wait`: use memspan's on both ends.
 *
 * Throws TypeError unless `typedArray` is an Int32Array or BigInt64Array over shared memory, RangeError for
 * a bad index, `ERR_MEMSPAN_CLOSED` when its segment was closed, `ERR_MEMSPAN_TRUNCATED` when the memory is
 * gone. Source: ECMA-262, Atomics.wait; futex(2).
 */
export const wait: Functions['wait'] = functions.wait;

/**
 * Like `wait` without blocking: `{async: false, value}` when the answer is known at once, otherwise
 * `{async: true, value: promise}`. It stands in the queue when the call returns, keeps the event loop alive while it is
 * pending, and uses none of libuv's threads. On an Int32Array it is the kernel's (io_uring(7), from Linux 6.7 on): at most
 * 65,536 in a thread, and a process that is stopped keeps its place, and can be counted. Where that cannot be had, as in many
 * containers, and on a BigInt64Array, each has a small thread of its own, at most 1024 in a process, takes 0.1 to 0.3 ms
 * to begin, and is stopped as `wait` is. `ERR_MEMSPAN_LIMIT` beyond. With `{signal}`, an abort
 * rejects the promise with the signal's reason and gives up the place in the queue; whoever was woken before
 * the abort reached it resolves with `'ok'`, so that `notify`'s count is right. A signal that is aborted
 * already rejects without a look at the value.
 *
 * Throws and rejects as `wait` throws. Source: ECMA-262, Atomics.waitAsync.
 */
export const waitAsync: Functions['waitAsync'] = functions.waitAsync;

/**
 * Wakes up to `count` waiters of the element (all of them by default), in the order in which they came, in
 * all processes. Returns how many were woken. 0 for memory that is not shared. Throws as `wait` does.
 * Source: ECMA-262, Atomics.notify.
 */
export const notify: Functions['notify'] = functions.notify;
