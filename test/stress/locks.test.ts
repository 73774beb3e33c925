// Random locking, stealing and rubbish for longer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { robAll, wanderAll } from '../locks/conservation.ts';
import { attack } from '../locks/hostile.ts';
import { seededRandom } from '../support/segments.ts';

test('whatever six processes do for half a minute, nobody is in there with somebody who should not be', async (t) => {
  const { granted, refused, broken } = await wanderAll(6, 30_000);
  t.diagnostic(`${granted} granted, ${refused} given up`);
  assert.equal(broken, 0);
});

test('whatever they steal from each other, and whoever is killed, the others go on', async () => {
  for (let round = 0; round < 20; round++) await robAll(4, 1000);
});

test('rubbish in the table, 300 times', async (t) => {
  await attack(seededRandom(t), 300);
});
