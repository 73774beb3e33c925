// Messages in place: claims and their padding, messages that are read where they lie, batches, counters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { f64, Span, struct, u8 } from '../../src/index.ts';
import { AT, code, DATA, pair, startAt } from './rings.ts';
import { spanPair, textOf } from './spans.ts';

const padding = [0xff, 0xff, 0xff, 0xff];

test('a claim is filled in shared memory and seen by nobody before it is committed', (t) => {
  const { writer, reader, words, bytes } = pair(t);
  const claim = writer.claim(5);
  assert.ok(claim !== null);
  assert.ok(claim.bytes.buffer instanceof SharedArrayBuffer);
  assert.equal(claim.bytes.byteOffset % 8, 0);
  claim.bytes.set([1, 2, 3, 4, 5]);
  assert.deepEqual([...bytes.subarray(DATA + 4, DATA + 9)], [1, 2, 3, 4, 5]);
  assert.equal(words[AT.written], 0);
  assert.equal(reader.tryReceive(), null);
  claim.commit();
  assert.equal(words[AT.written], 16);
  assert.deepEqual(reader.receive(), Uint8Array.of(1, 2, 3, 4, 5));
});

test('a claim may be committed shorter, or not at all', (t) => {
  const { writer, reader, words } = pair(t);
  writer.claim(20)?.abort();
  assert.equal(words[AT.written], 0);
  const claim = writer.claim(20);
  claim?.bytes.fill(9);
  claim?.commit(3);
  assert.equal(words[AT.written], 8);
  assert.deepEqual(reader.receive(), Uint8Array.of(9, 9, 9));
  writer.claim(0)?.commit();
  assert.deepEqual(reader.receive(), new Uint8Array(0));
  {
    using dropped = writer.claim(4);
    assert.equal(dropped?.length, 4);
  }
  assert.equal(writer.trySend('x'), true);
});

test('one claim at a time; every other call says so, and the claim goes on', async (t) => {
  const { writer, reader } = pair(t);
  const claim = writer.claim(1);
  const calls: (() => unknown)[] = [
    () => writer.trySend('x'),
    () => writer.send('x'),
    () => writer.tryClaim(1),
    () => writer.claim(1),
    () => writer.trySendBatch(['x']),
    () => writer.sendBatch(['x']),
  ];
  for (const call of calls) assert.throws(call, code('BUSY'));
  await assert.rejects(writer.sendAsync('x'), code('BUSY'));
  await assert.rejects(writer.claimAsync(1), code('BUSY'));
  claim?.bytes.fill(65);
  claim?.commit();
  assert.equal(writer.trySend('B'), true);
  assert.deepEqual(reader.readBatch().map(textOf), ['A', 'B']);
});

test('a claim that has ended: its bytes cannot be had, commit throws, abort is harmless', (t) => {
  const { writer, segment } = pair(t);
  const claim = writer.claim(4);
  assert.throws(() => claim?.commit(5), RangeError);
  assert.throws(() => claim?.commit(-1), RangeError);
  assert.throws(() => claim?.commit('1' as never), TypeError);
  claim?.commit();
  assert.throws(() => claim?.bytes, code('CLOSED'));
  assert.throws(() => claim?.commit(), code('CLOSED'));
  claim?.abort();
  const open = writer.claim(4);
  writer.close();
  assert.throws(() => open?.commit(), code('CLOSED'));
  open?.abort();
  segment.close();
});

test('what cannot be claimed is a RangeError with both numbers, or a TypeError', (t) => {
  const { writer } = pair(t);
  assert.equal(writer.claimMax, 28);
  assert.throws(() => writer.tryClaim(29), { name: 'RangeError', message: /29 bytes.* 28/ });
  for (const wrong of [-1, 0.5, Number.NaN]) {
    assert.throws(() => writer.tryClaim(wrong), RangeError);
  }
  for (const wrong of [undefined, '1']) {
    assert.throws(() => writer.tryClaim(wrong as never), TypeError);
  }
});

test('a claim that would run over the end lies at the start, behind padding that readers skip', (t) => {
  const { writer, reader, words, bytes } = pair(t, 64, startAt(48));
  const claim = writer.claim(20);
  claim?.bytes.fill(7);
  assert.equal(words[AT.written], 48);
  claim?.commit();
  assert.deepEqual([...bytes.subarray(DATA + 48, DATA + 52)], padding);
  assert.deepEqual([...bytes.subarray(DATA, DATA + 5)], [20, 0, 0, 0, 7]);
  assert.equal(words[AT.written], 64 + 24);
  assert.deepEqual(reader.receive(), new Uint8Array(20).fill(7));
  assert.equal(words[AT.read], 64 + 24);
});

