// Nobody robs a holder that is paused for five seconds; nor does a paused waiter hold up anybody, again and again.
import { test } from 'node:test';
import { pauseHolder, pauseWaiter } from '../sync/mutex-paused.ts';

for (const fair of [false, true]) {
  test(`a holder that is paused for five seconds keeps its lock (${fair ? 'fair' : 'not fair'})`, () =>
    pauseHolder(5000, fair));
}

for (const how of ['lock', 'lockAsync'] as const) {
  test(`a waiter (${how}) that is paused when its turn comes lets the others pass`, async () => {
    for (let round = 0; round < 20; round++) await pauseWaiter(how);
  });
}
