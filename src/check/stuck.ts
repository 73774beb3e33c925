// When nobody can go on, and not all have ended: what that is, and who is where.

import { placesOf } from './history.ts';
import { Status, type Thread } from './thread.ts';
import type { World } from './world.ts';

export type FailureKind =
  | 'invariant'
  | 'at-end'
  | 'outcome'
  | 'exception'
  | 'deadlock'
  | 'lost-wake-up'
  | 'livelock';

/** Undefined: all have ended. */
export function stuckIn(
  world: World,
): { readonly kind: FailureKind; readonly message: string } | undefined {
  const left = world.threads.filter(
    ({ status }) => status === Status.asleep || status === Status.ready,
  );
  if (left.length === 0) return undefined;
  const who = left.map((thread) => waitOf(world, thread)).join(', ');
  const lost = left.find(({ sleep }) => sleep !== undefined && hasChanged(world, sleep));
  if (lost !== undefined) {
    return { kind: 'lost-wake-up', message: `nobody will wake ${lost.name}: ${who}` };
  }
  const isOver = left.every(({ status }) => status === Status.asleep);
  return { kind: isOver ? 'deadlock' : 'livelock', message: `nobody can go on: ${who}` };
}

function hasChanged(
  { memory }: World,
  { at, expected }: { at: number; expected: unknown },
): boolean {
  return memory.valueAt(at) !== expected;
}

function waitOf({ memory }: World, thread: Thread): string {
  const { name, sleep } = thread;
  if (sleep === undefined) {
    const words = placesOf(thread).map((at) => memory.nameOf(at));
    if (words.length === 0) return `${name} goes on without a step`;
    return `${name} looks at ${words.join(' and ')} again and again`;
  }
  const { at, expected } = sleep;
  const now = memory.valueAt(at);
  const change = now === expected ? '' : ` and is ${now} now`;
  return `${name} sleeps on ${memory.nameOf(at)}, which was ${expected}${change}`;
}
