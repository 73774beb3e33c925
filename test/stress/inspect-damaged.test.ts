// An inspector and thousands of damaged spans, and the largest ones that somebody hostile can make.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanReport } from '../../src/cli/inspect/span-report.ts';
import { dissect } from '../../src/inspect/anatomy.ts';
import { inspectDamaged } from '../inspect/damages.ts';
import { entries, largest } from '../inspect/largest.ts';

test('3,000 randomly damaged spans: each ends in a labelled report, and no byte has changed', (t) =>
  inspectDamaged(t, 3000));

// Without a limit to what is looked at each takes minutes.
for (const spread of [1, 64]) {
  test(`the largest tables, all entries over one another, ${spread} words for all waits: it ends`, (t) => {
    const segment = largest(spread);
    const alive = Array.from({ length: 200 }, (_, slot) => segment.lifeline(0x1001 + slot));
    const start = performance.now();
    const found = dissect(segment);
    const lines = spanReport(found);
    t.diagnostic(`${Math.round(performance.now() - start)} ms, ${lines.length} lines`);
    assert.equal(found.objects.length, entries);
    assert.ok(found.damage.some(({ what }) => /more than an inspector can show/.test(what)));
    for (const lifeline of alive) lifeline?.release();
    segment.unlink();
    segment.close();
  });
}
