// The queue's conservation, order and integrity for a minute.
import { before, test } from 'node:test';
import { checkFlow, startAll } from '../channel/queue-flow.ts';

let puppets: Awaited<ReturnType<typeof startAll>>;
before(async () => {
  puppets = await startAll(4);
});

const PAIRS = [1, 2, 4].flatMap((writers) => [1, 2, 4].map((readers) => ({ writers, readers })));

for (const { writers, readers } of PAIRS) {
  test(`${writers} write and ${readers} read, for a while`, async (t) => {
    const delivery = readers % 2 === 0 ? 'at-least-once' : 'at-most-once';
    const flow = { writers, readers, capacity: 64, messageMax: 1000, delivery } as const;
    const sent = await checkFlow({ ...flow, timeMs: 60_000 / PAIRS.length }, puppets);
    t.diagnostic(`${sent} messages`);
  });
}
