// Waiting: who blocks, what wakes, when a call gives up, and that nothing is left of one that did.
import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { native } from '../../src/binding.ts';
import type { ReceiveJob, ReceiveReport } from '../fixtures/channel/receiver.ts';
import type { SendJob, SendReport } from '../fixtures/channel/sender.ts';
import { startChild } from './children.ts';
import { messageAt } from './messages.ts';
import { AT, code, drain, FLAG, fill, isPending, pair, stage } from './rings.ts';

/** Resolves when an end sleeps on that cursor, or is about to. */
async function someoneSleeps(words: Int32Array, cursor: number): Promise<void> {
  while (!(Atomics.load(words, cursor) & FLAG.sleeps)) await delay(1);
}

for (const how of ['sync', 'async'] as const) {
  test(`an empty ring blocks its reader (${how}), and a message wakes it`, async (t) => {
    const { ring, words, segment } = stage(t);
    const child = await startChild<ReceiveJob, ReceiveReport>(
      t,
      new URL('../fixtures/channel/receiver.js', import.meta.url),
    );
    using writer = ring.writer();
    const report = child.ask({ ring: segment.handle, how, seed: 3, most: 20 });
    for (let index = 0; index < 20; index++) {
      await someoneSleeps(words, AT.written);
      writer.send(messageAt(3, index, 60));
    }
    assert.deepEqual(await report, { taken: 20, ended: false });
  });

  test(`a full ring blocks its writer (${how}), and room wakes it`, async (t) => {
    const { ring, words, segment } = stage(t);
    const child = await startChild<SendJob, SendReport>(
      t,
      new URL('../fixtures/channel/sender.js', import.meta.url),
    );
    using reader = ring.reader();
    const report = child.ask({ ring: segment.handle, how, seed: 3, count: 200, end: 'close' });
    let taken = 0;
    for (let round = 0; round < 20; round++) {
      await someoneSleeps(words, AT.read);
      taken += reader.tryReceive() === null ? 0 : 1;
    }
    assert.equal(taken, 20);
    for await (const _ of reader) taken++;
    assert.equal(taken, 200);
    assert.deepEqual(await report, { sent: 200, outcome: 'closed' });
  });
}

test('a call whose time is over says null, has changed nothing, and was not early', async (t) => {
  const { writer, reader, words } = pair(t);
  const position = (cursor: number) => words[cursor]! & ~7;
  for (const timeoutMs of [0, -1, -Infinity, 0.5, 3, 20]) {
    const start = performance.now();
    assert.equal(reader.receive({ timeoutMs }), null);
    assert.equal(await reader.receiveAsync({ timeoutMs }), null);
    assert.equal(reader.receiveInto(new Uint8Array(8), { timeoutMs }), -1);
    assert.ok(performance.now() - start >= 3 * timeoutMs - 1);
    assert.equal(reader.ended, false);
  }
  fill(writer);
  const full = position(AT.written);
  for (const timeoutMs of [0, -1, 0.5, 20]) {
    const start = performance.now();
    assert.equal(writer.send('x', { timeoutMs }), null);
    assert.equal(await writer.sendAsync('x', { timeoutMs }), null);
    assert.equal(await writer.finished({ timeoutMs }), null);
    assert.ok(performance.now() - start >= 3 * timeoutMs - 1);
  }
  assert.equal(position(AT.written), full);
  assert.equal(drain(reader).length, 8);
  assert.equal(writer.trySend('x'), true);
});

test('a timeout that is not a number of milliseconds is a TypeError', async (t) => {
  const { reader } = pair(t);
  for (const wrong of [Number.NaN, '5', null, {}] as number[]) {
    const wanted = { name: 'TypeError', ...code('INVALID_ARGUMENT') };
    assert.throws(() => reader.receive({ timeoutMs: wrong }), wanted);
    await assert.rejects(reader.receiveAsync({ timeoutMs: wrong }), wanted);
  }
});

test('infinity and 2^53 milliseconds are for ever', async (t) => {
  const { writer, reader } = pair(t);
  const calls = [Infinity, 2 ** 53].map((timeoutMs) => reader.receiveAsync({ timeoutMs }));
  assert.ok(await isPending(Promise.race(calls)));
  writer.send('a');
  writer.send('b');
  assert.deepEqual(await Promise.all(calls), [Uint8Array.of(97), Uint8Array.of(98)]);
});

