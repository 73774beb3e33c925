// The lab's exercises, in the order in which they are learned. Each is loaded when it is wanted.

import type { Exercise } from './exercise.ts';

/** By name. */
export const exercises: ReadonlyMap<string, () => Promise<Exercise>> = new Map([
  ['counter', async () => (await import('./counter.ts')).counter],
  ['tearing', async () => (await import('./tearing.ts')).tearing],
  ['read-only', async () => (await import('./read-only.ts')).readOnly],
  ['beyond-the-end', async () => (await import('./beyond-the-end.ts')).beyondTheEnd],
  ['private-vs-shared', async () => (await import('./private-vs-shared.ts')).privateVsShared],
  ['named-lifetime', async () => (await import('./named-lifetime.ts')).namedLifetime],
  ['leak', async () => (await import('./leak.ts')).leak],
  ['init-race', async () => (await import('./init-race.ts')).initRace],
  ['semaphore', async () => (await import('./semaphore.ts')).semaphore],
  ['ring', async () => (await import('./ring.ts')).ring],
  ['deadlock', async () => (await import('./deadlock.ts')).deadlock],
  ['owner-death', async () => (await import('./owner-death.ts')).ownerDeath],
  ['race-explorer', async () => (await import('./race-explorer.ts')).raceExplorer],
  ['when-not-to', async () => (await import('./when-not-to.ts')).whenNotTo],
]);
