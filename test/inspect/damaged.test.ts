// An inspector and damaged spans: it labels what cannot be, shows the rest, and changes nothing.
import { test } from 'node:test';
import { inspectDamaged } from './damages.ts';

test('200 randomly damaged spans: each ends in a labelled report, and no byte has changed', (t) =>
  inspectDamaged(t, 200));
