// Semaphore: no permit too many, none lost but with who had it, first come, first served, nobody asleep while it could go on.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import { MemspanError } from '../../../src/index.ts';
import type { Span } from '../../../src/span/span.ts';
import type { Semaphore, SemaphoreOptions } from '../../../src/sync/semaphore.ts';
import { type Model, model } from '../model.ts';
import { lives, waitingFor } from '../waiting.ts';

interface Shared {
  /** Of each thread: 0, or where it is. */
  readonly place: Int32Array;
}

const INSIDE = 1;
const LEFT = 2;

/** Who was seen waiting before this thread came, and had not gone through when it had; null: it has given up. */
type Overtaken = readonly number[] | null;

type Thread = (shared: Shared, me: Me) => Overtaken;

function count(places: Int32Array, place: number): number {
  let found = 0;
  for (const each of places) if (each === place) found++;
  return found;
}

/** Threads that acquire and release. */
function users(options: SemaphoreOptions) {
  const { initial, undo = false } = options;

  /** Takes a permit and gives it back. Where there is one for all, each has said that it went through before the next can. */
  const use =
    (look: (span: Span) => readonly number[], timeoutMs?: number): Thread =>
    ({ place }, { span, index }) => {
      const semaphore = span.semaphore('s', options);
      const before = look(span);
      const permit = semaphore.acquire({ timeoutMs });
      if (permit === null) return null;
      const overtaken = before.filter((thread) => place[thread] === 0);
      place[index] = INSIDE;
      place[index] = LEFT;
      permit.release();
      return overtaken;
    };
  /** As who looks from outside has it: to open it at every step would take longer than the step. */
  let seen: Semaphore;
  return {
    setup: ({ span }: Me): Shared => {
      seen = span.semaphore('s', options);
      return { place: new Int32Array(4) };
    },
    user: use(() => []),
    hurried: use(() => [], 10),
    watchful: use((span) => waitingFor(span, 's')),
    /** What a dead one had is gone, or with undo free again. */
    invariant: ({ place }: Shared, me: Me): void => {
      const { value } = seen;
      let inside = count(place, INSIDE);
      if (undo && inside + value > initial) {
        inside = [...place].filter((p, thread) => p === INSIDE && lives(me.span, thread)).length;
      }
      assert.ok(inside + value <= initial, `${inside} inside, and ${value} free of ${initial}`);
    },
    /** Only when all permits are gone with the dead. */
    mayWait: (_: Shared, { span, killed }: End<Overtaken>): boolean =>
      !undo && killed.length >= initial && span.semaphore('s').value === 0,
    atEnd: (_: Shared, { span, results, killed }: End<Overtaken>): void => {
      const semaphore = span.semaphore('s');
      const { value } = semaphore;
      const lost = initial - value;
      assert.ok(lost >= 0 && lost <= (undo ? 0 : killed.length), `${lost} permits are lost`);
      if (initial === 1) {
        const wronged = results.flatMap((overtaken) => overtaken ?? []);
        const living = wronged.filter((thread) => !killed.includes(thread));
        for (const thread of living) {
          assert.equal(results[thread], null, `thread ${thread} was overtaken`);
        }
      }
      for (let taken = 0; taken < value; taken++) {
        assert.ok(
          semaphore.tryAcquire() !== null,
          `${value} are free, and only ${taken} can be had`,
        );
      }
      assert.equal(semaphore.tryAcquire(), null);
    },
  };
}

