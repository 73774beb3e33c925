// A minute of storm (test/inspect/storm.ts): `memspan doctor --clean --yes` never removes anything in use, and leaves
// nothing that is nobody's.
import { test } from 'node:test';
import { storm } from '../inspect/storm.ts';

test('for 60 s, every name leads to the file of those who have it; nobody’s are gone', (t) =>
  storm(t, { ms: 60_000, kills: 50, stormers: 4, cleaners: 2 }));
