// The lab's exercises on waiting, locks and judgement, twenty times in a row: observed each time, and within ten seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportsOf } from '../lab/observed.ts';

const RUNS = 20;
const SECONDS_MAX = 10;
const EXERCISES = [
  'init-race',
  'semaphore',
  'ring',
  'deadlock',
  'owner-death',
  'race-explorer',
  'when-not-to',
];

for (const name of EXERCISES) {
  test(`${name} is observed ${RUNS} times in a row, each time within ${SECONDS_MAX} s`, async (t) => {
    const seconds = (await reportsOf(name, RUNS)).map((report) => report.seconds);
    t.diagnostic(`from ${Math.min(...seconds)} to ${Math.max(...seconds)} s`);
    assert.equal(seconds.length, RUNS);
    assert.ok(Math.max(...seconds) < SECONDS_MAX, seconds.join(', '));
  });
}
