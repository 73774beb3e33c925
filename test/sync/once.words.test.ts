// A Once's word, written by hand: who may stand in it with which flags, and what each form of asking makes of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Initialisation } from '../../src/index.ts';
import { outcome, type Stage, stage } from './once-stage.ts';

const WAITERS = 0x8000_0000;
const DONE = 0x4000_0000;
const GRANTED = 0x2000_0000;
const DIED = 0x1000_0000;

type Init = (how: Initialisation) => void;

const TABLE: readonly [who: keyof Stage['ids'], flags: number, run: string, others?: string][] = [
  ['nobody', 0, 'true'],
  ['nobody', DIED, 'true died'],
  ['nobody', GRANTED, 'true'],
  ['dead', 0, 'true died'],
  ['dead', DIED, 'true died'],
  // Nobody ever writes it; to a mutex it would mean that the dead one never knew.
  ['dead', GRANTED, 'true'],
  ['alive', 0, 'null'],
  ['alive', DIED, 'null'],
  ['self', 0, 'DEADLOCK', 'null'],
  ['self', DIED, 'DEADLOCK', 'null'],
  ...(['nobody', 'dead', 'alive', 'self'] as const).flatMap((who) =>
    [0, DIED, GRANTED].map((flags) => [who, DONE | flags, 'false'] as [typeof who, number, string]),
  ),
];

test('what run, tryRun and runAsync make of every word', async (t) => {
  const { once, words, ids } = stage(t);
  for (const [who, flags, run, others = run] of TABLE) {
    for (const mark of [0, WAITERS]) {
      const word = (ids[who] | flags | mark) >>> 0;
      const ways: readonly [string, (init: Init) => unknown][] = [
        [run, (init) => once.run(init, { timeoutMs: 1 })],
        [others, (init) => once.tryRun(init)],
        [others, (init) => once.runAsync(init, { timeoutMs: 1 })],
        [others, (init) => once.runAsync(async (how) => init(how), { timeoutMs: 1 })],
      ];
      for (const [expected, way] of ways) {
        words[0] = word;
        const isDone = (flags & DONE) !== 0;
        assert.equal(once.done, isDone);
        assert.equal(once.owner?.pid, who === 'self' && !isDone ? process.pid : undefined);
        const shown = `${who} 0x${word.toString(16)}: ${way}`;
        assert.equal(await outcome(way), expected, shown);
        if (expected.startsWith('true')) assert.equal(words[0], DONE, shown);
        else assert.equal((words[0] as number) & ~WAITERS, word & ~WAITERS, shown);
      }
    }
  }
});
