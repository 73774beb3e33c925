// The whole kill matrix of the mutex; and, with nothing else going on, how soon the next holder runs when one dies.
import { test } from 'node:test';
import { Arena } from '../sync/mutex-kills.ts';
import { runKills } from '../sync/mutex-matrix.ts';

test('two hundred holders killed, one after the other: the next one runs', async (t) => {
  await using arena = await Arena.open(1, 1);
  for (let round = 0; round < 200; round++) {
    await arena.kill({ bout: 2, step: 'holding', end: 'SIGKILL', told: 'ownerDied' });
  }
  t.diagnostic(arena.describeDelays());
});

runKills(200, 200);
