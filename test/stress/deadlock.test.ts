// Ten minutes of locks taken in order by six threads, held long enough for many slices: no false alarm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';
import { inOrder } from '../sync/in-order.ts';

const MINUTES = Number(process.env.MEMSPAN_STRESS_MINUTES ?? 10);
// A puppet answers within its watchdog: the time is cut into turns.
const TURN_MS = 20_000;

test(`locks taken in order for ${MINUTES} minutes never raise an alarm`, {
  timeout: MINUTES * 60_000 + 120_000,
}, async (t) => {
  const name = uniqueName();
  using _ = Span.create(name, { lifetime: 'last-close' });
  const puppets = await Promise.all([
    ...Array.from({ length: 4 }, () => startChild()),
    startWorker(),
    startWorker(),
  ]);
  const end = Date.now() + MINUTES * 60_000;
  let count = 0;
  while (Date.now() < end) {
    const ms = Math.min(TURN_MS, end - Date.now());
    const counts = await Promise.all(puppets.map((puppet) => puppet.run(inOrder, name, ms)));
    count += counts.reduce((sum, each) => sum + each, 0);
  }
  t.diagnostic(`${count} rounds of two or three locks`);
  assert.ok(count > 0);
});
