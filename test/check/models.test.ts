// The short part of `npm run check`: every model, each up to few preemptions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { models } from './models.ts';

for (const model of models) {
  test(model.name, async () => {
    const report = await model.run('quick');
    report.assert();
    assert.notEqual(report.coverage, 'sampled', 'there was not enough time');
  });
}
