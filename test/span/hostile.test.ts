// Hostile bytes: a span whose words say anything at all is joined, listed and locked. What comes of it is an error with a
// code, or correct behaviour; never a crash, a hang, or a write outside. test/stress/hostile.test.ts has every value.
import { test } from 'node:test';
import { beforeJoining, whileAttached } from './hostile.ts';

test('every word overwritten before the span is joined', (t) =>
  beforeJoining(t, { values: [5, 1], bursts: 300 }));

test('every word overwritten while threads are attached', (t) =>
  whileAttached(t, { values: [5, 1], bursts: 300 }));
