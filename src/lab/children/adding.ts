// `counter`: what both sides know of the memory, and the ways to add one.

/** Words of the segment, far from each other. */
export const COUNTER = 0;
export const READY = 32;
/** Where the pthread_mutex_t is. */
export const MUTEX_AT = 256;
export const SIZE = 4096;

export type Way = 'plain' | 'atomics' | 'pthread' | 'mutex' | 'sysv';

export interface Task {
  readonly way: Way;
  readonly times: number;
}
