// What is sent to a broadcast is what every reader receives: lengths, order, both overflows, in place, as values, as streams.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BroadcastReader, f64, type Overflow, struct, u32 } from '../../src/index.ts';
import { stage, text } from './broadcast-stage.ts';

const BOTH: readonly Overflow[] = ['block', 'drop-oldest'];
const CAPACITY = 256;
const LENGTH_MAX = CAPACITY - 16;

/** Bytes that are different for each message. */
function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 31) & 0xff);
}

for (const overflow of BOTH) {
  test(`messages of every length arrive at every reader, wherever they lie (${overflow})`, (t) => {
    const { broadcast } = stage(t, { capacity: CAPACITY, overflow });
    using writer = broadcast.writer();
    using one = broadcast.reader();
    using two = broadcast.reader();
    for (let round = 0; round < 3; round++) {
      for (let length = 0; length <= LENGTH_MAX; length++) {
        const message = bytesOf(length, round);
        assert.equal(writer.trySend(message), true);
        for (const reader of [one, two]) assert.deepEqual(reader.tryReceive(), message);
      }
    }
    assert.equal(one.tryReceive(), null);
    assert.equal(one.missed, 0);
  });

  test(`one that is too long is refused with both numbers, and nothing is sent (${overflow})`, (t) => {
    const { broadcast } = stage(t, { capacity: 200, overflow });
    assert.equal(broadcast.capacity, CAPACITY);
    using writer = broadcast.writer();
    using reader = broadcast.reader();
    assert.equal(writer.lengthMax, LENGTH_MAX);
    const tooLong = new Uint8Array(LENGTH_MAX + 1);
    const expected = { name: 'RangeError', message: /241 bytes.* up to 240/ };
    assert.throws(() => writer.trySend(tooLong), expected);
    assert.throws(() => writer.send(tooLong), expected);
    assert.throws(() => writer.tryClaim(LENGTH_MAX + 1), expected);
    assert.throws(() => writer.tryClaim(2 ** 33), { name: 'RangeError' });
    assert.equal(writer.trySend(new Uint8Array(LENGTH_MAX)), true);
    assert.equal(reader.tryReceive()?.length, LENGTH_MAX);
    assert.equal(broadcast.counters.sent, 1);
  });

  test(`a place is filled and sent, or given up, wherever it lies (${overflow})`, (t) => {
    const { broadcast } = stage(t, { capacity: 64, overflow });
    using writer = broadcast.writer();
    using reader = broadcast.reader();
    for (let i = 0; i < 50; i++) {
      {
        using claim = writer.tryClaim(21);
        assert.ok(claim !== null);
        assert.throws(() => writer.trySend('x'), { code: 'ERR_MEMSPAN_BUSY' });
        claim.bytes.set(bytesOf(21, i));
        if (i % 3 === 0) continue;
        claim.commit(i % 3 === 1 ? 21 : 5);
        assert.throws(() => claim.commit(), { code: 'ERR_MEMSPAN_NOT_HELD' });
      }
      assert.deepEqual(reader.tryReceive(), bytesOf(i % 3 === 1 ? 21 : 5, i));
    }
    assert.equal(reader.tryReceive(), null);
  });

  test(`with a layout, messages are its values (${overflow})`, async (t) => {
    const layout = struct({ id: u32, at: f64 });
    const { span } = stage(t, { capacity: 64, overflow });
    const broadcast = span.broadcast('typed', { capacity: 256, overflow, layout });
    using writer = broadcast.writer();
    using reader = broadcast.reader();
    assert.equal(writer.send({ id: 7, at: 0.5 }), true);
    assert.deepEqual(reader.receive(), { id: 7, at: 0.5 });
    const claim = writer.tryClaim();
    assert.ok(claim !== null);
    claim.value.id = 8;
    claim.value.at = 1.5;
    claim.commit();
    const id: number | undefined = (await reader.receiveAsync())?.id;
    assert.equal(id, 8);
    // As it was made, its layout included.
    const again = span.broadcast('typed');
    assert.equal(again.layout?.size, layout.size);
    assert.throws(
      () => span.broadcast('typed', { capacity: 256, overflow, layout: struct({ id: f64 }) }),
      {
        code: 'ERR_MEMSPAN_LAYOUT_MISMATCH',
      },
    );
    assert.throws(
      () =>
        span.broadcast('small', {
          capacity: 64,
          layout: struct({ a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, g: f64 }),
        }),
      {
        name: 'RangeError',
        message: /56 bytes.* 48/,
      },
    );
  });

  test(`a loop takes all until the writer closes; then it goes on with another writer (${overflow})`, async (t) => {
    const { broadcast } = stage(t, { capacity: 1 << 16, overflow });
    using reader = broadcast.reader();
    for (const round of ['a', 'b']) {
      const writer = broadcast.writer();
      for (let i = 0; i < 2000; i++) assert.equal(await writer.sendAsync(`${round}${i}`), true);
      writer.close();
      const taken: string[] = [];
      for await (const message of reader) taken.push(text(message) as string);
      assert.deepEqual(
        taken,
        Array.from({ length: 2000 }, (_, i) => `${round}${i}`),
      );
      assert.equal(reader.ended, true);
      assert.equal(reader.receive(), null);
    }
  });

  test(`streams, Web and Node, close what they are made of (${overflow})`, async (t) => {
    const { broadcast } = stage(t, { capacity: 4096, overflow });
    const out = broadcast.writer().toNode({ objectMode: true });
    const [web, node] = [
      broadcast.reader().toWeb(),
      broadcast.reader().toNode({ objectMode: true }),
    ];
    const taken: Promise<(string | null)[]>[] = [web, node].map(async (stream) => {
      const found: (string | null)[] = [];
      for await (const message of stream as AsyncIterable<Uint8Array>) found.push(text(message));
      return found;
    });
    for (let i = 0; i < 100; i++) out.write(`${i}`);
    out.end();
    const expected = Array.from({ length: 100 }, (_, i) => `${i}`);
    assert.deepEqual(await Promise.all(taken), [expected, expected]);
    assert.equal(broadcast.readers, 0);
    assert.equal(broadcast.hasWriter, false);
  });
}

