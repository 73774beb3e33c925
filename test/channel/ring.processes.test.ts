// Two processes, every way of sending against every way of receiving: each message arrives once, whole, in order.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Ring, Segment } from '../../src/index.ts';
import type { ReceiveJob, ReceiveReport } from '../fixtures/channel/receiver.ts';
import type { SendJob, SendReport } from '../fixtures/channel/sender.ts';
import { type Child, startChild, wholeFile } from './children.ts';
import { seedOf } from './messages.ts';

const COUNT = 3000;
/** Small, so that both ends wait for each other all the time. */
const CAPACITY = 1024;

let sender: Child<SendJob, SendReport>;
let receiver: Child<ReceiveJob, ReceiveReport>;

const file = wholeFile();
before(async () => {
  [sender, receiver] = await Promise.all([
    startChild<SendJob, SendReport>(
      file,
      new URL('../fixtures/channel/sender.js', import.meta.url),
    ),
    startChild<ReceiveJob, ReceiveReport>(
      file,
      new URL('../fixtures/channel/receiver.js', import.meta.url),
    ),
  ]);
});

for (const sends of ['sync', 'async', 'concurrent', 'try'] as const) {
  for (const receives of ['sync', 'async', 'concurrent', 'iterate', 'into'] as const) {
    test(`sent ${sends}, received ${receives}: nothing lost, doubled, torn or out of order`, async (t) => {
      const seed = seedOf('messages', (line) => t.diagnostic(line));
      using segment = Segment.anonymous(Ring.bytesFor(CAPACITY));
      const { handle: ring } = segment;
      const [sent, received] = await Promise.all([
        sender.ask({ ring, how: sends, seed, count: COUNT, end: 'finish' }),
        receiver.ask({ ring, how: receives, seed }),
      ]);
      assert.deepEqual(received, { taken: COUNT, ended: true });
      assert.deepEqual(sent, { sent: COUNT, outcome: 'true' });
    });
  }
}

test('a ring by name, opened by two who know nothing but the name', async (t) => {
  const seed = seedOf('messages', (line) => t.diagnostic(line));
  const name = `memspan-test-${process.pid}-1`;
  using segment = Segment.create(name, { size: Ring.bytesFor(CAPACITY) });
  try {
    const ring = name;
    const [sent, received] = await Promise.all([
      sender.ask({ ring, how: 'sync', seed, count: COUNT, end: 'close' }),
      receiver.ask({ ring, how: 'sync', seed }),
    ]);
    assert.deepEqual(received, { taken: COUNT, ended: true });
    assert.deepEqual(sent, { sent: COUNT, outcome: 'closed' });
  } finally {
    segment.unlink();
  }
});

test('a reader that leaves early: the writer is told, and how much was not read is not delivered', async () => {
  for (const how of ['sync', 'async', 'concurrent'] as const) {
    using segment = Segment.anonymous(Ring.bytesFor(CAPACITY));
    const { handle: ring } = segment;
    const [sent, received] = await Promise.all([
      sender.ask({ ring, how, seed: 7, count: 100_000, end: 'close' }),
      receiver.ask({ ring, how: 'sync', seed: 7, most: 100 }),
    ]);
    assert.deepEqual(received, { taken: 100, ended: false });
    assert.equal(sent.outcome, 'ERR_MEMSPAN_PEER_CLOSED');
  }
});
