// Waiting for mutexes, semaphores and events, one or several at once.
//
// A mutex belongs to the thread that waits. WaitFor… is this thread's wait. Each …Async wait has a thread of its own
// in native/windows, which owns the mutexes that it gets until ReleaseMutex, called here, has given back the last of them;
// so two of them exclude each other, and exclude WaitFor…, as two threads do.

import { isMainThread } from 'node:worker_threads';
import { Ended, type RawHandle } from '../../binding/windows.ts';
import { native, settlements } from '../../binding.ts';
import { invalidArgument, MemspanError } from '../../errors.ts';
import { unsignedOf } from '../arguments.ts';
import { type CallOptions, signalOf } from '../outcome.ts';
import { INFINITE, MAXIMUM_WAIT_OBJECTS, WAIT_TIMEOUT } from './constants.ts';
import { core, flagOf, HANDLE, result } from './handle.ts';

const WAITABLE = ['mutex', 'semaphore', 'event'] as const;
/** What can be waited for. */
export type Waitable = HANDLE<(typeof WAITABLE)[number]>;

/** A worker can be terminated between two of them. */
const SLICE_MS = 50;

/**
 * Blocks this thread until the object is signaled and takes it: a mutex, one of a semaphore's count, an event that resets
 * itself. At most `dwMilliseconds`, or INFINITE. Returns WAIT_OBJECT_0, WAIT_TIMEOUT, or WAIT_ABANDONED: this thread has
 * the mutex, and who had it before ended without giving it back. Throws `ERR_MEMSPAN_DEADLOCK` instead of waiting for ever for
 * a mutex that an …Async wait of this thread has. Source: WaitForSingleObject (synchapi.h).
 */
export function WaitForSingleObject(hHandle: Waitable, dwMilliseconds: number): number {
  const call = 'WaitForSingleObject';
  core(call);
  return waitHere([rawOf(hHandle, call)], false, limitOf(dwMilliseconds, call), call);
}

/**
 * The same for up to MAXIMUM_WAIT_OBJECTS objects: with `bWaitAll` all of them, taken at one moment, else the first in the
 * list that can be had. Returns WAIT_OBJECT_0 or WAIT_ABANDONED_0 plus the index of that one, or WAIT_TIMEOUT.
 * A list that has one object twice is ERROR_INVALID_PARAMETER (Wine waits all the same). `nCount` is the list's length.
 * Source: WaitForMultipleObjects (synchapi.h).
 */
export function WaitForMultipleObjects(
  lpHandles: readonly Waitable[],
  bWaitAll: boolean,
  dwMilliseconds: number,
): number {
  const call = 'WaitForMultipleObjects';
  core(call);
  const all = flagOf(bWaitAll, 'bWaitAll', call);
  return waitHere(valuesOf(lpHandles, call), all, limitOf(dwMilliseconds, call), call);
}

/**
 * WaitForSingleObject without blocking. Rejects with the signal's reason when that aborts, and with `ERR_MEMSPAN_CLOSED` when
 * this thread closes the handle; keeps the process running while it waits.
 */
export async function WaitForSingleObjectAsync(
  hHandle: Waitable,
  dwMilliseconds: number,
  options?: CallOptions,
): Promise<number> {
  const call = 'WaitForSingleObjectAsync';
  core(call);
  rawOf(hHandle, call);
  return waitElsewhere([hHandle], false, limitOf(dwMilliseconds, call), options, call);
}

/** WaitForMultipleObjects without blocking; ends before its time as WaitForSingleObjectAsync does. */
export async function WaitForMultipleObjectsAsync(
  lpHandles: readonly Waitable[],
  bWaitAll: boolean,
  dwMilliseconds: number,
  options?: CallOptions,
): Promise<number> {
  const call = 'WaitForMultipleObjectsAsync';
  core(call);
  const all = flagOf(bWaitAll, 'bWaitAll', call);
  valuesOf(lpHandles, call);
  return waitElsewhere(lpHandles, all, limitOf(dwMilliseconds, call), options, call);
}

function rawOf(handle: unknown, call: string): RawHandle {
  return HANDLE.valueOf(handle, WAITABLE, call);
}

function valuesOf(handles: unknown, call: string): RawHandle[] {
  if (!Array.isArray(handles) || handles.length < 1 || handles.length > MAXIMUM_WAIT_OBJECTS) {
    throw invalidArgument(`${call}: lpHandles is an array of 1 to ${MAXIMUM_WAIT_OBJECTS} handles`);
  }
  return handles.map((handle) => rawOf(handle, call));
}

function limitOf(milliseconds: unknown, call: string): number {
  return unsignedOf(milliseconds, 'dwMilliseconds', call);
}

function waitHere(handles: RawHandle[], all: boolean, milliseconds: number, call: string): number {
  const windows = core(call);
  const forEver = milliseconds === INFINITE;
  // Nobody can terminate the main thread.
  if (isMainThread) return result(windows.wait(handles, all, milliseconds, forEver), call);
  const deadline = forEver ? Number.POSITIVE_INFINITY : performance.now() + milliseconds;
  for (;;) {
    const left = Math.max(0, Math.ceil(deadline - performance.now()));
    const outcome = result(windows.wait(handles, all, Math.min(left, SLICE_MS), forEver), call);
    if (outcome !== WAIT_TIMEOUT || left <= SLICE_MS) return outcome;
  }
}

function waitElsewhere(
  handles: readonly Waitable[],
  all: boolean,
  milliseconds: number,
  options: CallOptions | undefined,
  call: string,
): Promise<number> {
  const signal = signalOf(options, call);
  signal?.throwIfAborted();
  const values = valuesOf(handles, call);
  const isMutex = handles.map(({ kind }) => kind === 'mutex');
  const ticket = result(core(call).waitAsync(values, isMutex, all, milliseconds), call);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => native.cancelWait(ticket);
    settlements.set(ticket, (outcome) => {
      signal?.removeEventListener('abort', onAbort);
      if (outcome === Ended.aborted) reject(signal?.reason);
      else if (outcome === Ended.closed) reject(closedWhileWaiting(handles, call));
      else settle(outcome, call, resolve, reject);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function settle(
  outcome: number,
  call: string,
  resolve: (outcome: number) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(result(outcome, call));
  } catch (error) {
    reject(error);
  }
}

function closedWhileWaiting([first]: readonly Waitable[], call: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CLOSED', {
    operation: call,
    object: first?.name ?? undefined,
    cause: 'a handle that it waited for was closed',
    remedy: 'Close handles after the waits on them',
  });
}
