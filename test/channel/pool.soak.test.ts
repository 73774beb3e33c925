// Ends that are killed at any time (test/channel/pool-soak.ts), for a moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak } from './pool-soak.ts';

test('ends that are killed at any time: the others go on, and no chunk is lost', async (t) => {
  const { kills, messages } = await soak(t, 1000);
  t.diagnostic(`${kills} killed, ${messages} messages`);
  assert.ok(kills > 0 && messages > 0);
});
