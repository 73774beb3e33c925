// Conservation, order and integrity in a pool: 1, 2 and 4 writers, 1, 2 and 4 readers, in processes and in workers.
import { before, test } from 'node:test';
import { type Puppet, startChild, startWorker } from '../support/puppets.ts';
import { flow } from './pool-flow.ts';

const COUNT = 120;

/** Every other one is a process. */
let puppets: { writers: Puppet[]; readers: Puppet[] };

before(async () => {
  const start = (end: number): Promise<Puppet> => (end % 2 === 0 ? startChild() : startWorker());
  const all = await Promise.all(Array.from({ length: 8 }, (_, i) => start(i)));
  puppets = { writers: all.slice(0, 4), readers: all.slice(4).reverse() };
});

for (const writers of [1, 2, 4]) {
  for (const readers of [1, 2, 4]) {
    test(`${writers} → ${readers}: every reader gets every message, once, whole and in order`, () =>
      flow(puppets.writers.slice(0, writers), puppets.readers.slice(0, readers), COUNT));
  }
}
