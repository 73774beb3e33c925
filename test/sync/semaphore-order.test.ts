// A semaphore lets waiters through in the order of their arrival, and as many as there are (test/sync/semaphore-order.ts).
import { test } from 'node:test';
import { letThrough } from './semaphore-order.ts';

test('one at a time, in the order in which they came, while others time out or abort', (t) =>
  letThrough(t, { grants: 1200, permits: 1, undo: false, kills: 0 }));

test('one at a time, in the order in which they came, while others die as well', (t) =>
  letThrough(t, { grants: 800, permits: 1, undo: true, kills: 2 }));

for (const undo of [false, true]) {
  test(`three at a time, never more, and all permits are there in the end (${undo ? 'undo, with deaths' : 'plain'})`, (t) =>
    letThrough(t, { grants: 800, permits: 3, undo, kills: undo ? 2 : 0 }));
}
