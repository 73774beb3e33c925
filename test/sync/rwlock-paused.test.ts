// Paused peers and the reader-writer lock; test/stress pauses them for longer.
import { test } from 'node:test';
import { pauseReader, pauseWaiter, pauseWriter } from './rwlock-paused.ts';

test('a paused reader keeps writers out, not readers', () => pauseReader(200));
test('a paused writer keeps everybody out', () => pauseWriter(200));
for (const how of ['write', 'writeAsync', 'read'] as const) {
  test(`${how}: who waits and is paused blocks nobody`, () => pauseWaiter(how));
}
