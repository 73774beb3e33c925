// Pools at length: many messages among many, the whole kill matrix again and again, words written over, and ends that are killed at
// any time while others go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flow } from '../channel/pool-flow.ts';
import { scribble } from '../channel/pool-hostile.ts';
import { killInAll } from '../channel/pool-kills.ts';
import { soak } from '../channel/pool-soak.ts';
import { type Puppet, startChild, startWorker } from '../support/puppets.ts';
import { ENDS } from '../support/victims.ts';

for (const start of [startChild, startWorker]) {
  const kind = start === startChild ? 'processes' : 'workers';
  test(`${kind}: 1, 2, 4 writers and readers, 5,000 messages each`, async () => {
    const puppets = await Promise.all(Array.from({ length: 8 }, (): Promise<Puppet> => start()));
    for (const writers of [1, 2, 4]) {
      for (const readers of [1, 2, 4]) {
        await flow(puppets.slice(0, writers), puppets.slice(4, 4 + readers), 5000);
      }
    }
    for (const puppet of puppets) await puppet.kill();
  });
}

for (const end of ENDS) {
  test(`the kill matrix, 10 times by ${end}`, async () => {
    for (let round = 0; round < 10; round++) await killInAll(end);
  });
}

test('words written over for 20 seconds: no crash, no hang', async (t) => {
  t.diagnostic(`${await scribble(20_000)} calls`);
});

test('ends that are killed at any time, for 60 seconds: the others go on, and no chunk is lost', async (t) => {
  const { kills, messages } = await soak(t, 60_000);
  t.diagnostic(`${kills} killed, ${messages} messages`);
  assert.ok(kills > 10 && messages > 100);
});
