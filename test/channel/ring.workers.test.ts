// Worker threads as ends, and both ends in one process: the kernel's lifelines and wake-ups do not care which.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Ring, Segment } from '../../src/index.ts';
import type { ThreadJob } from '../fixtures/channel/thread.ts';
import { check, messageAt } from './messages.ts';
import { AT, code, fill, isPending, stage } from './rings.ts';

const COUNT = 2000;
const LENGTH_MAX = 200;

/** A worker whose failure fails the test. */
function thread(t: TestContext, job: ThreadJob): { worker: Worker; ended: Promise<unknown> } {
  const url = new URL('../fixtures/channel/thread.js', import.meta.url);
  const worker = new Worker(url, { workerData: job });
  t.after(() => worker.terminate());
  return { worker, ended: once(worker, 'exit') };
}

for (const how of ['sync', 'async'] as const) {
  test(`a thread writes (${how}), the main thread reads`, async (t) => {
    const { ring, segment } = stage(t, 1024);
    using reader = ring.reader();
    const job = { ring: segment.handle, how, seed: 1, count: COUNT } as const;
    const { ended } = thread(t, { ...job, end: 'writer', leave: 'close' });
    let taken = 0;
    for await (const message of reader) check(1, taken++, LENGTH_MAX, message);
    assert.equal(taken, COUNT);
    await ended;
  });

  test(`the main thread writes, a thread reads (${how})`, async (t) => {
    const { ring, segment } = stage(t, 1024);
    using writer = ring.writer();
    const job = { ring: segment.handle, how, seed: 1, count: COUNT } as const;
    const { ended } = thread(t, { ...job, end: 'reader', leave: 'close' });
    for (let i = 0; i < COUNT; i++) await writer.sendAsync(messageAt(1, i, LENGTH_MAX));
    writer.close();
    assert.equal(await writer.finished(), true);
    await ended;
  });

  test(`two threads, both ${how}`, async (t) => {
    const { segment } = stage(t, 1024);
    const job = { ring: segment.handle, how, seed: 3, count: COUNT, leave: 'close' } as const;
    const reader = thread(t, { ...job, end: 'reader' });
    const writer = thread(t, { ...job, end: 'writer' });
    await Promise.all([reader.ended, writer.ended]);
    const words = new Int32Array(segment.buffer);
    assert.equal(words[AT.read]! & ~7, words[AT.written]! & ~7);
  });

  test(`a thread that is terminated while it waits as a reader (${how}) is dead to the writer`, async (t) => {
    const { ring, segment } = stage(t);
    using writer = ring.writer();
    const job = { ring: segment.handle, how, seed: 4, count: 0 } as const;
    const { worker } = thread(t, { ...job, end: 'reader', leave: 'stay' });
    await once(worker, 'message');
    assert.equal(segment.isHeld(1), true);
    await worker.terminate();
    assert.equal(segment.isHeld(1), false);
    fill(writer);
    assert.throws(() => writer.send('x'), code('PEER_DIED'));
    await assert.rejects(writer.sendAsync('x'), code('PEER_DIED'));
  });
}

test('a thread that is terminated while it waits for room is dead to the reader, after what it sent', async (t) => {
  const { ring, segment } = stage(t);
  using reader = ring.reader();
  const job = { ring: segment.handle, how: 'sync', seed: 4, count: 0 } as const;
  const { worker } = thread(t, { ...job, end: 'writer', leave: 'stay' });
  await once(worker, 'message');
  await worker.terminate();
  let taken = 0;
  for (; reader.tryReceive() !== null; taken++) {}
  assert.ok(taken <= 8);
  assert.throws(() => reader.receive(), code('PEER_DIED'));
});

for (const end of ['writer', 'reader'] as const) {
  test(`a thread that ends without closing its ${end} is dead to the other`, async (t) => {
    const { ring, segment } = stage(t, 4096);
    const job = { ring: segment.handle, how: 'sync', seed: 6, count: 5 } as const;
    if (end === 'writer') {
      await thread(t, { ...job, end, leave: 'go' }).ended;
      using reader = ring.reader();
      for (let i = 0; i < 5; i++) check(6, i, LENGTH_MAX, reader.receive()!);
      assert.throws(() => reader.receive(), code('PEER_DIED'));
    } else {
      using writer = ring.writer();
      for (let i = 0; i < 5; i++) writer.send(messageAt(6, i, LENGTH_MAX));
      await thread(t, { ...job, end, leave: 'go' }).ended;
      fill(writer);
      assert.throws(() => writer.send('x'), code('PEER_DIED'));
    }
  });
}

test('both ends in one thread, over two openings of one segment', async (t) => {
  const { segment, ring } = stage(t, 1024);
  using there = Segment.fromHandle(segment.handle);
  using writer = ring.writer();
  using reader = new Ring(there).reader();
  const received = (async () => {
    let count = 0;
    for await (const message of reader) check(8, count++, LENGTH_MAX, message);
    return count;
  })();
  for (let i = 0; i < COUNT; i++) await writer.sendAsync(messageAt(8, i, LENGTH_MAX));
  writer.close();
  assert.equal(await received, COUNT);
  const finished = writer.finished();
  assert.ok(await isPending(finished));
  reader.close();
  assert.equal(await finished, true);
});

test('two rings, there and back, in one thread: replies arrive though both are tiny', async (t) => {
  const there = stage(t).ring;
  const back = stage(t).ring;
  using out = there.writer();
  using at = there.reader();
  using reply = back.writer();
  using home = back.reader();
  const echo = (async () => {
    for await (const message of at) await reply.sendAsync(message);
    reply.close();
  })();
  const count = (async () => {
    let taken = 0;
    for await (const message of home) check(9, taken++, 60, message);
    return taken;
  })();
  for (let i = 0; i < COUNT; i++) await out.sendAsync(messageAt(9, i, 60));
  out.close();
  await echo;
  assert.equal(await count, COUNT);
});
