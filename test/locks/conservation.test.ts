// Random locking by several processes; test/stress has it for longer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { robAll, wanderAll } from './conservation.ts';

test('whatever three processes do, nobody is in there with somebody who should not be', async (t) => {
  const { granted, refused, broken } = await wanderAll(3, 600);
  t.diagnostic(`${granted} granted, ${refused} given up`);
  assert.equal(broken, 0);
  assert.ok(granted > 0 && refused > 0);
});

test('whatever they steal from each other, and whoever is killed, the others go on', async (t) => {
  const [kept, lost] = await robAll(3, 600);
  t.diagnostic(`${kept} kept, ${lost} stolen`);
  assert.ok(kept > 0 && lost > 0);
});
