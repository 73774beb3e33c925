// 1, 2 and 4 writers with 1, 2 and 4 readers, in processes and workers: nothing is lost, nothing comes twice, all in order.
import { before, test } from 'node:test';
import { checkFlow, startAll } from './queue-flow.ts';

let puppets: Awaited<ReturnType<typeof startAll>>;
before(async () => {
  puppets = await startAll(4);
});

const COUNT = 300;

for (const writers of [1, 2, 4]) {
  for (const readers of [1, 2, 4]) {
    test(`${writers} write and ${readers} read`, async () => {
      await checkFlow(
        {
          writers,
          readers,
          capacity: writers === readers ? 1 : 7,
          messageMax: readers === 4 ? 4096 : 65,
          delivery: writers > readers ? 'at-most-once' : 'at-least-once',
          count: COUNT,
        },
        puppets,
      );
    });
  }
}
