// A writer at full speed, and readers who look at every byte: nothing is torn, nor goes back. The same program shows that plain
// memory tears, so that it would be seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { torn } from './torn.ts';

test('plain memory tears', async (t) => {
  const { seen } = await torn('plain', 30_000, 1);
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.some(({ torn }) => torn > 0));
});

test('the newest value does not', async (t) => {
  const { published, seen } = await torn('latest', 1000, 2);
  t.diagnostic(JSON.stringify({ published, seen }));
  assert.equal(seen.length, 2);
  for (const { reads, torn, wrong } of seen) {
    assert.ok(reads > 0);
    assert.deepEqual({ torn, wrong }, { torn: 0, wrong: 0 });
  }
});
