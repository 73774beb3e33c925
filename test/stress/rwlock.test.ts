// Reader-writer locks for longer: paused peers, a stream of readers, and how well two processes read at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseReader, pauseWaiter, pauseWriter } from '../sync/rwlock-paused.ts';
import { measureReaders, writeAmongReaders } from '../sync/rwlock-throughput.ts';

// By the processor time that they got: the machine may have other things to do.
test('two processes read at least 1.6 times as fast as one', async (t) => {
  const { one, two } = await measureReaders(10, 500);
  t.diagnostic(`readings per ms: one process ${one.wall.toFixed(0)}, two ${two.wall.toFixed(0)}`);
  t.diagnostic(`for the processor time that they got: ${(two.cpu / one.cpu).toFixed(2)} times`);
  assert.ok(two.cpu >= 1.6 * one.cpu, `${(two.cpu / one.cpu).toFixed(2)} times`);
});

test('a stream of readers does not starve a writer, five thousand times', async (t) => {
  const waits = await writeAmongReaders(5000);
  t.diagnostic(
    `a writer waited ${waits[2500]} ms (p50), ${waits[4950]} ms (p99), ${waits.at(-1)} ms (max)`,
  );
});

test('a reader that is paused for ten seconds keeps writers out', () => pauseReader(10_000));
test('a writer that is paused for ten seconds keeps everybody out', () => pauseWriter(10_000));
for (let round = 0; round < 10; round++) {
  for (const how of ['write', 'writeAsync', 'read', 'readAsync'] as const) {
    test(`${how}: who waits and is paused blocks nobody`, () => pauseWaiter(how));
  }
}
