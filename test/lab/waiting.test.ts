// The lab's exercises on waiting for each other, each run as users run it: init-race, semaphore, ring.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observed, shown } from './observed.ts';

interface Moment {
  readonly who: string;
  readonly did: string;
  readonly value?: number;
  readonly sleepers?: number;
}

interface InitRace {
  readonly race: { readonly moments: readonly Moment[]; readonly isStuck: boolean };
  readonly published: { readonly moments: readonly Moment[]; readonly isRight: boolean };
  readonly initialised: { readonly moments: readonly Moment[]; readonly isRight: boolean };
}

test('init-race: who comes before sem_init sleeps on, with a permit there and its note gone', async () => {
  const { race, published, initialised } = await observed<InitRace>('init-race');
  assert.ok(race.isStuck && published.isRight && initialised.isRight);
  const words = race.moments
    .filter(({ value }) => value !== undefined)
    .map(({ who, value, sleepers }) => `${who} ${value} ${sleepers}`);
  assert.deepEqual(words, [
    'creator 0 0',
    'latecomer 0 0',
    'latecomer 0 1',
    'creator 1 0',
    'creator 1 0',
    'third 1 0',
    'latecomer 1 0',
    'the lab 1 -1',
  ]);
  // Memspan's own: nothing to be seen before it is whole, and the latecomer takes over from a dead one.
  assert.match(published.moments[0]?.did ?? '', /nothing$/);
  assert.match(initialised.moments.at(-1)?.did ?? '', /one died at it/);
  assert.match(
    await shown('init-race'),
    /latecomer +sleeps, with a permit there: for ever +1 +0\n/,
  );
});

interface SemaphoreFacts {
  readonly posted: { readonly valueWhileWaiting: number; readonly isRight: boolean };
  readonly queue: { readonly turns: readonly { readonly resumed: string }[] };
}

test('semaphore: the first program sleeps until the second one posts; a queue is first come, first served', async () => {
  const { posted, queue } = await observed<SemaphoreFacts>('semaphore');
  assert.deepEqual([posted.valueWhileWaiting, posted.isRight], [0, true]);
  assert.deepEqual(
    queue.turns.map(({ resumed }) => resumed),
    ['anna', 'carl', 'dora'],
  );
  assert.match(await shown('semaphore'), /release 2 +ben † ← carl ← dora +→ carl goes on/);
});

interface RingFacts {
  readonly capacity: number;
  readonly waits: { readonly full: number; readonly empty: number };
  readonly levels: readonly number[];
  readonly isInOrder: boolean;
  readonly items: number;
  readonly ring: { readonly texts: readonly string[]; readonly end: string };
}

test('ring: full and empty are waited for, nothing is lost, and the reader of a dead writer is told', async () => {
  const facts = await observed<RingFacts>('ring');
  const { capacity, waits, levels, ring } = facts;
  assert.ok(waits.full > 0 && waits.empty > 0, JSON.stringify(waits));
  // Every put and every get, one by one, within the capacity.
  const steps = levels.map((level, i) => Math.abs(level - (levels[i - 1] ?? 0)));
  assert.ok(
    steps.every((step) => step === 1),
    levels.join(),
  );
  assert.deepEqual([Math.min(...levels), Math.max(...levels)], [0, capacity]);
  assert.deepEqual([levels.length, levels.at(-1), facts.isInOrder], [2 * facts.items, 0, true]);
  assert.equal(ring.end, 'ERR_MEMSPAN_PEER_DIED');
  assert.deepEqual(
    ring.texts,
    ring.texts.map((_, i) => `item ${i + 1}`),
  );
  assert.equal(ring.texts.length, 40);
  assert.match(await shown('ring'), /full 4 ┤ .*█/);
});
