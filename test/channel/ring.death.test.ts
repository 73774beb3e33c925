// Ends that really die: killed at every point of their work and at random moments, stopped and continued, or gone
// without closing. The other end takes what was published, is told, and never waits for ever.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Ring, type RingReader, Segment } from '../../src/index.ts';
import type { CrashJob } from '../fixtures/channel/crasher.ts';
import type { ReceiveJob, ReceiveReport } from '../fixtures/channel/receiver.ts';
import type { SendJob, SendReport } from '../fixtures/channel/sender.ts';
import { type Child, startChild } from './children.ts';
import { check, messageAt, random, seedOf } from './messages.ts';
import { AT, code, FLAG, stage } from './rings.ts';

const KILLED = { code: null, signal: 'SIGKILL' };

const crasher = (t: TestContext): Promise<Child<CrashJob, void>> =>
  startChild(t, new URL('../fixtures/channel/crasher.js', import.meta.url));
const sender = (t: TestContext): Promise<Child<SendJob, SendReport>> =>
  startChild(t, new URL('../fixtures/channel/sender.js', import.meta.url));
const receiver = (t: TestContext): Promise<Child<ReceiveJob, ReceiveReport>> =>
  startChild(t, new URL('../fixtures/channel/receiver.js', import.meta.url));

const name = (point: CrashJob['point']): string =>
  point.replace(/(?<=move)$/, ' of its cursor').replace('wake', 'the wake-up');

/** Takes and checks all that comes until the writer's death is told; returns how many came. */
async function takeUntilDeath(
  reader: RingReader,
  seed: number,
  lengthMax: number,
  from = 0,
): Promise<number> {
  for (let taken = from; ; taken++) {
    try {
      const message = taken % 2 === 0 ? await reader.receiveAsync() : reader.receive();
      assert.notEqual(message, null, 'the stream did not end: the writer never closed');
      check(seed, taken, lengthMax, message!);
    } catch (error) {
      assert.equal((error as { code: string }).code, 'ERR_MEMSPAN_PEER_DIED', String(error));
      return taken;
    }
  }
}

for (const [point, arrived] of [
  ['before move', 5],
  ['after move', 6],
  ['before wake', 1],
] as const) {
  test(`a writer killed ${name(point)}: whole messages arrive, then its death is told`, async (t) => {
    const { ring, segment, words } = stage(t, 1024);
    using reader = ring.reader();
    const child = await crasher(t);
    // Somebody to be woken, for the wake-up that does not come.
    const first = reader.receiveAsync();
    child.tell({ ring: segment.handle, end: 'writer', point, index: 5, seed: 11 });
    assert.deepEqual(await child.ended, KILLED);
    check(11, 0, 100, (await first)!);
    assert.equal(await takeUntilDeath(reader, 11, 100, 1), arrived);
    assert.throws(() => reader.receive(), code('PEER_DIED'));
    assert.equal(words[AT.read]! & ~7, words[AT.written]! & ~7);
    assert.throws(() => ring.writer(), { ...code('BUSY'), message: /died/ });
  });
}

for (const point of ['before move', 'after move'] as const) {
  test(`a reader killed ${name(point)}: the writer goes on while there is room, then is told`, async (t) => {
    const { ring, segment } = stage(t);
    using writer = ring.writer();
    const child = await crasher(t);
    for (let i = 0; i < 8; i++) assert.equal(writer.trySend(''), true);
    child.tell({ ring: segment.handle, end: 'reader', point, index: 2, seed: 0 });
    assert.deepEqual(await child.ended, KILLED);
    const room = point === 'before move' ? 2 : 3;
    for (let i = 0; i < room; i++) assert.equal(writer.send(''), true);
    assert.equal(writer.trySend(''), false);
    assert.throws(() => writer.send(''), code('PEER_DIED'));
    await assert.rejects(writer.sendAsync(''), code('PEER_DIED'));
    writer.close();
    await assert.rejects(writer.finished(), code('PEER_DIED'));
  });
}

