// The object of `init-race`: `struct {sem_t lock; int32_t count}`.

import { sizeof } from '../../os/posix.ts';

/** The words of a sem_t of the C library: how many permits there are, and how many sleep until there is one. */
export const VALUE = 0;
export const SLEEPERS = 1;
export const COUNT_AT: number = sizeof.sem_t;
export const SIZE: number = COUNT_AT + 4;
