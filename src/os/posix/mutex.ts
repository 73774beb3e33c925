// Process-shared mutexes of the C library, in mapped memory: normal, recursive, error-checking, robust.
//
// A mutex belongs to the thread that locked it. `…lockAsync` locks on a thread of memspan's own, which keeps it until
// `pthread_mutex_unlock` is called by the JavaScript thread that asked; two of them are two threads, also for a recursive one.

import { integerOf, optionsOf } from '../arguments.ts';
import { os } from '../native.ts';
import { type CallOptions, outcome, settled, signalOf } from '../outcome.ts';
import { type Pointer, pointer, type Region, viewOf } from '../pointer.ts';
import { type AbsoluteTime, timeOf } from '../time.ts';
import {
  EBUSY,
  EOWNERDEAD,
  ETIMEDOUT,
  PTHREAD_MUTEX_DEFAULT,
  PTHREAD_MUTEX_STALLED,
  PTHREAD_PRIO_NONE,
  PTHREAD_PROCESS_SHARED,
} from './constants-sync.ts';

export type pthread_mutex_t = Pointer<'pthread_mutex_t'>;

/** What pthread_mutexattr_set… sets. */
export interface MutexAttributes {
  /** PTHREAD_MUTEX_NORMAL, _RECURSIVE, _ERRORCHECK or _DEFAULT. */
  type?: number | undefined;
  /** PTHREAD_PROCESS_SHARED unless told otherwise. */
  pshared?: number | undefined;
  /** PTHREAD_MUTEX_STALLED (as in C, unless told otherwise) or _ROBUST. */
  robust?: number | undefined;
  /** PTHREAD_PRIO_NONE, _INHERIT or _PROTECT. */
  protocol?: number | undefined;
}

/**
 * The pointer to a mutex at `offset` bytes into mapped memory; nothing is initialised by this.
 * Throws RangeError when it does not fit there or is not aligned.
 */
export function pthread_mutex_t(region: Region, offset: number = 0): pthread_mutex_t {
  return pointer('pthread_mutex_t', region, offset);
}

/**
 * Makes the memory an unlocked mutex. Once, by one process, before others use it. Throws EINVAL for an attribute that is
 * none, EBUSY when this thread has it locked. Source: pthread_mutex_init(3p), pthread_mutexattr_setrobust(3).
 */
export function pthread_mutex_init(mutex: pthread_mutex_t, attributes?: MutexAttributes | null): 0 {
  const call = 'pthread_mutex_init';
  const view = viewOf(mutex, 'pthread_mutex_t', call);
  const names = ['type', 'pshared', 'robust', 'protocol'];
  const {
    type = PTHREAD_MUTEX_DEFAULT,
    pshared = PTHREAD_PROCESS_SHARED,
    robust = PTHREAD_MUTEX_STALLED,
    protocol = PTHREAD_PRIO_NONE,
  } = optionsOf<MutexAttributes>(attributes, names, call);
  for (const value of [type, pshared, robust, protocol]) integerOf(value, 'an attribute', call);
  outcome(os.mutexInit(view, type, pshared, robust, protocol), call);
  return 0;
}

/** Ends a mutex that nobody has locked; throws EBUSY if somebody has. Source: pthread_mutex_destroy(3p). */
export function pthread_mutex_destroy(mutex: pthread_mutex_t): 0 {
  const call = 'pthread_mutex_destroy';
  outcome(os.mutexDestroy(viewOf(mutex, 'pthread_mutex_t', call)), call);
  return 0;
}

/**
 * Locks it; blocks this thread until that is done. Returns 0, or EOWNERDEAD: it is locked, its owner died (robust only), and
 * `pthread_mutex_consistent` is to be called when the data is in order.
 * Throws EDEADLK (error-checking, locked by this thread; any, locked by this thread's `…lockAsync`), ENOTRECOVERABLE, EAGAIN (recursive, too often), EINVAL.
 * Source: pthread_mutex_lock(3p).
 */
export function pthread_mutex_lock(mutex: pthread_mutex_t): number {
  const call = 'pthread_mutex_lock';
  return outcome(os.mutexLock(viewOf(mutex, 'pthread_mutex_t', call)), call, [EOWNERDEAD]);
}

/** As `pthread_mutex_lock`, without blocking: EBUSY if it is locked. Source: pthread_mutex_trylock(3p). */
export function pthread_mutex_trylock(mutex: pthread_mutex_t): number {
  const call = 'pthread_mutex_trylock';
  const result = os.mutexTryLock(viewOf(mutex, 'pthread_mutex_t', call));
  return outcome(result, call, [EBUSY, EOWNERDEAD]);
}

/** As `pthread_mutex_lock`; ETIMEDOUT when it is `abstime` and it is still locked. Source: pthread_mutex_timedlock(3p). */
export function pthread_mutex_timedlock(mutex: pthread_mutex_t, abstime: AbsoluteTime): number {
  const call = 'pthread_mutex_timedlock';
  const view = viewOf(mutex, 'pthread_mutex_t', call);
  return outcome(os.mutexLock(view, ...timeOf(abstime, call)), call, [EOWNERDEAD, ETIMEDOUT]);
}

/**
 * Unlocks it. Throws EPERM when this thread has not locked it through this memory, whatever its type (in C that is undefined for
 * some), and ERR_MEMSPAN_CORRUPT when somebody has written over a robust one. Source: pthread_mutex_unlock(3p).
 */
export function pthread_mutex_unlock(mutex: pthread_mutex_t): 0 {
  const call = 'pthread_mutex_unlock';
  outcome(os.mutexUnlock(viewOf(mutex, 'pthread_mutex_t', call)), call);
  return 0;
}

/**
 * Says that what a dead owner left is in order again. Throws EINVAL unless this thread has got it with EOWNERDEAD. Unlocked
 * without this call it is ENOTRECOVERABLE for everyone. Source: pthread_mutex_consistent(3).
 */
export function pthread_mutex_consistent(mutex: pthread_mutex_t): 0 {
  const call = 'pthread_mutex_consistent';
  outcome(os.mutexConsistent(viewOf(mutex, 'pthread_mutex_t', call)), call);
  return 0;
}

/** As `pthread_mutex_lock`, by a thread of memspan's own, which has it until `pthread_mutex_unlock`. */
export async function pthread_mutex_lockAsync(
  mutex: pthread_mutex_t,
  options?: CallOptions,
): Promise<number> {
  const call = 'pthread_mutex_lock';
  const view = viewOf(mutex, 'pthread_mutex_t', call);
  const signal = signalOf(options, call);
  signal?.throwIfAborted();
  return settled(os.mutexLockAsync(view), signal, (result) => outcome(result, call, [EOWNERDEAD]));
}

/** As `pthread_mutex_timedlock`, by a thread of memspan's own. */
export async function pthread_mutex_timedlockAsync(
  mutex: pthread_mutex_t,
  abstime: AbsoluteTime,
  options?: CallOptions,
): Promise<number> {
  const call = 'pthread_mutex_timedlock';
  const view = viewOf(mutex, 'pthread_mutex_t', call);
  const time = timeOf(abstime, call);
  const signal = signalOf(options, call);
  signal?.throwIfAborted();
  const outcomes = [EOWNERDEAD, ETIMEDOUT];
  return settled(os.mutexLockAsync(view, ...time), signal, (result) =>
    outcome(result, call, outcomes),
  );
}
