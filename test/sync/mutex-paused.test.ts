// Nobody robs a paused peer, and nobody waits for one without need.
import { test } from 'node:test';
import { pauseHolder, pauseWaiter } from './mutex-paused.ts';

for (const fair of [false, true]) {
  test(`a holder that is paused keeps its lock (${fair ? 'fair' : 'not fair'})`, () =>
    pauseHolder(400, fair));
}

for (const how of ['lock', 'lockAsync'] as const) {
  test(`a waiter (${how}) that is paused when its turn comes lets the others pass`, () =>
    pauseWaiter(how));
}
