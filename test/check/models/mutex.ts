// Mutex: mutual exclusion, nobody left asleep, and the death of owners, waiters and repairers told to the right one.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import type { MutexGuard } from '../../../src/index.ts';
import { MemspanError } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

interface Shared {
  /** How many are in the critical section. */
  readonly inside: Int32Array;
}

type Options = { readonly fair: boolean; readonly recursive?: boolean };

/** Repairs what it has to; whether it had to. */
function repair({ inside }: Shared, guard: MutexGuard): boolean {
  if (guard.ownerDied) {
    inside[0] = 0;
    guard.markConsistent();
  }
  return guard.ownerDied;
}

function enter({ inside }: Shared, guard: MutexGuard): void {
  inside[0] = (inside[0] as number) + 1;
  inside[0] = (inside[0] as number) - 1;
  guard.release();
}

/** What a locker returns: whether it was told that an owner had died. */
function lockers(options: Options) {
  const locker = (shared: Shared, { span }: Me): boolean => {
    const guard = span.mutex('m', options).lock();
    const isTold = repair(shared, guard);
    enter(shared, guard);
    return isTold;
  };
  const impatient = (shared: Shared, { span }: Me): boolean => {
    const guard = span.mutex('m', options).lock({ timeoutMs: 1000 });
    if (guard === null) return false;
    const isTold = repair(shared, guard);
    enter(shared, guard);
    return isTold;
  };
  /** Gives it up once, and has it still. */
  const nesting = (shared: Shared, { span }: Me): boolean => {
    const mutex = span.mutex('m', options);
    const guard = mutex.lock();
    const isTold = repair(shared, guard);
    enter(shared, mutex.lock());
    enter(shared, guard);
    return isTold;
  };
  return { locker, impatient, nesting };
}

function checks(options: Options) {
  return {
    setup: ({ span }: Me): Shared => {
      span.mutex('m', options);
      return { inside: new Int32Array(1) };
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

/** Where nobody repairs anything: the first one who should have is the last one who has it. */
function careless(options: Options) {
  const isLost = ({ inside }: Shared): boolean => inside[0] !== 0;
  return {
    setup: checks(options).setup,
    locker: (shared: Shared, { span }: Me): boolean => {
      try {
        const guard = span.mutex('m', options).lock();
        assert.ok(!isLost(shared), 'it was lost, and somebody has it');
        if (guard.ownerDied) shared.inside[0] = 1;
        guard.release();
        return true;
      } catch (error) {
        if (!(error instanceof MemspanError)) throw error;
        assert.equal(error.code, 'ERR_MEMSPAN_NOT_RECOVERABLE');
        assert.ok(isLost(shared), 'nobody has lost it');
        return false;
      }
    },
    atEnd: (shared: Shared, { span }: End<boolean>): void => {
      const tryIt = (): MutexGuard | null => span.mutex('m', options).tryLock();
      if (isLost(shared)) assert.throws(tryIt, { code: 'ERR_MEMSPAN_NOT_RECOVERABLE' });
      else assert.ok(tryIt() !== null, 'nobody has it, and it cannot be had');
    },
  };
}

export const mutex: readonly Model[] = [false, true].flatMap((fair) => {
  const kind = fair ? 'fair mutex' : 'mutex';
  const { locker, impatient } = lockers({ fair });
  const { nesting } = lockers({ fair, recursive: true });
  const common = checks({ fair });
  const { locker: carelessLocker, ...lost } = careless({ fair });
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
    model(`${kind}: two lockers, and one who gives up at any time`, {
      ...common,
      threads: [locker, impatient, locker],
      quick: { bound: 1 },
      full: { bound: 2 },
    }),
    model(`${kind}: one who gives up at any time, one is killed`, {
      ...common,
      threads: [impatient, locker],
      crashes: 1,
      quick: { bound: 2 },
      full: { bound: Number.POSITIVE_INFINITY },
    }),
    model(`${kind}: one is killed, and nobody repairs`, {
      ...lost,
      threads: [carelessLocker, carelessLocker, carelessLocker],
      crashes: 1,
      quick: { bound: 0 },
      full: { bound: 2 },
    }),
    model(`recursive ${kind}: two lockers, one is killed`, {
      ...checks({ fair, recursive: true }),
      threads: [nesting, nesting],
      crashes: 1,
      quick: { bound: 1 },
      full: { bound: 4 },
    }),
  ];
});
