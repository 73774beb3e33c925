// The lab's exercises, in the order in which they are learned. Each is loaded when it is wanted.

import type { Exercise } from './exercise.ts';

/** By name. */
export const exercises: ReadonlyMap<string, () => Promise<Exercise>> = new Map([
  ['counter', async () => (await import('./counter.ts')).counter],
]);