test('padding behind which a message waits for a larger target', (t) => {
  const { writer, reader, words } = pair(t, 64, startAt(48));
  const claim = writer.claim(20);
  claim?.bytes.fill(7);
  claim?.commit();
  assert.throws(() => reader.tryReceiveInto(new Uint8Array(4)), RangeError);
  assert.equal(words[AT.read], 48);
  const target = new Uint8Array(20);
  assert.equal(reader.tryReceiveInto(target), 20);
  assert.deepEqual(target, new Uint8Array(20).fill(7));
});

test('the longest claim finds its place wherever the cursors are, once the ring is empty', (t) => {
  for (let position = 0; position < 128; position += 8) {
    const { writer, reader } = pair(t, 64, startAt(position));
    for (let turn = 0; turn < 20; turn++) {
      const claim = writer.tryClaim(writer.claimMax);
      assert.ok(claim !== null, `at ${position}, turn ${turn}`);
      claim.bytes.fill(turn);
      claim.commit();
      assert.deepEqual(reader.tryReceive(), new Uint8Array(28).fill(turn));
      assert.equal(writer.trySend('odd'), true);
      assert.equal(textOf(reader.tryReceive()), 'odd');
    }
  }
});

test('a claim waits for room, blocking or not', async (t) => {
  const { writer, reader } = pair(t);
  while (writer.trySend('0123456789')) {}
  assert.equal(writer.tryClaim(28), null);
  assert.equal(writer.claim(28, { timeoutMs: 1 }), null);
  assert.equal(await writer.claimAsync(28, { timeoutMs: 1 }), null);
  const claiming = writer.claimAsync(28);
  const sending = writer.sendAsync('behind');
  // Two asynchronous calls: the first has a claim now, and the second may not pass it by.
  const refused = assert.rejects(sending, code('BUSY'));
  assert.equal(reader.readBatch().length, 4);
  const claim = await claiming;
  await refused;
  claim?.bytes.fill(66);
  claim?.commit();
  assert.equal(textOf(reader.receive()), 'B'.repeat(28));
});

test('a claim that is committed to a reader that has closed is aborted', (t) => {
  const { writer, reader } = pair(t);
  const claim = writer.claim(4);
  reader.close();
  assert.throws(() => claim?.commit(), code('PEER_CLOSED'));
  assert.throws(() => writer.trySend('x'), code('PEER_CLOSED'));
});

test('a message is read where it lies, and its room is free when it is released', async (t) => {
  const { writer, reader, words } = pair(t);
  for (const text of ['one', 'two', 'three']) writer.send(text);
  const message = reader.tryTake();
  assert.ok(message !== null);
  assert.ok(message.bytes.buffer instanceof SharedArrayBuffer);
  assert.equal(textOf(message.bytes), 'one');
  assert.equal(words[AT.read], 0);
  for (const call of [() => reader.tryReceive(), () => reader.take(), () => reader.readBatch()]) {
    assert.throws(call, code('BUSY'));
  }
  await assert.rejects(reader.receiveAsync(), code('BUSY'));
  message.release();
  message.release();
  assert.throws(() => message.bytes, code('CLOSED'));
  assert.equal(words[AT.read], 8);
  {
    using second = reader.take();
    assert.equal(textOf(second?.bytes ?? null), 'two');
  }
  const third = await reader.takeAsync();
  reader.close();
  third?.release();
  assert.equal((words[AT.read] as number) & ~7, 16, 'not taken');
});

test('take() of a ring that is empty: null at the end of the time, null when it has ended', async (t) => {
  const { writer, reader } = pair(t);
  assert.equal(reader.tryTake(), null);
  assert.equal(reader.take({ timeoutMs: 0 }), null);
  const taking = reader.takeAsync();
  writer.send('x');
  (await taking)?.release();
  writer.close();
  assert.deepEqual([reader.take(), reader.ended], [null, true]);
  assert.equal(await reader.takeAsync(), null);
});

test('a message that was sent over the end is taken whole', (t) => {
  const { writer, reader } = pair(t, 64, startAt(56));
  writer.send('0123456789');
  using message = reader.take();
  assert.equal(textOf(message?.bytes ?? null), '0123456789');
});

test('values of a layout are filled and read in place', (t) => {
  const span = Span.anonymous({ size: 2 ** 20 });
  t.after(() => span.close());
  const ring = span.ring('r', { capacity: 64, layout: struct({ kind: u8, x: f64 }) });
  const writer = ring.writer();
  const reader = ring.reader();
  for (let i = 0; i < 50; i++) {
    const claim = writer.claim();
    assert.ok(claim !== null);
    claim.value.kind = i;
    claim.value.x = i / 3;
    claim.commit();
    using message = reader.take();
    assert.deepEqual([message?.value.kind, message?.value.x], [i, i / 3]);
  }
  assert.throws(() => writer.claim(8), { name: 'RangeError', message: /8 bytes.* 16/ });
  const claim = writer.claim();
  assert.throws(() => claim?.commit(8), RangeError);
  claim?.abort();
  writer.send({ kind: 1, x: 2 });
  assert.deepEqual(reader.receive(), { kind: 1, x: 2 });
});

