// A party that is killed breaks the barrier for everybody, waiting or not. How soon: in test/stress, for longer.
import { test } from 'node:test';
import { type Doing, describe, killParties } from './barrier-deaths.ts';

for (const doing of ['computes', 'blocks', 'waits asynchronously'] satisfies Doing[]) {
  test(`a party is killed while it ${doing}: all the others are told`, async (t) => {
    t.diagnostic(describe(await killParties(doing, 3)));
  });
}
