// Mutex: mutual exclusion, nobody left asleep, and the death of owners, waiters and repairers told to the right one.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import { type Model, model } from '../model.ts';

interface Shared {
  /** How many are in the critical section. */
  readonly inside: Int32Array;
}

type Options = { readonly fair: boolean };

/** What a locker returns: whether it was told that an owner had died. */
function parts(options: Options) {
  return {
    setup: ({ span }: Me): Shared => {
      span.mutex('m', options);
      return { inside: new Int32Array(1) };
    },
    locker: ({ inside }: Shared, { span }: Me): boolean => {
      const guard = span.mutex('m', options).lock();
      const { ownerDied } = guard;
      if (ownerDied) {
        inside[0] = 0;
        guard.markConsistent();
      }
      inside[0] = (inside[0] as number) + 1;
      inside[0] = (inside[0] as number) - 1;
      guard.release();
      return ownerDied;
    },
    invariant,
    atEnd: (shared: Shared, end: End<boolean>): void => atEnd(shared, end, options),
  };
}

function invariant({ inside }: Shared): void {
  assert.ok((inside[0] as number) <= 1, 'two in the critical section');
}

/** Nobody who lives is told of a death that nobody has died, and the mutex can be had in the end. */
function atEnd(
  { inside }: Shared,
  { span, results, killed }: End<boolean>,
  options: Options,
): void {
  const told = results.filter((result) => result === true).length;
  assert.ok(told <= killed.length, `${told} were told of ${killed.length} deaths`);
  const guard = span.mutex('m', options).tryLock();
  assert.ok(guard !== null, 'nobody has it, and it cannot be had');
  assert.ok(guard.ownerDied || inside[0] === 0, 'somebody died inside, and nobody is told');
}

export const mutex: readonly Model[] = [false, true].flatMap((fair) => {
  const kind = fair ? 'fair mutex' : 'mutex';
  const { locker, ...common } = parts({ fair });
  return [
    model(`${kind}: two lockers`, {
      ...common,
      threads: [locker, locker],
      quick: { bound: 3 },
      full: { bound: Number.POSITIVE_INFINITY },
    }),
    model(`${kind}: two lockers, one is killed`, {
      ...common,
      threads: [locker, locker],
      crashes: 1,
      quick: { bound: 2 },
      full: { bound: Number.POSITIVE_INFINITY },
    }),
    model(`${kind}: three lockers`, {
      ...common,
      threads: [locker, locker, locker],
      quick: { bound: 1 },
      full: { bound: 3 },
    }),
    model(`${kind}: three lockers, one is killed, and who repairs`, {
      ...common,
      threads: [locker, locker, locker],
      crashes: 2,
      quick: { bound: 0 },
      full: { bound: 1 },
    }),
  ];
});