test('a writer killed at random moments, again and again', async (t) => {
  const seed = seedOf('kills', (line) => t.diagnostic(line));
  const next = random(seed);
  for (let round = 0; round < 8; round++) {
    const { ring, segment } = stage(t, 4096);
    using reader = ring.reader();
    const child = await sender(t);
    const how = round % 2 === 0 ? 'sync' : 'async';
    child.tell({ ring: segment.handle, how, seed, count: 1e9, end: 'close' });
    const lengthMax = ring.capacity - 4;
    const until = Math.floor(next() * 3000);
    let taken = 0;
    for (; taken < until; taken++) {
      check(seed, taken, lengthMax, (await reader.receiveAsync())!);
    }
    if (next() < 0.5) await delay(next() * 4);
    child.kill('SIGKILL');
    taken = await takeUntilDeath(reader, seed, lengthMax, taken);
    assert.ok(taken >= until);
    assert.equal(segment.isHeld(0), false);
  }
});

for (const how of ['sync', 'async'] as const) {
  test(`a reader killed at random moments: the writer (${how}) that waits for room is told`, async (t) => {
    const next = random(seedOf('kills', (line) => t.diagnostic(line)));
    const writer = await sender(t);
    for (let round = 0; round < 4; round++) {
      using segment = Segment.anonymous(Ring.bytesFor(1024));
      const ring = segment.handle;
      const reader = await receiver(t);
      const report = writer.ask({ ring, how, seed: 5, count: 1e9, end: 'close' });
      reader.tell({ ring, how, seed: 5 });
      const words = new Int32Array(segment.buffer);
      while (Atomics.load(words, AT.read) < 8192) await delay(1);
      await delay(next() * 5);
      reader.kill('SIGKILL');
      assert.equal((await report).outcome, 'ERR_MEMSPAN_PEER_DIED');
    }
  });
}

test('a writer that is stopped is not declared dead; continued, it goes on where it was', async (t) => {
  const { ring, segment } = stage(t, 1024);
  using reader = ring.reader();
  const child = await sender(t);
  const report = child.ask({
    ring: segment.handle,
    how: 'sync',
    seed: 9,
    count: 3000,
    end: 'finish',
  });
  let taken = 0;
  for (; taken < 1000; taken++) check(9, taken, 1020, (await reader.receiveAsync())!);
  child.kill('SIGSTOP');
  for (let wait = 0; wait < 2; ) {
    const message =
      wait === 0
        ? reader.receive({ timeoutMs: 600 })
        : await reader.receiveAsync({ timeoutMs: 300 });
    if (message === null) wait++;
    else check(9, taken++, 1020, message);
  }
  assert.equal(reader.ended, false);
  child.kill('SIGCONT');
  for await (const message of reader) check(9, taken++, 1020, message);
  assert.equal(taken, 3000);
  reader.close();
  assert.deepEqual(await report, { sent: 3000, outcome: 'true' });
});

test('a reader that is stopped is not declared dead: the writer waits, and all arrives', async (t) => {
  const { ring, segment, words } = stage(t, 1024);
  using writer = ring.writer();
  const child = await receiver(t);
  const report = child.ask({ ring: segment.handle, how: 'async', seed: 9 });
  let sent = 0;
  for (; sent < 500; sent++) await writer.sendAsync(messageAt(9, sent, 1020));
  child.kill('SIGSTOP');
  while ((await writer.sendAsync(messageAt(9, sent, 1020), { timeoutMs: 600 })) !== null) sent++;
  assert.equal(writer.send(messageAt(9, sent, 1020), { timeoutMs: 200 }), null);
  assert.equal(words[AT.read]! & FLAG.closed, 0);
  child.kill('SIGCONT');
  for (; sent < 1000; sent++) await writer.sendAsync(messageAt(9, sent, 1020));
  writer.close();
  assert.equal(await writer.finished(), true);
  assert.deepEqual(await report, { taken: 1000, ended: true });
});

test('process.exit without closing is a death: what was sent arrives, then it is told', async (t) => {
  const { ring, segment } = stage(t, 65_536);
  using reader = ring.reader();
  const child = await sender(t);
  child.tell({ ring: segment.handle, how: 'sync', seed: 2, count: 10, end: 'exit' });
  assert.deepEqual(await child.ended, { code: 0, signal: null });
  assert.equal(await takeUntilDeath(reader, 2, 65_532), 10);
});

test('a segment that is closed with the end still open: to the peer, that end is dead', async (t) => {
  const { segment, ring } = stage(t);
  const there = Segment.fromHandle(segment.handle);
  using reader = ring.reader();
  const writer = new Ring(there).writer();
  writer.send('x');
  there.close();
  writer.close();
  assert.equal(reader.receive()?.length, 1);
  assert.throws(() => reader.receive(), code('PEER_DIED'));
});
