// All that is sent to a broadcast is received by each of 1, 2 and 4 readers, in processes and workers; or it is counted as missed.
import { test } from 'node:test';
import { flow } from './broadcast-flow.ts';

for (const overflow of ['block', 'drop-oldest'] as const) {
  for (const [i, readers] of [1, 2, 4].entries()) {
    const withWorkers = i % 2 === 1;
    test(`to ${readers} (${overflow}${withWorkers ? ', with workers' : ''})`, () =>
      flow({
        overflow,
        capacity: 2048,
        readers,
        count: 3000,
        ways: i === 2 ? ['async', 'batch', 'in place', 'blocking'] : ['blocking', 'async', 'batch'],
        withWorkers,
      }).then(() => {}));
  }
}
