// Threads that wait for ever: a failure, except where `mayWait` says that it is as it should be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exploration, explore } from '../../src/check/explore.ts';

/** The setter can be killed before it has set it; then nobody does. */
const waiting: Exploration<object> = {
  setup: ({ span }) => {
    span.event('e');
    return {};
  },
  threads: [
    (_shared, { span }) => span.event('e').set(),
    (_shared, { span }) => span.event('e').wait(),
  ],
  crashes: 1,
};

test('who waits for one that has died is a failure', async () => {
  const { failure } = await explore(waiting);
  assert.equal(failure?.kind, 'deadlock');
});

test('who may wait is at an end, and has returned nothing', async () => {
  let ends = 0;
  const report = await explore({
    ...waiting,
    mayWait: (_shared, { span }) => !span.event('e').isSet,
    atEnd: (_shared, { results, killed }) => {
      if (results[1] === undefined && killed[0] === 0) ends++;
    },
  });
  report.assert();
  assert.equal(report.coverage, 'complete');
  assert.ok(ends > 0);
});

test('what mayWait throws is shown', async () => {
  const { failure } = await explore({
    ...waiting,
    mayWait: () => assert.fail('somebody waits'),
  });
  assert.equal(failure?.kind, 'deadlock');
  assert.match(failure.message, /somebody waits/);
});
