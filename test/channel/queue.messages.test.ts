// Messages, claims and loans of a queue: what goes in comes out, whole, in order, and what is left undone ends as said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { f64, Span, struct, u32 } from '../../src/index.ts';
import { codeOf } from '../support/segments.ts';
import { bench, checkConserved, drain, textOf } from './queues.ts';

test('messages of any length up to messageMax come out as they went in, in their order', () => {
  using b = bench({ capacity: 4, messageMax: 65 });
  using writer = b.queue.writer();
  using reader = b.queue.reader();
  for (const length of [0, 1, 2, 3, 4, 7, 8, 33, 63, 64, 65]) {
    const message = Uint8Array.from({ length }, (_, i) => 255 - i);
    assert.ok(writer.trySend(message));
    const received = reader.tryReceive();
    assert.deepEqual(received, message);
    assert.equal(received?.byteOffset, 0, 'nobody else has its buffer');
  }
  assert.throws(() => writer.trySend(new Uint8Array(66)), {
    name: 'RangeError',
    message: /66 bytes is longer than messageMax, 65/,
  });
  assert.throws(() => writer.claim(66), { name: 'RangeError', message: /66 .* 65/ });
  assert.equal(b.queue.counters.sent, 11, 'nothing was sent, nothing is stuck');
  assert.ok(writer.trySend('ü'));
  assert.equal(textOf(reader.receive()), 'ü');
  for (const bad of [1, null, undefined, {}, new Uint16Array(1)]) {
    assert.throws(() => writer.trySend(bad as never), { name: 'TypeError' });
  }
});

test('a message of no bytes is one', () => {
  using b = bench({ capacity: 2, messageMax: 0 });
  b.queue.writer().send('');
  b.queue.writer().send(new Uint8Array());
  assert.deepEqual(drain(b.queue), ['', '']);
});

test('a claim is filled in place, and is sent as a whole or not at all', async () => {
  using b = bench({ capacity: 3, messageMax: 8 });
  using writer = b.queue.writer();
  using reader = b.queue.reader();
  const claim = writer.claim();
  assert.equal(claim.bytes.length, 8);
  assert.equal(claim.value.length, 8);
  claim.bytes.set([1, 2, 3]);
  assert.ok(writer.trySend('behind'));
  assert.equal(reader.tryReceive(), null, 'the order is strict');
  assert.throws(() => claim.commit(9), { name: 'RangeError' });
  claim.commit(3);
  assert.equal(claim.held, false);
  assert.equal(
    codeOf(() => claim.bytes),
    'ERR_MEMSPAN_NOT_HELD',
  );
  assert.equal(
    codeOf(() => claim.commit()),
    'ERR_MEMSPAN_NOT_HELD',
  );
  claim.abort();
  assert.deepEqual(reader.tryReceive(), Uint8Array.of(1, 2, 3));
  assert.equal(textOf(reader.tryReceive()), 'behind');

  const aborted = await writer.claimAsync(2);
  assert.equal(aborted?.bytes.length, 2);
  writer.send('a');
  const pending = reader.receiveAsync();
  aborted?.abort();
  aborted?.abort();
  assert.equal(textOf(await pending), 'a', 'who waited behind it goes on');
  {
    using forgotten = writer.claim(1);
    assert.ok(forgotten.held);
  }
  const other = b.queue.writer();
  other.claim(1);
  other.close();
  writer.send('b');
  assert.deepEqual(drain(b.queue), ['b']);
  assert.equal(b.queue.counters.skipped, 3);
  checkConserved(b.queue);
});