test("'block': the writer waits for the slowest reader, and for nobody when there is none", (t) => {
  const { broadcast } = stage(t, { capacity: 64, readers: 3 });
  using writer = broadcast.writer();
  for (let i = 0; i < 100; i++) assert.equal(writer.trySend('nobody'), true);
  assert.equal(writer.readers, 0);
  using slow = broadcast.reader();
  const quick = broadcast.reader();
  assert.equal(writer.readers, 2);
  const fill = (): number => {
    let count = 0;
    while (writer.trySend('12345678')) {
      count++;
      assert.equal(text(quick.tryReceive()), '12345678');
    }
    return count;
  };
  // 64 bytes take three of 16 and a header.
  assert.equal(fill(), 3);
  assert.equal(writer.send('12345678', { timeoutMs: 1 }), null);
  assert.equal(text(slow.tryReceive()), '12345678');
  assert.equal(fill(), 1);
  assert.equal(slow.readBatch(2).length, 2);
  assert.equal(fill(), 2);
  assert.equal(slow.missed + quick.missed, 0);
  slow.close();
  assert.equal(writer.trySend('12345678'), true);
  quick.close();
});

test("'block': a message in place stays until it is released", (t) => {
  const { broadcast } = stage(t, { capacity: 64 });
  using writer = broadcast.writer();
  using reader = broadcast.reader();
  for (let i = 0; i < 40; i++) {
    const message = bytesOf(i % 40, i);
    assert.equal(writer.trySend(message), true);
    const loan = reader.tryTake();
    assert.ok(loan !== null);
    assert.deepEqual(Uint8Array.from(loan.bytes), message);
    assert.throws(() => reader.tryReceive(), { code: 'ERR_MEMSPAN_BUSY' });
    assert.throws(() => reader.tryTake(), { code: 'ERR_MEMSPAN_BUSY' });
    while (writer.trySend('filler!!'));
    assert.deepEqual(Uint8Array.from(loan.bytes), message);
    loan.release();
    loan.release();
    reader.readBatch(10);
    assert.equal(reader.tryTake(), null);
  }
});

test("'drop-oldest': what was missed is counted, before the message that comes after it", (t) => {
  const { broadcast } = stage(t, { capacity: 64, overflow: 'drop-oldest' });
  using writer = broadcast.writer();
  using slow = broadcast.reader();
  using quick = broadcast.reader();
  let sent = 0;
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) {
      assert.equal(writer.trySend(String(sent++)), true);
      assert.equal(text(quick.tryReceive()), String(sent - 1));
    }
  };
  send(10);
  assert.equal(text(slow.tryReceive()), '7');
  assert.deepEqual([slow.missed, slow.lastMissed], [7, 7]);
  assert.equal(text(slow.tryReceive()), '8');
  assert.deepEqual([slow.missed, slow.lastMissed], [7, 0]);
  send(4);
  const batch = slow.readBatch(100).map(text);
  assert.deepEqual(batch, ['11', '12', '13']);
  assert.deepEqual([slow.missed, slow.lastMissed], [9, 2]);
  assert.deepEqual([quick.missed, slow.tryReceive()], [0, null]);
  assert.throws(() => slow.tryTake(), { code: 'ERR_MEMSPAN_UNSUPPORTED' });
  assert.throws(() => slow.take(), { code: 'ERR_MEMSPAN_UNSUPPORTED' });
});

test("'drop-oldest': who joins begins at the end, or with the oldest that is there", (t) => {
  const { broadcast } = stage(t, { capacity: 64, overflow: 'drop-oldest' });
  using writer = broadcast.writer();
  for (let i = 0; i < 10; i++) writer.send(String(i));
  using late = broadcast.reader();
  using early = broadcast.reader({ from: 'oldest' });
  assert.equal(late.tryReceive(), null);
  assert.deepEqual(early.readBatch(9).map(text), ['7', '8', '9']);
  assert.equal(early.missed, 0);
});

test('counters are read by anybody', async (t) => {
  const { span, broadcast } = stage(t, { capacity: 256, overflow: 'drop-oldest', readers: 2 });
  const none = { depth: 0, highWater: 0, sent: 0, bytes: 0, dropped: 0, readers: [] };
  assert.deepEqual(broadcast.counters, none);
  using writer = broadcast.writer();
  using one: BroadcastReader<Uint8Array, Uint8Array> = broadcast.reader();
  using two = broadcast.reader();
  for (let i = 0; i < 20; i++) writer.send('0123456789abcdef');
  one.readBatch(3);
  const me = { name: 'me', pid: process.pid };
  assert.deepEqual(span.broadcast('b').counters, {
    depth: 10,
    highWater: 10,
    sent: 20,
    bytes: 320,
    dropped: 10,
    readers: [
      { ...me, lag: 7, dropped: 10 },
      { ...me, lag: 20, dropped: 0 },
    ],
  });
  two.readBatch(100);
  assert.equal(broadcast.counters.depth, 7);
});