/** How many of a number of permits that somebody posts were acquired, by those who only acquire. */
function posting(max: number) {
  const options = { initial: 0, max };
  let seen: Semaphore;
  return {
    setup: ({ span }: Me): object => {
      seen = span.semaphore('s', options);
      return {};
    },
    /** How many it has posted. */
    poster:
      (count: number) =>
      (_: object, { span }: Me): number => {
        try {
          span.semaphore('s', options).release(count);
          return count;
        } catch (error) {
          if (error instanceof MemspanError && error.code === 'ERR_MEMSPAN_OVERFLOW') return 0;
          throw error;
        }
      },
    /** How many it has taken, as a negative number. */
    taker: (_: object, { span }: Me): number => {
      span.semaphore('s', options).acquire();
      return -1;
    },
    hurried: (_: object, { span }: Me): number =>
      span.semaphore('s', options).acquire({ timeoutMs: 10 }) === null ? 0 : -1,
    invariant: (): void => {
      assert.ok(seen.value <= max, `${seen.value} are free, of ${max}`);
    },
    mayWait: (_: object, { span, killed }: End<number>): boolean =>
      killed.length > 0 && span.semaphore('s').value === 0,
    /** Posters come first. Of one that was killed nobody knows what it had done. */
    atEnd:
      (most: readonly number[]) =>
      (_: object, { span, results, killed }: End<number>): void => {
        const { value } = span.semaphore('s');
        const sum = results.reduce<number>((total, result) => total + (result ?? 0), 0);
        const dead = killed.map((thread) => most[thread] as number);
        const least = dead.filter((each) => each < 0).reduce((total, each) => total + each, sum);
        const largest = dead.filter((each) => each > 0).reduce((total, each) => total + each, sum);
        assert.ok(
          value >= least && value <= largest,
          `${value} are left, not ${least} to ${largest}`,
        );
      },
  };
}

const EVERY: number = Number.POSITIVE_INFINITY;

const used: readonly Model[] = [false, true].flatMap((undo) => {
  const kind = undo ? 'semaphore with undo' : 'semaphore';
  const { user, hurried, watchful, ...one } = users({ initial: 1, max: 1, undo });
  const { user: userOfTwo, hurried: _, watchful: __, ...two } = users({ initial: 2, max: 2, undo });
  return [
    model(`${kind}: two users of one permit`, {
      ...one,
      threads: [user, watchful],
      quick: { bound: undo ? 1 : 2 },
      full: { bound: undo ? 3 : EVERY },
    }),
    model(`${kind}: two users of one permit, one is killed`, {
      ...one,
      threads: [user, user],
      crashes: 1,
      quick: { bound: undo ? 0 : 1 },
      full: { bound: undo ? 2 : EVERY },
    }),
    model(`${kind}: one has it, one gives up, one is killed`, {
      ...one,
      threads: [user, hurried],
      crashes: 1,
      quick: { bound: undo ? 0 : 1 },
      full: { bound: undo ? 2 : 3 },
    }),
    model(`${kind}: three users of one permit, first come, first served`, {
      ...one,
      threads: [user, user, watchful],
      quick: { bound: 1 },
      full: { bound: undo ? 2 : 3 },
    }),
    model(`${kind}: three users of one permit, one is killed, and who takes over`, {
      ...one,
      threads: [user, user, user],
      crashes: 2,
      quick: { bound: 0 },
      full: { bound: 0 },
    }),
    model(`${kind}: three users of one permit, one gives up`, {
      ...one,
      threads: [user, hurried, user],
      quick: { bound: undo ? 0 : 1 },
      full: { bound: undo ? 1 : 2 },
    }),
    model(`${kind}: three users of two permits`, {
      ...two,
      threads: [userOfTwo, userOfTwo, userOfTwo],
      quick: { bound: 1 },
      full: { bound: 3 },
    }),
    model(`${kind}: three users of two permits, one is killed`, {
      ...two,
      threads: [userOfTwo, userOfTwo, userOfTwo],
      crashes: 1,
      quick: { bound: 0 },
      full: { bound: 1 },
    }),
  ];
});

const { poster, taker, hurried, atEnd, ...two } = posting(2);
const {
  poster: posterOfOne,
  taker: takerOfOne,
  atEnd: atEndOfOne,
  hurried: _,
  ...one
} = posting(1);

export const semaphore: readonly Model[] = [
  ...used,
  model('semaphore: one posts two, two wait', {
    ...two,
    threads: [poster(2), taker, taker],
    atEnd: atEnd([2, -1, -1]),
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('semaphore: one posts two, two wait, one is killed', {
    ...two,
    threads: [poster(2), taker, taker],
    atEnd: atEnd([2, -1, -1]),
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('semaphore: one posts one, one waits, one gives up', {
    ...two,
    threads: [poster(1), taker, hurried],
    atEnd: atEnd([1, -1, -1]),
    mayWait: (_, { results }) => results[2] === -1,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('semaphore: two post where there is room for one', {
    ...one,
    threads: [posterOfOne(1), posterOfOne(1), takerOfOne],
    atEnd: atEndOfOne([1, 1, -1]),
    quick: { bound: 1 },
    full: { bound: EVERY },
  }),
];
