// A semaphore under rubbish (test/sync/semaphore-hostile.ts).
import { test } from 'node:test';
import { scribble } from './semaphore-hostile.ts';

for (const undo of [false, true]) {
  test(`words written over without end: no crash, no hang (${undo ? 'undo' : 'plain'})`, async (t) => {
    t.diagnostic(`${await scribble(undo, 500)} calls`);
  });
}
