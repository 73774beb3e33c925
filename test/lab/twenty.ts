// An exercise happens twenty times in a row, each within 10 s.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perform } from './perform.ts';

const TIMES = 20;
const LIMIT_MS = 10_000;

export function happensTwentyTimes(name: string): void {
  test(`${name} happens ${TIMES} times in a row, each within ${LIMIT_MS / 1000} s`, async (t) => {
    const times: number[] = [];
    for (let i = 0; i < TIMES; i++) times.push(await perform(name));
    const slowest = Math.max(...times);
    t.diagnostic(`slowest ${Math.round(slowest)} ms`);
    assert.ok(slowest < LIMIT_MS, `${slowest} ms`);
  });
}
