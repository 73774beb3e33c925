// Readers do not slow each other down, and do not keep writers out. What is measured is said, not judged: the machine may
// have other things to do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureReaders, writeAmongReaders } from './rwlock-throughput.ts';

test('readers of two processes, against those of one', async (t) => {
  const { one, two } = await measureReaders(3, 100);
  t.diagnostic(`readings per ms: one process ${one.wall.toFixed(0)}, two ${two.wall.toFixed(0)}`);
  t.diagnostic(`two are ${(two.wall / one.wall).toFixed(2)} times as fast as one`);
  t.diagnostic(`for the processor time that they got: ${(two.cpu / one.cpu).toFixed(2)} times`);
  assert.ok(one.cpu > 0 && two.cpu > 0);
});

test('a stream of readers from two processes does not starve a writer', async (t) => {
  const waits = await writeAmongReaders(200);
  const at = (part: number): string => (waits[Math.floor(part * 199)] as number).toFixed(2);
  t.diagnostic(`a writer waited ${at(0.5)} ms (p50), ${at(0.99)} ms (p99), ${at(1)} ms (max)`);
});
