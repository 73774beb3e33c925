// Every exercise of the lab, twenty times in a row, each within 10 s.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exercises } from '../../src/lab/index.ts';
import { perform } from '../lab/perform.ts';

const TIMES = 20;
const LIMIT_MS = 10_000;

for (const [name, load] of exercises) {
  test(`${name} happens ${TIMES} times in a row, each within ${LIMIT_MS / 1000} s`, async (t) => {
    const exercise = await load();
    const times: number[] = [];
    for (let i = 0; i < TIMES; i++) times.push(await perform(name, exercise));
    const slowest = Math.max(...times);
    t.diagnostic(
      `slowest ${Math.round(slowest)} ms, all ${Math.round(times.reduce((a, b) => a + b))} ms`,
    );
    assert.ok(slowest < LIMIT_MS, `${slowest} ms`);
  });
}