test('a batch is published at once, as far as there is room', async (t) => {
  const { writer, reader, words } = pair(t);
  const texts = ['a', 'bb', '', 'dddddddddddd', 'e'];
  assert.equal(writer.trySendBatch(texts), 5);
  assert.equal(words[AT.written], 8 + 8 + 8 + 16 + 8);
  assert.deepEqual(reader.readBatch(2).map(textOf), ['a', 'bb']);
  assert.equal(words[AT.read], 16);
  assert.deepEqual(reader.readBatch().map(textOf), texts.slice(2));
  assert.deepEqual(reader.readBatch(), []);
  const many = Array.from({ length: 20 }, (_, i) => `${i}`);
  assert.equal(writer.trySendBatch(many), 8);
  assert.equal(writer.sendBatch(many.slice(8), { timeoutMs: 0 }), 0);
  const sending = writer.sendBatchAsync(many.slice(8));
  const found: (string | null)[] = [];
  for (; found.length < 20; found.push(textOf(await reader.receiveAsync())));
  assert.equal(await sending, 12);
  assert.deepEqual(found, many);
  assert.equal(await writer.sendBatchAsync([]), 0);
});

test('a batch with something in it that cannot be sent sends nothing', (t) => {
  const { writer, reader, words } = pair(t);
  assert.throws(() => writer.trySendBatch(['a', 7 as never]), TypeError);
  assert.throws(() => writer.trySendBatch(['a', 'x'.repeat(61)]), RangeError);
  assert.throws(() => writer.trySendBatch('abc' as never), TypeError);
  assert.equal(words[AT.written], 0);
  writer.send('b');
  assert.deepEqual(reader.readBatch().map(textOf), ['b']);
  for (const wrong of [0, -1, Number.NaN]) assert.throws(() => reader.readBatch(wrong), RangeError);
  assert.throws(() => reader.readBatch('1' as never), TypeError);
});

test('a batch is copied into one array, with the lengths beside it', (t) => {
  const { writer, reader } = pair(t, 128, startAt(96));
  const target = new Uint8Array(20);
  const lengths = new Int32Array(4);
  assert.equal(reader.readBatchInto(target, lengths), 0);
  writer.trySendBatch(['abcd', 'efghijkl', 'm', 'nopqrstuvwxyz', '0'.repeat(30)]);
  assert.equal(reader.readBatchInto(target, lengths), 3);
  assert.deepEqual([...lengths.subarray(0, 3)], [4, 8, 1]);
  assert.equal(textOf(target.subarray(0, 13)), 'abcdefghijklm');
  assert.equal(reader.readBatchInto(target, lengths), 1);
  assert.equal(textOf(target.subarray(0, 13)), 'nopqrstuvwxyz');
  assert.throws(() => reader.readBatchInto(target, lengths), { message: /30 bytes.* 20/ });
  assert.equal(reader.receive()?.length, 30);
  for (const wrong of [[], [target], [target, new Int32Array(0)], [lengths, lengths]]) {
    assert.throws(() => reader.readBatchInto(...(wrong as [never, never])), TypeError);
  }
});

test('counters: messages, bytes, and the most there have been at once', (t) => {
  const { ring, writer, reader, words } = spanPair(t, 64);
  const none = { depth: 0, highWater: 0, sent: 0, received: 0, bytes: 0, dropped: 0 };
  assert.deepEqual(ring.counters, none);
  writer.trySendBatch(['a', 'bcd', '']);
  assert.deepEqual(ring.counters, { ...none, depth: 3, highWater: 3, sent: 3, bytes: 4 });
  reader.receive();
  reader.take()?.release();
  reader.readBatch();
  const claim = writer.claim(10);
  claim?.commit(7);
  const seen = { depth: 1, highWater: 3, sent: 4, received: 3, bytes: 11, dropped: 0 };
  assert.deepEqual(ring.counters, seen);
  writer.close();
  reader.close();
  assert.deepEqual(ring.counters, seen, 'they stay');
  for (const value of [Number.NaN, -1, 1e300, Number.POSITIVE_INFINITY]) {
    new Float64Array(words.buffer, words.byteOffset + 136, 1)[0] = value;
    assert.equal(ring.counters.sent, 0);
  }
});