test('a loan is read in place, and comes back when it is given back', async () => {
  using b = bench({ capacity: 3, messageMax: 8 });
  using writer = b.queue.writer();
  using reader = b.queue.reader();
  for (const text of ['a', 'b', 'c']) writer.send(text);
  const [a, second] = [reader.take(), reader.take()];
  assert.equal(textOf(a?.bytes ?? null), 'a');
  assert.equal(textOf(second?.copy() ?? null), 'b');
  assert.deepEqual([a?.redelivered, second?.redelivered], [false, false]);
  assert.equal(writer.trySend('d'), false, 'its place is not free yet');
  second?.abort();
  a?.abort();
  a?.release();
  assert.equal(
    codeOf(() => a?.bytes),
    'ERR_MEMSPAN_NOT_HELD',
  );
  const again = await reader.takeAsync();
  assert.equal(textOf(again?.copy() ?? null), 'a', 'the oldest first');
  assert.equal(again?.redelivered, true);
  again?.release();
  again?.release();
  assert.ok(writer.trySend('d'));
  assert.deepEqual(drain(b.queue), ['b', 'c', 'd']);
  const { redelivered, received } = b.queue.counters;
  assert.deepEqual([redelivered, received], [2, 4]);
});

test('what is left undone goes back, or is gone, as delivery says', async () => {
  for (const delivery of ['at-least-once', 'at-most-once'] as const) {
    using b = bench({ capacity: 8, messageMax: 8, delivery });
    using writer = b.queue.writer();
    const back = delivery === 'at-least-once';
    const check = (what: string): void =>
      assert.deepEqual(drain(b.queue), back ? ['x'] : [], `${delivery}: ${what}`);
    writer.send('x');
    {
      using loan = b.queue.reader().take();
      assert.ok(loan?.held);
    }
    check('the scope was left');
    writer.send('x');
    const reader = b.queue.reader();
    reader.take();
    reader.close();
    check('the reader was closed');
    writer.send('x');
    for await (const message of b.queue.reader()) {
      assert.equal(textOf(message), 'x');
      assert.equal(b.queue.counters.received, b.queue.counters.sent - 1, 'held in the body');
      break;
    }
    check('the loop was left');
    writer.send('x');
    await assert.rejects(async () => {
      for await (const _ of b.queue.reader()) throw new Error('mine');
    }, /mine/);
    check('the body has thrown');
    checkConserved(b.queue);
  }
});

test('values of a layout are sent, received, and filled in place', async () => {
  using span = Span.anonymous();
  const Point = struct({ n: u32, x: f64 });
  const queue = span.queue('points', { capacity: 4, layout: Point });
  assert.equal(queue.messageMax, 16);
  assert.equal(queue.layout, Point);
  const writer = queue.writer();
  const reader = queue.reader();
  writer.send({ n: 1, x: 0.5 });
  const claim = writer.claim();
  claim.value.n = 2;
  claim.value.x = 1.5;
  claim.commit();
  const sends = [3, 4, 5, 6].map((n) => writer.sendAsync({ n, x: n }));
  const [first] = reader.readBatch(1);
  assert.deepEqual(first, { n: 1, x: 0.5 });
  const loan = reader.take();
  assert.equal(loan?.value.x, 1.5);
  assert.deepEqual(loan?.copy(), { n: 2, x: 1.5 });
  loan?.release();
  await Promise.all(sends);
  queue.end();
  const rest: number[] = [];
  for await (const { n } of reader) rest.push(n);
  assert.deepEqual(rest, [3, 4, 5, 6]);
  assert.throws(() => writer.claim(15), { name: 'RangeError' });
  assert.throws(() => writer.trySend({ n: -1, x: 0 }));
  const same = span.queue('points');
  assert.equal(same.layout?.size, 16);
  const refuse = (options: unknown): string | undefined =>
    codeOf(() => span.queue('points', options as never));
  assert.equal(refuse({ capacity: 5, layout: Point }), 'ERR_MEMSPAN_OPTIONS_MISMATCH');
  const other = struct({ n: u32, y: f64 });
  assert.equal(refuse({ capacity: 4, layout: other }), 'ERR_MEMSPAN_LAYOUT_MISMATCH');
  assert.equal(refuse({ capacity: 4, messageMax: 16 }), 'ERR_MEMSPAN_LAYOUT_MISMATCH');
  assert.equal(refuse({ capacity: 4, layout: u32 }), 'ERR_MEMSPAN_LAYOUT_MISMATCH');
});
