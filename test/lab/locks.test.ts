// The lab's exercises on locks, each run as users run it: deadlock, owner-death.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeadlockMember } from '../../src/index.ts';
import { observed, shown } from './observed.ts';

interface Deadlock {
  readonly blocked: { readonly ends: readonly { who: string; timedOut: boolean }[] };
  readonly found: {
    readonly cycle: readonly DeadlockMember[];
    readonly told: string;
    readonly wentOn: string;
  };
}

test('deadlock: both block until their time is over; with memspan one is told the whole circle', async () => {
  const { blocked, found } = await observed<Deadlock>('deadlock');
  assert.deepEqual(
    blocked.ends.map(({ who, timedOut }) => [who, timedOut]),
    [
      ['alice', true],
      ['bob', true],
    ],
  );
  const waits = found.cycle.map(({ thread, waitsFor }) => `${thread} → ${waitsFor}`);
  assert.deepEqual(waits.sort(), ['alice → right', 'bob → left']);
  assert.equal(new Set(found.cycle.map(({ pid }) => pid)).size, 2);
  assert.deepEqual([found.told, found.wentOn].sort(), ['alice', 'bob']);
  assert.equal(found.cycle[0]?.thread, found.told);
  const text = await shown('deadlock');
  assert.match(text, /(alice|bob) \(pid \d+\) ─+ waits for ─+▶ '(left|right)'/);
  assert.match(text, /'(left|right)' ◀─+ waits for ─+ (alice|bob) \(pid \d+\)/);
});

interface OwnerDeath {
  readonly stalled: { readonly timedOut: boolean };
  readonly robust: { readonly ownerDied: boolean };
  readonly memspan: {
    readonly ownerDied: boolean;
    readonly found: readonly number[];
    readonly left: readonly number[];
    readonly isOrdinary: boolean;
  };
}

test("owner-death: a stalled mutex stays locked; a robust one and memspan's tell the next one, who repairs", async () => {
  const { stalled, robust, memspan } = await observed<OwnerDeath>('owner-death');
  assert.deepEqual([stalled.timedOut, robust.ownerDied, memspan.ownerDied], [true, true, true]);
  assert.deepEqual(
    [memspan.found, memspan.left],
    [
      [40, 30],
      [40, 60],
    ],
  );
  assert.ok(memspan.isOrdinary, 'the one after the repair hears of a death, too');
  const text = await shown('owner-death');
  assert.match(text, /pthread mutex +next one: ETIMEDOUT after \d+ ms; locked for ever/);
  assert.match(text, /memspan's mutex +next one: guard\.ownerDied/);
});
