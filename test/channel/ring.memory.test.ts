// The memory under a ring goes away: cut off by somebody, or its segment closed. Ends say so; no message is made
// of the zeros that are read there, and who waits is told.
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Ring, Segment } from '../../src/index.ts';
import type { ReceiveJob, ReceiveReport } from '../fixtures/channel/receiver.ts';
import type { SendJob, SendReport } from '../fixtures/channel/sender.ts';
import { startChild } from './children.ts';
import { AT, code, DATA, FLAG, fill, isPending, pair } from './rings.ts';

const PAGE = 4096;
let count = 0;

interface Named {
  readonly segment: Segment;
  readonly ring: Ring;
  cut(size: number): void;
}

function named(t: TestContext, capacity: number): Named {
  const name = `memspan-test-${process.pid}-${++count}`;
  const segment = Segment.create(name, { size: Ring.bytesFor(capacity) });
  t.after(() => {
    segment.unlink();
    segment.close();
  });
  return {
    segment,
    ring: new Ring(segment),
    cut: (size) => truncateSync(`/dev/shm/${name}`, size),
  };
}

/** Where the first message begins so that what is named lies on the second page. */
for (const [what, start] of [
  ['length', PAGE - DATA + 4],
  ['payload', PAGE - DATA - 4],
] as const) {
  for (const method of ['tryReceive', 'receive', 'receiveAsync', 'tryReceiveInto'] as const) {
    test(`a message whose ${what} was cut off is ERR_MEMSPAN_TRUNCATED, not a message of zeros: ${method}`, async (t) => {
      const { segment, ring, cut } = named(t, 2 * PAGE);
      const words = new Int32Array(segment.buffer);
      words.fill(start, AT.written, AT.written + 1);
      words.fill(start, AT.read, AT.read + 1);
      using writer = ring.writer();
      using reader = ring.reader();
      writer.send(new Uint8Array(100).fill(7));
      cut(PAGE);
      const target = new Uint8Array(200);
      await assert.rejects(async () => await reader[method](target as never), code('TRUNCATED'));
      await assert.rejects(async () => await reader[method](target as never), code('TRUNCATED'));
    });
  }
}

for (const size of [0, PAGE]) {
  test(`calls that wait when the memory is cut to ${size} bytes are told`, async (t) => {
    const { ring, cut } = named(t, 2 * PAGE);
    using writer = ring.writer();
    using reader = ring.reader();
    const received = reader.receiveAsync();
    assert.ok(await isPending(received));
    cut(size);
    if (size === 0) {
      await assert.rejects(received, code('TRUNCATED'));
      assert.throws(() => writer.trySend('x'), code('TRUNCATED'));
      return;
    }
    // What is left of it goes on working until somebody touches what is not.
    const long = new Uint8Array(PAGE);
    writer.send('a');
    assert.equal((await received)?.length, 1);
    assert.throws(() => {
      writer.send(long);
      reader.receive();
    }, code('TRUNCATED'));
    assert.throws(() => writer.send('b'), code('TRUNCATED'));
    assert.throws(() => reader.receive(), code('TRUNCATED'));
  });
}

for (const how of ['sync', 'async'] as const) {
  test(`a reader that is blocked (${how}) when the memory is cut off is told`, async (t) => {
    const { segment, cut } = named(t, 2 * PAGE);
    const child = await startChild<ReceiveJob, ReceiveReport>(
      t,
      new URL('../fixtures/channel/receiver.js', import.meta.url),
    );
    const report = child.ask({ ring: segment.handle, how, seed: 1 });
    const words = new Int32Array(segment.buffer);
    while (!(Atomics.load(words, AT.written) & FLAG.sleeps)) await delay(1);
    cut(0);
    assert.equal((await report).error, 'ERR_MEMSPAN_TRUNCATED');
  });

  test(`a writer that is blocked (${how}) when the memory is cut off is told`, async (t) => {
    const { segment, cut } = named(t, 2 * PAGE);
    const child = await startChild<SendJob, SendReport>(
      t,
      new URL('../fixtures/channel/sender.js', import.meta.url),
    );
    const report = child.ask({ ring: segment.handle, how, seed: 1, count: 1e9, end: 'close' });
    const words = new Int32Array(segment.buffer);
    while (!(Atomics.load(words, AT.read) & FLAG.sleeps)) await delay(1);
    cut(0);
    assert.equal((await report).outcome, 'ERR_MEMSPAN_TRUNCATED');
  });
}

test('closing the segment rejects the calls that wait with ERR_MEMSPAN_CLOSED', async (t) => {
  const { segment, writer, reader } = pair(t);
  const received = [reader.receiveAsync(), reader.receiveAsync()];
  fill(writer);
  await Promise.all(received);
  fill(writer);
  const calls = [writer.sendAsync('x'), writer.sendAsync('y'), writer.finished()];
  assert.ok(await isPending(Promise.race(calls)));
  segment.close();
  const outcomes = (await Promise.allSettled(calls)) as PromiseRejectedResult[];
  assert.deepEqual(
    outcomes.map(({ reason }) => reason.code),
    new Array(3).fill('ERR_MEMSPAN_CLOSED'),
  );
  writer.close();
  reader.close();
});

test('closing an end after its segment was closed lets go of its lifeline', (t) => {
  const { segment, ring, writer } = pair(t);
  using other = Segment.fromHandle(segment.handle);
  segment.close();
  assert.equal(other.isHeld(0), true);
  writer.close();
  assert.equal(other.isHeld(0), false);
  assert.throws(() => ring.writer(), code('CLOSED'));
});

test('a segment that grows under its ends does not disturb them', (t) => {
  const { segment, ring } = named(t, 64);
  using writer = ring.writer();
  using reader = ring.reader();
  writer.send('before');
  segment.resize(4 * PAGE);
  writer.send('after');
  assert.equal(Buffer.from(reader.receive()!).toString(), 'before');
  assert.equal(Buffer.from(reader.receive()!).toString(), 'after');
  assert.equal(reader.receive({ timeoutMs: 1 }), null);
});

test('a segment that was mapped anew and is then cut off: ends over the old mapping are told', async (t) => {
  const { segment, ring, cut } = named(t, 64);
  using writer = ring.writer();
  using reader = ring.reader();
  writer.send('x');
  cut(2 * PAGE);
  segment.resize();
  cut(0);
  assert.throws(() => writer.send('y'), code('TRUNCATED'));
  assert.throws(() => reader.receive(), code('TRUNCATED'));
  await assert.rejects(reader.receiveAsync(), code('TRUNCATED'));
});
