// How soon all parties of a barrier know that one of them was killed: the bound is 100 ms.
import { test } from 'node:test';
import { type Doing, describe, killParties } from '../sync/barrier-deaths.ts';

for (const doing of ['computes', 'blocks', 'waits asynchronously'] satisfies Doing[]) {
  test(`100 parties are killed, each while it ${doing}: all the others are told`, async (t) => {
    t.diagnostic(describe(await killParties(doing, 100)));
  });
}
