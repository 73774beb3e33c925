// Constants of the semaphores and pthread functions, with this platform's values.

import { constants } from 'node:os';
import { os } from '../native.ts';

const value = (name: string): number => os.facts[name] as number;

/** Error numbers that functions of this module return (errno(3)). */
export const EBUSY: number = constants.errno.EBUSY;
export const ETIMEDOUT: number = constants.errno.ETIMEDOUT;
/** The owner died while it held the mutex: it is locked, and its data is to be put in order. */
export const EOWNERDEAD: number = value('EOWNERDEAD');
/** An owner died and nobody said that its data is in order again. */
export const ENOTRECOVERABLE: number = value('ENOTRECOVERABLE');

/** Only threads of the process that initialised it. */
export const PTHREAD_PROCESS_PRIVATE: number = value('PTHREAD_PROCESS_PRIVATE');
/** Whoever maps the memory: the default here. */
export const PTHREAD_PROCESS_SHARED: number = value('PTHREAD_PROCESS_SHARED');
export const PTHREAD_MUTEX_NORMAL: number = value('PTHREAD_MUTEX_NORMAL');
export const PTHREAD_MUTEX_RECURSIVE: number = value('PTHREAD_MUTEX_RECURSIVE');
export const PTHREAD_MUTEX_ERRORCHECK: number = value('PTHREAD_MUTEX_ERRORCHECK');
export const PTHREAD_MUTEX_DEFAULT: number = value('PTHREAD_MUTEX_DEFAULT');
/** A mutex whose owner died stays locked for ever. */
export const PTHREAD_MUTEX_STALLED: number = value('PTHREAD_MUTEX_STALLED');
/** The next one to lock a mutex whose owner died is told, by EOWNERDEAD. */
export const PTHREAD_MUTEX_ROBUST: number = value('PTHREAD_MUTEX_ROBUST');
export const PTHREAD_PRIO_NONE: number = value('PTHREAD_PRIO_NONE');
export const PTHREAD_PRIO_INHERIT: number = value('PTHREAD_PRIO_INHERIT');
export const PTHREAD_PRIO_PROTECT: number = value('PTHREAD_PRIO_PROTECT');
/** What `pthread_barrier_wait` returns in one of the threads. */
export const PTHREAD_BARRIER_SERIAL_THREAD: number = value('PTHREAD_BARRIER_SERIAL_THREAD');
/** The largest value of a semaphore. */
export const SEM_VALUE_MAX: number = value('SEM_VALUE_MAX');