test('an aborted signal: rejects with its reason at once, and nothing is sent or taken', async (t) => {
  const { writer, reader } = pair(t);
  const reason = { why: 'enough' };
  const signal = AbortSignal.abort(reason);
  const isReason = (error: unknown) => error === reason;
  await assert.rejects(writer.sendAsync('x', { signal }), isReason);
  await assert.rejects(writer.finished({ signal }), isReason);
  assert.equal(reader.tryReceive(), null);
  writer.send('y');
  await assert.rejects(reader.receiveAsync({ signal }), isReason);
  assert.deepEqual(reader.tryReceive(), Uint8Array.of(121));
});

test('an abort during the wait: rejects with the reason, and the next call works', async (t) => {
  const { writer, reader } = pair(t);
  const receiving = new AbortController();
  const received = reader.receiveAsync({ signal: receiving.signal });
  assert.ok(await isPending(received));
  receiving.abort();
  await assert.rejects(received, { name: 'AbortError' });
  const again = reader.receiveAsync();
  fill(writer);
  assert.equal((await again)?.length, 1);

  fill(writer);
  const sending = new AbortController();
  const sent = writer.sendAsync('lost', { signal: sending.signal });
  assert.ok(await isPending(sent));
  sending.abort(new Error('mine'));
  await assert.rejects(sent, { message: 'mine' });
  assert.ok(drain(reader).every((message) => message.length === 1));
  assert.equal(writer.trySend('x'), true);
});

test('the event loop goes on while a call waits', async (t) => {
  const { writer, reader } = pair(t);
  fill(writer);
  const sent = writer.sendAsync('late');
  for (let tick = 0; tick < 20; tick++) await delay(1);
  assert.ok(await isPending(sent));
  drain(reader);
  assert.equal(await sent, true);
  const received = reader.receiveAsync();
  assert.deepEqual(Buffer.from((await received)!).toString(), 'late');
});

test('a for-await loop that never has to wait lets the event loop go round', async (t) => {
  const { writer, reader } = pair(t);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  t.after(() => clearInterval(timer));
  writer.send('x');
  let count = 0;
  for await (const message of reader) {
    if (ticks > 3) break;
    assert.ok(++count < 1e7, 'the timer never came');
    writer.send(message);
  }
});

test('nothing is left of calls that gave up: no listener, no thread', async (t) => {
  const { writer, reader } = pair(t);
  const helpers = () =>
    readdirSync('/proc/self/task').filter((id) => {
      try {
        return readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'memspan-wait\n';
      } catch {
        return false;
      }
    }).length;
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal);
  const calls = Array.from({ length: 50 }, () => reader.receiveAsync({ signal }));
  const timed = Array.from({ length: 50 }, (_, i) =>
    reader.receiveAsync({ signal, timeoutMs: i / 10 }),
  );
  const finished = writer.finished({ signal });
  assert.ok(await isPending(finished));
  // Where the kernel waits for them, there is none in the first place.
  assert.equal(helpers() > 0, !native.waitsByRing());
  assert.deepEqual(new Set(await Promise.all(timed)), new Set([null]));
  controller.abort();
  const outcomes = await Promise.allSettled([finished, ...calls]);
  assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 51);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  // Nor of one that got what it waited for.
  const happy = new AbortController();
  const fulfilled = [1, 2].map(() => reader.receiveAsync({ signal: happy.signal, timeoutMs: 1e6 }));
  assert.ok(await isPending(Promise.race(fulfilled)));
  writer.send('a');
  writer.send('b');
  await Promise.all(fulfilled);
  assert.equal(getEventListeners(happy.signal, 'abort').length, 0);
  // They end by themselves, a quarter of a second after their last wait.
  while (helpers() > 0) await delay(10);
  assert.equal(reader.tryReceive(), null);
  assert.equal(writer.trySend('x'), true);
  assert.deepEqual(reader.tryReceive(), Uint8Array.of(120));
});

test('a process with a pending call stays alive, and one without ends', async (t) => {
  const child = await startChild<ReceiveJob, ReceiveReport>(
    t,
    new URL('../fixtures/channel/receiver.js', import.meta.url),
  );
  const { ring, words, segment } = stage(t);
  using writer = ring.writer();
  child.tell({ ring: segment.handle, how: 'async', seed: 5, most: 1 });
  await someoneSleeps(words, AT.written);
  child.hangUp();
  writer.send(messageAt(5, 0, 60));
  assert.deepEqual(await child.ended, { code: 0, signal: null });
  assert.equal(words[AT.read]! & FLAG.closed, FLAG.closed);
});
