// Ping-pong between two processes: if a wake-up were ever lost, one would sleep a slice although it was its turn.
// On two processors they mostly meet while looking; on one, every ball is waited for in sleep.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ring, Segment } from '../../src/index.ts';
import type { PlayJob, PlayReport } from '../fixtures/channel/player.ts';
import { startChild } from './children.ts';

/** The first processor that this process may run on. */
const core = Number(
  /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1],
);
const canPin = spawnSync('taskset', ['-c', String(core), 'true']).status === 0;

/**
 * A player that is put to sleep by the scheduler between its change and its wake-up is a late wake-up, not a lost
 * one: it happens, if rarely.
 */
const LATE_MAX = 3;

for (const [how, rounds] of [
  ['sync', 200_000],
  ['async', 20_000],
] as const) {
  for (const pinned of [false, true]) {
    const where = pinned ? 'on one processor' : 'wherever they run';
    const skip = pinned && !canPin ? 'needs taskset' : false;
    test(`${rounds} rounds, ${how}, ${where}: no wake-up is lost`, { skip }, async (t) => {
      using out = Segment.anonymous(Ring.bytesFor(64));
      using back = Segment.anonymous(Ring.bytesFor(64));
      const players = await Promise.all(
        [1, 2].map(() =>
          startChild<PlayJob, PlayReport>(
            t,
            new URL('../fixtures/channel/player.js', import.meta.url),
            pinned ? { core } : {},
          ),
        ),
      );
      const [a, b] = [out.handle, back.handle];
      const jobs = [
        { out: a, back: b, serves: true, how, rounds },
        { out: b, back: a, serves: false, how, rounds },
      ];
      const start = performance.now();
      const reports = await Promise.all(players.map((player, i) => player.ask(jobs[i]!)));
      const us = ((performance.now() - start) / rounds) * 1000;
      for (const { rounds: played, sleeps, lost } of reports) {
        t.diagnostic(`${us.toFixed(2)} µs a round, slept ${sleeps} times, lost ${lost}`);
        assert.equal(played, rounds);
        assert.ok(lost <= LATE_MAX, `${lost} wake-ups did not come`);
        if (pinned && how === 'sync') assert.ok(sleeps > rounds / 10);
      }
    });
  }
}
