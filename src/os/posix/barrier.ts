// Process-shared barriers of the C library, in mapped memory.
//
// A party that is killed is waited for, for ever: nothing in the C library ends such a wait (memspan's own Barrier breaks).

import { invalidArgument } from '../../errors.ts';
import { unsignedOf } from '../arguments.ts';
import { os } from '../native.ts';
import { outcome, settled } from '../outcome.ts';
import { type Pointer, pointer, type Region, viewOf } from '../pointer.ts';
import { pshared, type SharedAttributes } from './condition.ts';
import { PTHREAD_BARRIER_SERIAL_THREAD } from './constants-sync.ts';

export type pthread_barrier_t = Pointer<'pthread_barrier_t'>;

/** The pointer to a barrier at `offset` bytes into mapped memory; nothing is initialised by this. */
export function pthread_barrier_t(region: Region, offset: number = 0): pthread_barrier_t {
  return pointer('pthread_barrier_t', region, offset);
}

/** Makes the memory a barrier for `count` parties. Once, by one process. EINVAL for 0 of them. Source: pthread_barrier_init(3p). */
export function pthread_barrier_init(
  barrier: pthread_barrier_t,
  attributes: SharedAttributes | null | undefined,
  count: number,
): 0 {
  const call = 'pthread_barrier_init';
  const view = viewOf(barrier, 'pthread_barrier_t', call);
  outcome(os.barrierInit(view, pshared(attributes, call), unsignedOf(count, 'count', call)), call);
  return 0;
}

/** Ends a barrier that nobody waits at. EBUSY when somebody does not leave it within a second. Source: pthread_barrier_destroy(3p). */
export function pthread_barrier_destroy(barrier: pthread_barrier_t): 0 {
  const call = 'pthread_barrier_destroy';
  outcome(os.barrierDestroy(viewOf(barrier, 'pthread_barrier_t', call)), call);
  return 0;
}

/**
 * Blocks this thread until `count` parties are there. Returns PTHREAD_BARRIER_SERIAL_THREAD in one of them, 0 in the others.
 * Its memory cannot be unmapped meanwhile (ERR_MEMSPAN_BUSY). Throws EINVAL for memory that is no barrier.
 * Source: pthread_barrier_wait(3p).
 */
export function pthread_barrier_wait(barrier: pthread_barrier_t): number {
  const call = 'pthread_barrier_wait';
  const view = viewOf(barrier, 'pthread_barrier_t', call);
  return outcome(os.barrierWait(view), call, [PTHREAD_BARRIER_SERIAL_THREAD]);
}

/**
 * As `pthread_barrier_wait`, on a thread of memspan's own. It cannot be aborted, and options are a TypeError: the C library has
 * no way to leave.
 */
export async function pthread_barrier_waitAsync(
  barrier: pthread_barrier_t,
  options?: undefined,
): Promise<number> {
  const call = 'pthread_barrier_wait';
  if (options !== undefined) {
    throw invalidArgument(`${call}: it cannot be aborted, and takes no options`);
  }
  const view = viewOf(barrier, 'pthread_barrier_t', call);
  return settled(os.barrierWaitAsync(view), undefined, (result) =>
    outcome(result, call, [PTHREAD_BARRIER_SERIAL_THREAD]),
  );
}
