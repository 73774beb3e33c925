// POSIX semaphores: sem_overview(7). Named ones live under /dev/shm/sem.NAME, unnamed ones where the user puts them.
//
// There is no owner: a permit that a killed process had is lost. memspan's own Semaphore (`undo`) gives it back.

import { integerOf, stringOf, unsignedOf } from '../arguments.ts';
import { os } from '../native.ts';
import { type CallOptions, checked, settled, signalOf } from '../outcome.ts';
import { Pointer, pointer, type Region, sizeof, viewOf } from '../pointer.ts';
import { type AbsoluteTime, timeOf } from '../time.ts';

export type sem_t = Pointer<'sem_t'>;

/**
 * The pointer to a semaphore at `offset` bytes into mapped memory; nothing is initialised by this.
 * Throws RangeError when it does not fit there or is not aligned.
 */
export function sem_t(region: Region, offset: number = 0): sem_t {
  return pointer('sem_t', region, offset);
}

/**
 * Opens or creates the named semaphore. With `O_CREAT` a new one gets `mode` (less the umask) and `value`; with `O_EXCL`,
 * too, it must be new. `name` is "/name". Each call maps it anew; `sem_close` lets go of it, as does the end of the
 * thread's last reference.
 *
 * Throws ENOENT, EEXIST, EACCES, EINVAL (no name, or `value` above SEM_VALUE_MAX), ENAMETOOLONG, EMFILE, ENOMEM. Source: sem_open(3).
 */
export function sem_open(
  name: string,
  oflag: number,
  mode: number = 0o600,
  value: number = 0,
): sem_t {
  stringOf(name, 'the name', 'sem_open');
  integerOf(oflag, 'oflag', 'sem_open');
  integerOf(mode, 'mode', 'sem_open', 0, 0o7777);
  unsignedOf(value, 'the value', 'sem_open');
  const opened = os.semOpen(name, oflag, mode, value);
  if (typeof opened === 'number') {
    checked(opened, 'sem_open', name);
    throw new Error('unreachable');
  }
  return new Pointer('sem_t', new Uint8Array(opened, 0, sizeof.sem_t), name);
}

/**
 * Lets go of a named semaphore: waits on it through this pointer throw ERR_MEMSPAN_CLOSED, as does every later call. The
 * name and other openings stay. Throws EINVAL for an unnamed one. Source: sem_close(3).
 */
export function sem_close(sem: sem_t): 0 {
  return done(os.semClose(viewOf(sem, 'sem_t', 'sem_close')), 'sem_close', sem);
}

/** Removes the name at once; who has it open keeps it. Throws ENOENT, EACCES, ENAMETOOLONG. Source: sem_unlink(3). */
export function sem_unlink(name: string): 0 {
  checked(os.semUnlink(stringOf(name, 'the name', 'sem_unlink')), 'sem_unlink', name);
  return 0;
}

/**
 * Makes the memory a semaphore with `value` permits. `pshared` 0 is for threads of this process only. Once, by one
 * process, before others use it. Throws EINVAL for a value above SEM_VALUE_MAX. Source: sem_init(3).
 */
export function sem_init(sem: sem_t, pshared: number, value: number): 0 {
  const view = viewOf(sem, 'sem_t', 'sem_init');
  integerOf(pshared, 'pshared', 'sem_init');
  unsignedOf(value, 'the value', 'sem_init');
  return done(os.semInit(view, pshared, value), 'sem_init', sem);
}

/** Ends an unnamed semaphore that nobody waits for. Source: sem_destroy(3). */
export function sem_destroy(sem: sem_t): 0 {
  return done(os.semDestroy(viewOf(sem, 'sem_t', 'sem_destroy')), 'sem_destroy', sem);
}

/** Adds a permit and wakes one that waits. Throws EOVERFLOW at SEM_VALUE_MAX. Source: sem_post(3). */
export function sem_post(sem: sem_t): 0 {
  return done(os.semPost(viewOf(sem, 'sem_t', 'sem_post')), 'sem_post', sem);
}

/** Takes a permit; blocks this thread until there is one. A signal does not end it. Source: sem_wait(3). */
export function sem_wait(sem: sem_t): 0 {
  return done(os.semWait(viewOf(sem, 'sem_t', 'sem_wait')), 'sem_wait', sem);
}

/** Takes a permit if there is one; throws EAGAIN if not. Source: sem_trywait(3p). */
export function sem_trywait(sem: sem_t): 0 {
  return done(os.semTryWait(viewOf(sem, 'sem_t', 'sem_trywait')), 'sem_trywait', sem);
}

/** As `sem_wait`, and throws ETIMEDOUT when it is `abs_timeout` and there was none. Source: sem_timedwait(3p). */
export function sem_timedwait(sem: sem_t, abs_timeout: AbsoluteTime): 0 {
  const view = viewOf(sem, 'sem_t', 'sem_timedwait');
  return done(os.semWait(view, ...timeOf(abs_timeout, 'sem_timedwait')), 'sem_timedwait', sem);
}

/** How many permits there are; 0 while others wait. Out of date when it is read. Source: sem_getvalue(3). */
export function sem_getvalue(sem: sem_t): number {
  return checked(os.semGetValue(viewOf(sem, 'sem_t', 'sem_getvalue')), 'sem_getvalue', sem.name);
}

/** As `sem_wait`, on a thread of memspan's own. */
export async function sem_waitAsync(sem: sem_t, options?: CallOptions): Promise<0> {
  const view = viewOf(sem, 'sem_t', 'sem_wait');
  return waiting('sem_wait', sem, options, () => os.semWaitAsync(view));
}

/** As `sem_timedwait`, on a thread of memspan's own. */
export async function sem_timedwaitAsync(
  sem: sem_t,
  abs_timeout: AbsoluteTime,
  options?: CallOptions,
): Promise<0> {
  const view = viewOf(sem, 'sem_t', 'sem_timedwait');
  const time = timeOf(abs_timeout, 'sem_timedwait');
  return waiting('sem_timedwait', sem, options, () => os.semWaitAsync(view, ...time));
}

function done(result: number, call: string, sem: sem_t): 0 {
  checked(result, call, sem.name);
  return 0;
}

async function waiting(
  call: string,
  sem: sem_t,
  options: CallOptions | undefined,
  start: () => number,
): Promise<0> {
  const signal = signalOf(options, call);
  signal?.throwIfAborted();
  await settled(start(), signal, (result) => checked(result, call, sem.name));
  return 0;
}
