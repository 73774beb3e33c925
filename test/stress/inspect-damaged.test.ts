// An inspector and thousands of damaged spans.
import { test } from 'node:test';
import { inspectDamaged } from '../inspect/damages.ts';

test('3,000 randomly damaged spans: each ends in a labelled report, and no byte has changed', (t) =>
  inspectDamaged(t, 3000));
