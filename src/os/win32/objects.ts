// Mutexes, semaphores and events: kernel objects, of one process or by name of many.

import { integerOf, unsignedOf } from '../arguments.ts';
import {
  core,
  flagOf,
  HANDLE,
  inheritOf,
  nameOf,
  newNameOf,
  opened,
  result,
  type SecurityAttributes,
} from './handle.ts';

/**
 * Makes a mutex, or opens the one of that name; then GetLastError() is ERROR_ALREADY_EXISTS and `bInitialOwner` means
 * nothing. A mutex belongs to the thread that waited for it; when that thread ends, the next one to wait gets it with
 * WAIT_ABANDONED. Throws ERROR_INVALID_HANDLE when the name is another kind's. Source: CreateMutexW (synchapi.h).
 */
export function CreateMutex(
  lpMutexAttributes: SecurityAttributes | null,
  bInitialOwner: boolean,
  lpName: string | null = null,
): HANDLE<'mutex'> {
  const call = 'CreateMutex';
  const windows = core(call);
  const inherit = inheritOf(lpMutexAttributes, call);
  const isOwner = flagOf(bInitialOwner, 'bInitialOwner', call);
  const name = newNameOf(lpName, call);
  return opened('mutex', windows.createMutex(inherit, isOwner, name), name, call);
}

/** Opens the mutex of that name. Throws ERROR_FILE_NOT_FOUND. Source: OpenMutexW (synchapi.h). */
export function OpenMutex(
  dwDesiredAccess: number,
  bInheritHandle: boolean,
  lpName: string,
): HANDLE<'mutex'> {
  const call = 'OpenMutex';
  const windows = core(call);
  const [access, inherit, name] = requestOf(dwDesiredAccess, bInheritHandle, lpName, call);
  return opened('mutex', windows.openMutex(access, inherit, name), name, call);
}

/**
 * Gives the mutex back, once for each wait that got it: this thread's own, or one of its …Async waits'. True.
 * Throws ERROR_NOT_OWNER when neither has it. Source: ReleaseMutex (synchapi.h).
 */
export function ReleaseMutex(hMutex: HANDLE<'mutex'>): true {
  const call = 'ReleaseMutex';
  const windows = core(call);
  result(windows.releaseMutex(HANDLE.valueOf(hMutex, ['mutex'], call)), call, hMutex.name);
  return true;
}

/**
 * Makes a semaphore, or opens the one of that name; then GetLastError() is ERROR_ALREADY_EXISTS and the counts mean nothing.
 * Throws ERROR_INVALID_PARAMETER unless 0 ≤ `lInitialCount` ≤ `lMaximumCount` and 1 ≤ `lMaximumCount`.
 * Source: CreateSemaphoreW (winbase.h).
 */
export function CreateSemaphore(
  lpSemaphoreAttributes: SecurityAttributes | null,
  lInitialCount: number,
  lMaximumCount: number,
  lpName: string | null = null,
): HANDLE<'semaphore'> {
  const call = 'CreateSemaphore';
  const windows = core(call);
  const inherit = inheritOf(lpSemaphoreAttributes, call);
  const initial = integerOf(lInitialCount, 'lInitialCount', call);
  const maximum = integerOf(lMaximumCount, 'lMaximumCount', call);
  const name = newNameOf(lpName, call);
  const value = windows.createSemaphore(inherit, initial, maximum, name);
  return opened('semaphore', value, name, call);
}

/** Opens the semaphore of that name. Throws ERROR_FILE_NOT_FOUND. Source: OpenSemaphoreW (synchapi.h). */
export function OpenSemaphore(
  dwDesiredAccess: number,
  bInheritHandle: boolean,
  lpName: string,
): HANDLE<'semaphore'> {
  const call = 'OpenSemaphore';
  const windows = core(call);
  const [access, inherit, name] = requestOf(dwDesiredAccess, bInheritHandle, lpName, call);
  return opened('semaphore', windows.openSemaphore(access, inherit, name), name, call);
}

/**
 * Adds to the semaphore's count and returns what it was before (`lpPreviousCount` in C). Throws ERROR_TOO_MANY_POSTS, and
 * nothing has changed, when it would exceed its maximum; ERROR_INVALID_PARAMETER for a count below 1.
 * Source: ReleaseSemaphore (synchapi.h).
 */
export function ReleaseSemaphore(
  hSemaphore: HANDLE<'semaphore'>,
  lReleaseCount: number = 1,
): number {
  const call = 'ReleaseSemaphore';
  const windows = core(call);
  const value = HANDLE.valueOf(hSemaphore, ['semaphore'], call);
  const count = integerOf(lReleaseCount, 'lReleaseCount', call);
  return result(windows.releaseSemaphore(value, count), call, hSemaphore.name);
}

/**
 * Makes an event, or opens the one of that name; then GetLastError() is ERROR_ALREADY_EXISTS and the flags mean nothing.
 * One with `bManualReset` stays set until ResetEvent; another is reset by the one wait that it ends.
 * Source: CreateEventW (synchapi.h).
 */
export function CreateEvent(
  lpEventAttributes: SecurityAttributes | null,
  bManualReset: boolean,
  bInitialState: boolean,
  lpName: string | null = null,
): HANDLE<'event'> {
  const call = 'CreateEvent';
  const windows = core(call);
  const inherit = inheritOf(lpEventAttributes, call);
  const isManual = flagOf(bManualReset, 'bManualReset', call);
  const isSet = flagOf(bInitialState, 'bInitialState', call);
  const name = newNameOf(lpName, call);
  return opened('event', windows.createEvent(inherit, isManual, isSet, name), name, call);
}

/** Opens the event of that name. Throws ERROR_FILE_NOT_FOUND. Source: OpenEventW (synchapi.h). */
export function OpenEvent(
  dwDesiredAccess: number,
  bInheritHandle: boolean,
  lpName: string,
): HANDLE<'event'> {
  const call = 'OpenEvent';
  const windows = core(call);
  const [access, inherit, name] = requestOf(dwDesiredAccess, bInheritHandle, lpName, call);
  return opened('event', windows.openEvent(access, inherit, name), name, call);
}

/** Sets the event: one waiter goes on, or with manual reset all. True. Source: SetEvent (synchapi.h). */
export function SetEvent(hEvent: HANDLE<'event'>): true {
  const call = 'SetEvent';
  const windows = core(call);
  result(windows.setEvent(HANDLE.valueOf(hEvent, ['event'], call)), call, hEvent.name);
  return true;
}

/** Resets the event. True. Source: ResetEvent (synchapi.h). */
export function ResetEvent(hEvent: HANDLE<'event'>): true {
  const call = 'ResetEvent';
  const windows = core(call);
  result(windows.resetEvent(HANDLE.valueOf(hEvent, ['event'], call)), call, hEvent.name);
  return true;
}

function requestOf(
  access: unknown,
  inherit: unknown,
  name: unknown,
  call: string,
): [access: number, inherit: boolean, name: string] {
  return [
    unsignedOf(access, 'dwDesiredAccess', call),
    flagOf(inherit, 'bInheritHandle', call),
    nameOf(name, call),
  ];
}
