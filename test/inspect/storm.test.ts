// `memspan doctor --clean --yes` in a storm of processes that come, use spans, and are killed: nothing that is in use goes,
// nothing that is nobody's stays. test/stress/doctor-storm.test.ts has the long one.
import { test } from 'node:test';
import { storm } from './storm.ts';

test('while it cleans, every name leads to the file of those who have it; nobody’s are gone', (t) =>
  storm(t, { ms: 1500, kills: 12, stormers: 3, cleaners: 1 }));
