// Process-shared condition variables of the C library, in mapped memory.
//
// Always in a loop: `while (!predicate()) pthread_cond_wait(cond, mutex)`. A wait returns after a tenth of a second at the
// latest, as POSIX allows (a spurious wake-up), so that a worker can be ended.

import { integerOf, optionsOf } from '../arguments.ts';
import { os } from '../native.ts';
import { type CallOptions, outcome, settled, signalOf } from '../outcome.ts';
import { type Pointer, pointer, type Region, viewOf } from '../pointer.ts';
import { type AbsoluteTime, timeOf } from '../time.ts';
import { EOWNERDEAD, ETIMEDOUT, PTHREAD_PROCESS_SHARED } from './constants-sync.ts';
import type { pthread_mutex_t } from './mutex.ts';

export type pthread_cond_t = Pointer<'pthread_cond_t'>;

/** What pthread_condattr_setpshared sets. */
export interface SharedAttributes {
  /** PTHREAD_PROCESS_SHARED unless told otherwise. */
  pshared?: number | undefined;
}

/** The pointer to a condition variable at `offset` bytes into mapped memory; nothing is initialised by this. */
export function pthread_cond_t(region: Region, offset: number = 0): pthread_cond_t {
  return pointer('pthread_cond_t', region, offset);
}

/** Makes the memory a condition variable. Once, by one process. Source: pthread_cond_init(3p). */
export function pthread_cond_init(cond: pthread_cond_t, attributes?: SharedAttributes | null): 0 {
  const call = 'pthread_cond_init';
  const view = viewOf(cond, 'pthread_cond_t', call);
  outcome(os.conditionInit(view, pshared(attributes, call)), call);
  return 0;
}

/**
 * Ends a condition variable that nobody waits on. Throws EBUSY if somebody does, or was killed while he did: glibc's would
 * wait for him. Source: pthread_cond_destroy(3p).
 */
export function pthread_cond_destroy(cond: pthread_cond_t): 0 {
  const call = 'pthread_cond_destroy';
  outcome(os.conditionDestroy(viewOf(cond, 'pthread_cond_t', call)), call);
  return 0;
}

/**
 * Wakes one who waits. glibc's can be held up for ever by a waiter that was killed; then this throws ETIMEDOUT after a
 * second, and the condition variable is of no use any more. Source: pthread_cond_signal(3p).
 */
export function pthread_cond_signal(cond: pthread_cond_t): 0 {
  const call = 'pthread_cond_signal';
  outcome(os.conditionSignal(viewOf(cond, 'pthread_cond_t', call)), call);
  return 0;
}

/** Wakes all who wait; else as `pthread_cond_signal`. Source: pthread_cond_broadcast(3p). */
export function pthread_cond_broadcast(cond: pthread_cond_t): 0 {
  const call = 'pthread_cond_broadcast';
  outcome(os.conditionBroadcast(viewOf(cond, 'pthread_cond_t', call)), call);
  return 0;
}

/**
 * Unlocks the mutex, blocks this thread until woken (or for no reason), and locks it again. Returns 0 or EOWNERDEAD; either way
 * it is locked. Throws EPERM when this thread has not locked the mutex, ENOTRECOVERABLE. Source: pthread_cond_wait(3p).
 */
export function pthread_cond_wait(cond: pthread_cond_t, mutex: pthread_mutex_t): number {
  const call = 'pthread_cond_wait';
  const views = [
    viewOf(cond, 'pthread_cond_t', call),
    viewOf(mutex, 'pthread_mutex_t', call),
  ] as const;
  return outcome(os.conditionWait(...views), call, [EOWNERDEAD]);
}

/** As `pthread_cond_wait`; ETIMEDOUT when it is `abstime` (CLOCK_REALTIME). Source: pthread_cond_timedwait(3p). */
export function pthread_cond_timedwait(
  cond: pthread_cond_t,
  mutex: pthread_mutex_t,
  abstime: AbsoluteTime,
): number {
  const call = 'pthread_cond_timedwait';
  const views = [
    viewOf(cond, 'pthread_cond_t', call),
    viewOf(mutex, 'pthread_mutex_t', call),
  ] as const;
  const result = os.conditionWait(...views, ...timeOf(abstime, call));
  return outcome(result, call, [EOWNERDEAD, ETIMEDOUT]);
}

/**
 * As `pthread_cond_wait`, for a mutex that this thread has got by `pthread_mutex_lockAsync` (EPERM otherwise). The mutex is
 * locked when the promise is settled, also when it was aborted.
 */
export async function pthread_cond_waitAsync(
  cond: pthread_cond_t,
  mutex: pthread_mutex_t,
  options?: CallOptions,
): Promise<number> {
  const call = 'pthread_cond_wait';
  const views = [
    viewOf(cond, 'pthread_cond_t', call),
    viewOf(mutex, 'pthread_mutex_t', call),
  ] as const;
  const signal = signalOf(options, call);
  signal?.throwIfAborted();
  return settled(os.conditionWaitAsync(...views), signal, (result) =>
    outcome(result, call, [EOWNERDEAD]),
  );
}

/** As `pthread_cond_timedwait`, for a mutex that this thread has got by `pthread_mutex_lockAsync`. */
export async function pthread_cond_timedwaitAsync(
  cond: pthread_cond_t,
  mutex: pthread_mutex_t,
  abstime: AbsoluteTime,
  options?: CallOptions,
): Promise<number> {
  const call = 'pthread_cond_timedwait';
  const views = [
    viewOf(cond, 'pthread_cond_t', call),
    viewOf(mutex, 'pthread_mutex_t', call),
  ] as const;
  const time = timeOf(abstime, call);
  const signal = signalOf(options, call);
  signal?.throwIfAborted();
  return settled(os.conditionWaitAsync(...views, ...time), signal, (result) =>
    outcome(result, call, [EOWNERDEAD, ETIMEDOUT]),
  );
}

/** The `pshared` of the attributes. @internal */
export function pshared(attributes: SharedAttributes | null | undefined, call: string): number {
  const { pshared: value = PTHREAD_PROCESS_SHARED } = optionsOf<SharedAttributes>(
    attributes,
    ['pshared'],
    call,
  );
  return integerOf(value, 'pshared', call);
}
