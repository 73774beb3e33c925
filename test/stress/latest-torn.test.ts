// Ten seconds of a writer at full speed, and 1, 2 and 4 readers who look at every byte. Plain memory tears within one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { torn } from '../channel/torn.ts';

test('plain memory tears within a second of reading', async (t) => {
  const { seen } = await torn('plain', 1000, 2);
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.some(({ torn }) => torn > 0));
});

for (const readers of [1, 2, 4]) {
  test(`10 s, ${readers} to read the newest value: none is torn, none goes back`, async (t) => {
    const { published, seen } = await torn('latest', 10_000, readers);
    t.diagnostic(JSON.stringify({ published, seen }));
    assert.equal(seen.length, readers);
    for (const { reads, torn, wrong } of seen) {
      assert.ok(reads > 0);
      assert.deepEqual({ torn, wrong }, { torn: 0, wrong: 0 });
    }
  });
}
