// Process-shared reader-writer locks of the C library, in mapped memory.
//
// None is robust: a reader or writer that is killed keeps it locked for ever (memspan's own RwLock does not). What a thread
// locked it unlocks; `…lockAsync` locks on a thread of memspan's own, which keeps it until `pthread_rwlock_unlock`.

import { os } from '../native.ts';
import { type CallOptions, outcome, settled, signalOf } from '../outcome.ts';
import { type Pointer, pointer, type Region, viewOf } from '../pointer.ts';
import { type AbsoluteTime, timeOf } from '../time.ts';
import { pshared, type SharedAttributes } from './condition.ts';
import { EBUSY, ETIMEDOUT } from './constants-sync.ts';

export type pthread_rwlock_t = Pointer<'pthread_rwlock_t'>;

/** The pointer to a lock at `offset` bytes into mapped memory; nothing is initialised by this. */
export function pthread_rwlock_t(region: Region, offset: number = 0): pthread_rwlock_t {
  return pointer('pthread_rwlock_t', region, offset);
}

/** Makes the memory an unlocked lock. Once, by one process. EBUSY when this thread has it. Source: pthread_rwlock_init(3p). */
export function pthread_rwlock_init(
  lock: pthread_rwlock_t,
  attributes?: SharedAttributes | null,
): 0 {
  const call = 'pthread_rwlock_init';
  outcome(os.rwlockInit(viewOf(lock, 'pthread_rwlock_t', call), pshared(attributes, call)), call);
  return 0;
}

/** Ends a lock that nobody has; EBUSY when this thread has it. Source: pthread_rwlock_destroy(3p). */
export function pthread_rwlock_destroy(lock: pthread_rwlock_t): 0 {
  const call = 'pthread_rwlock_destroy';
  outcome(os.rwlockDestroy(viewOf(lock, 'pthread_rwlock_t', call)), call);
  return 0;
}

/**
 * Locks it for reading; blocks this thread until no writer has it. Throws EDEADLK when this thread writes, EAGAIN with too
 * many readers. Source: pthread_rwlock_rdlock(3p).
 */
export function pthread_rwlock_rdlock(lock: pthread_rwlock_t): 0 {
  const call = 'pthread_rwlock_rdlock';
  outcome(os.rwlockRead(viewOf(lock, 'pthread_rwlock_t', call)), call);
  return 0;
}

/** Locks it for writing; blocks this thread until nobody else has it. EDEADLK when this thread writes already. Source: pthread_rwlock_wrlock(3p). */
export function pthread_rwlock_wrlock(lock: pthread_rwlock_t): 0 {
  const call = 'pthread_rwlock_wrlock';
  outcome(os.rwlockWrite(viewOf(lock, 'pthread_rwlock_t', call)), call);
  return 0;
}

/** 0, or EBUSY while a writer has it. Source: pthread_rwlock_tryrdlock(3p). */
export function pthread_rwlock_tryrdlock(lock: pthread_rwlock_t): number {
  const call = 'pthread_rwlock_tryrdlock';
  return outcome(os.rwlockTryRead(viewOf(lock, 'pthread_rwlock_t', call)), call, [EBUSY]);
}

/** 0, or EBUSY while anybody has it. Source: pthread_rwlock_trywrlock(3p). */
export function pthread_rwlock_trywrlock(lock: pthread_rwlock_t): number {
  const call = 'pthread_rwlock_trywrlock';
  return outcome(os.rwlockTryWrite(viewOf(lock, 'pthread_rwlock_t', call)), call, [EBUSY]);
}

/** As `pthread_rwlock_rdlock`; ETIMEDOUT when it is `abstime`. Source: pthread_rwlock_timedrdlock(3p). */
export function pthread_rwlock_timedrdlock(lock: pthread_rwlock_t, abstime: AbsoluteTime): number {
  const call = 'pthread_rwlock_timedrdlock';
  const view = viewOf(lock, 'pthread_rwlock_t', call);
  return outcome(os.rwlockRead(view, ...timeOf(abstime, call)), call, [ETIMEDOUT]);
}

/** As `pthread_rwlock_wrlock`; ETIMEDOUT when it is `abstime`. Source: pthread_rwlock_timedwrlock(3p). */
export function pthread_rwlock_timedwrlock(lock: pthread_rwlock_t, abstime: AbsoluteTime): number {
  const call = 'pthread_rwlock_timedwrlock';
  const view = viewOf(lock, 'pthread_rwlock_t', call);
  return outcome(os.rwlockWrite(view, ...timeOf(abstime, call)), call, [ETIMEDOUT]);
}

/** Gives back what this thread has locked last; throws EPERM when it has nothing. Source: pthread_rwlock_unlock(3p). */
export function pthread_rwlock_unlock(lock: pthread_rwlock_t): 0 {
  const call = 'pthread_rwlock_unlock';
  outcome(os.rwlockUnlock(viewOf(lock, 'pthread_rwlock_t', call)), call);
  return 0;
}

/** As `pthread_rwlock_rdlock`, by a thread of memspan's own, which has it until `pthread_rwlock_unlock`. */
export async function pthread_rwlock_rdlockAsync(
  lock: pthread_rwlock_t,
  options?: CallOptions,
): Promise<0> {
  return locking('pthread_rwlock_rdlock', os.rwlockReadAsync, lock, options) as Promise<0>;
}

/** As `pthread_rwlock_wrlock`, by a thread of memspan's own, which has it until `pthread_rwlock_unlock`. */
export async function pthread_rwlock_wrlockAsync(
  lock: pthread_rwlock_t,
  options?: CallOptions,
): Promise<0> {
  return locking('pthread_rwlock_wrlock', os.rwlockWriteAsync, lock, options) as Promise<0>;
}

/** As `pthread_rwlock_timedrdlock`, by a thread of memspan's own. */
export async function pthread_rwlock_timedrdlockAsync(
  lock: pthread_rwlock_t,
  abstime: AbsoluteTime,
  options?: CallOptions,
): Promise<number> {
  return locking('pthread_rwlock_timedrdlock', os.rwlockReadAsync, lock, options, abstime);
}

/** As `pthread_rwlock_timedwrlock`, by a thread of memspan's own. */
export async function pthread_rwlock_timedwrlockAsync(
  lock: pthread_rwlock_t,
  abstime: AbsoluteTime,
  options?: CallOptions,
): Promise<number> {
  return locking('pthread_rwlock_timedwrlock', os.rwlockWriteAsync, lock, options, abstime);
}

function locking(
  call: string,
  start: typeof os.rwlockReadAsync,
  lock: pthread_rwlock_t,
  options: CallOptions | undefined,
  ...abstime: [] | [AbsoluteTime]
): Promise<number> {
  const view = viewOf(lock, 'pthread_rwlock_t', call);
  const time = abstime.length === 0 ? [] : timeOf(abstime[0], call);
  const signal = signalOf(options, call);
  signal?.throwIfAborted();
  return settled(start(view, ...time), signal, (result) => outcome(result, call, [ETIMEDOUT]));
}
