// Semaphores at length: the order over ten thousand waiters, permits among deaths, and the whole kill matrix again and again.
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { scribble } from '../sync/semaphore-hostile.ts';
import { killInAll } from '../sync/semaphore-kills.ts';
import { letThrough } from '../sync/semaphore-order.ts';

for (const undo of [false, true]) {
  const kills = undo ? 30 : 0;
  test(`ten thousand are let through in the order in which they came (${undo ? 'undo, with deaths' : 'plain'})`, (t) =>
    letThrough(t, { grants: 12_000, permits: 1, undo, kills }));
  test(`three at a time, ten thousand times (${undo ? 'undo, with deaths' : 'plain'})`, (t) =>
    letThrough(t, { grants: 12_000, permits: 3, undo, kills }));
}

for (const end of ENDS) {
  test(`the kill matrix, 20 times by ${end}`, async () => {
    for (let round = 0; round < 20; round++) await killInAll(end);
  });
}

for (const undo of [false, true]) {
  test(`words written over for twenty seconds: no crash, no hang (${undo ? 'undo' : 'plain'})`, async (t) => {
    t.diagnostic(`${await scribble(undo, 20_000)} calls`);
  });
}
