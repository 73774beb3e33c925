// What `owner-death` and its children agree on.

import { sizeof } from '../../os/posix.ts';

/** Where the two pthread_mutex_t lie in the segment. */
export const MUTEX_AT: { readonly stalled: number; readonly robust: number } = {
  stalled: 0,
  robust: 64,
};
export const SIZE: number = 64 + sizeof.pthread_mutex_t;
/** What is in the two accounts together, when all is well. */
export const SUM = 100;

export interface Names {
  readonly segment: string;
  readonly span: string;
}
