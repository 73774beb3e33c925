// What writers and readers of a queue do and refuse: messages, loans, claims, waiting, the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { f64, MemspanError, Span, struct, u32 } from '../../src/index.ts';
import { codeOf } from '../support/segments.ts';
import { bench, checkConserved, drain, textOf } from './queues.ts';

const waitsOf = (span: Span): number =>
  span.threads().reduce((sum, { waitingOn }) => sum + waitingOn.length, 0);

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

test('full and empty are results, with and without time', async () => {
  using b = bench({ capacity: 3, messageMax: 8 });
  using writer = b.queue.writer();
  using reader = b.queue.reader();
  for (const text of ['a', 'b', 'c']) assert.ok(writer.trySend(text));
  assert.equal(writer.trySend('d'), false);
  assert.equal(writer.tryClaim(), null);
  assert.equal(writer.send('d', { timeoutMs: 1 }), null);
  assert.equal(writer.claim(1, { timeoutMs: 1 }), null);
  assert.equal(await writer.sendAsync('d', { timeoutMs: 1 }), null);
  assert.equal(await writer.claimAsync(1, { timeoutMs: 1 }), null);
  assert.deepEqual(reader.readBatch(2).map(textOf), ['a', 'b']);
  assert.deepEqual(reader.readBatch(2).map(textOf), ['c']);
  assert.deepEqual(reader.readBatch(2), []);
  assert.equal(reader.tryReceive(), null);
  assert.equal(reader.tryTake(), null);
  assert.equal(reader.receive({ timeoutMs: 1 }), null);
  assert.equal(reader.take({ timeoutMs: 1 }), null);
  assert.equal(await reader.receiveAsync({ timeoutMs: 1 }), null);
  assert.equal(await reader.takeAsync({ timeoutMs: 1 }), null);
  assert.equal(reader.ended, false);
  for (const max of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => reader.readBatch(max), { name: 'RangeError' });
  }
});

test('asynchronous calls are served in their order, and nobody of the thread passes them by', async () => {
  using b = bench({ capacity: 1, messageMax: 8 });
  using writer = b.queue.writer();
  using reader = b.queue.reader();
  const received = [reader.receiveAsync(), reader.receiveAsync(), reader.receiveAsync()];
  assert.equal(reader.tryReceive(), null);
  for (const text of ['a', 'b', 'c']) assert.ok(writer.trySend(text), 'each goes on at once');
  assert.deepEqual((await Promise.all(received)).map(textOf), ['a', 'b', 'c']);
  const scratch = Uint8Array.of(49);
  const sent = ['x', 'y', scratch].map((message) => writer.sendAsync(message));
  // Taken as it was.
  scratch[0] = 50;
  assert.equal(textOf(reader.tryReceive()), 'x');
  assert.equal(writer.trySend('late'), false);
  assert.equal(textOf(reader.tryReceive()), 'y');
  assert.deepEqual(await Promise.all(sent), [true, true, true]);
  assert.deepEqual(drain(b.queue), ['1']);
  assert.equal(waitsOf(b.span), 0);
});

test('500 aborted waits leave nothing', async () => {
  using b = bench({ capacity: 1, messageMax: 8 });
  using writer = b.queue.writer();
  using reader = b.queue.reader();
  const calls = [
    (signal: AbortSignal) => reader.receiveAsync({ signal }),
    (signal: AbortSignal) => reader.takeAsync({ signal }),
  ];
  for (let round = 0; round < 5; round++) {
    const controller = new AbortController();
    const reason = new Error(`round ${round}`);
    const waits = Array.from({ length: 50 }, (_, i) => calls[i % 2]?.(controller.signal));
    assert.ok(waitsOf(b.span) > 0);
    controller.abort(reason);
    await Promise.all(waits.map((wait) => assert.rejects(wait as Promise<unknown>, reason)));
  }
  writer.send('x');
  for (let round = 0; round < 5; round++) {
    const controller = new AbortController();
    const waits = Array.from({ length: 50 }, () =>
      writer.sendAsync('y', { signal: controller.signal }),
    );
    controller.abort();
    await Promise.all(waits.map((wait) => assert.rejects(wait, { name: 'AbortError' })));
  }
  assert.equal(waitsOf(b.span), 0);
  assert.deepEqual(drain(b.queue), ['x']);
  const aborted = AbortSignal.abort(new Error('before'));
  await assert.rejects(reader.receiveAsync({ signal: aborted }), /before/);
  await assert.rejects(writer.sendAsync('z', { signal: aborted }), /before/);
  assert.deepEqual(drain(b.queue), []);
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

test('an ended queue is drained, and then readers have ended; sending throws', async () => {
  using b = bench({ capacity: 2, messageMax: 8 });
  using writer = b.queue.writer();
  using reader = b.queue.reader();
  using waiting = b.queue.reader();
  writer.send('a');
  writer.send('b');
  const blocked = writer.sendAsync('c');
  assert.equal(b.queue.ended, false);
  b.queue.end();
  b.queue.end();
  assert.equal(b.queue.ended, true);
  await assert.rejects(blocked, { code: 'ERR_MEMSPAN_PEER_CLOSED' });
  assert.equal(reader.ended, false);
  assert.equal(textOf(reader.receive()), 'a');
  const refusals = [
    () => writer.trySend('d'),
    () => writer.send('d'),
    () => writer.tryClaim(),
    () => writer.claim(),
  ];
  for (const act of refusals) assert.equal(codeOf(act), 'ERR_MEMSPAN_PEER_CLOSED');
  assert.deepEqual(reader.readBatch(9).map(textOf), ['b']);
  assert.equal(reader.receive(), null);
  assert.equal(reader.ended, true);
  assert.equal(await waiting.receiveAsync(), null);
  assert.equal(waiting.tryTake(), null);
  assert.equal(waiting.ended, true);
});

test('closed ends refuse, what they wait for rejects, and others go on', async () => {
  using b = bench({ capacity: 1, messageMax: 8 });
  const writer = b.queue.writer();
  const reader = b.queue.reader();
  const other = b.queue.reader();
  const others = other.receiveAsync();
  const pending = [reader.receiveAsync(), reader.takeAsync()];
  reader.close();
  reader.close();
  await Promise.all(pending.map((wait) => assert.rejects(wait, { code: 'ERR_MEMSPAN_CLOSED' })));
  writer.send('x');
  assert.equal(textOf(await others), 'x');
  writer.send('y');
  const sends = [writer.sendAsync('z'), writer.claimAsync()];
  writer.close();
  await Promise.all(sends.map((wait) => assert.rejects(wait, { code: 'ERR_MEMSPAN_CLOSED' })));
  const acts: (() => unknown)[] = [
    () => writer.trySend('a'),
    () => writer.send('a'),
    () => writer.tryClaim(),
    () => reader.tryReceive(),
    () => reader.receive(),
    () => reader.readBatch(1),
    () => reader.tryTake(),
  ];
  for (const act of acts) assert.equal(codeOf(act), 'ERR_MEMSPAN_CLOSED');
  assert.deepEqual(drain(b.queue), ['y']);
});

test('a closed span ends everything, and what was open in it ends harmlessly', async () => {
  const b = bench({ capacity: 2, messageMax: 8 });
  const writer = b.queue.writer();
  const reader = b.queue.reader();
  writer.send('x');
  const loan = reader.take();
  const claim = writer.claim();
  const pending = b.queue.reader().receiveAsync();
  b.span.close();
  await assert.rejects(pending, { code: 'ERR_MEMSPAN_CLOSED' });
  loan?.release();
  claim.abort();
  const acts = [
    () => writer.trySend('a'),
    () => reader.tryReceive(),
    () => b.queue.counters,
    () => b.queue.end(),
    () => b.queue.writer(),
    () => b.queue.reader(),
  ];
  for (const act of acts) assert.equal(codeOf(act), 'ERR_MEMSPAN_CLOSED');
  writer.close();
  reader.close();
});

test('what is said about a queue is kept, and whoever opens it must mean the same', () => {
  using span = Span.anonymous({ size: 2 ** 20 });
  const refuse = (name: string, options?: unknown): string | undefined =>
    codeOf(() => span.queue(name, options as never));
  assert.equal(refuse('q'), 'ERR_MEMSPAN_NOT_FOUND');
  const queue = span.queue('q', { capacity: 3, messageMax: 5, delivery: 'at-most-once' });
  const same = span.object('q')?.open() as typeof queue;
  assert.deepEqual(
    [same.capacity, same.messageMax, same.delivery, same.name],
    [3, 5, 'at-most-once', 'q'],
  );
  const right = { capacity: 3, messageMax: 5, delivery: 'at-most-once' };
  assert.equal(refuse('q', right), undefined);
  for (const [key, value] of Object.entries({
    capacity: 4,
    messageMax: 6,
    delivery: 'at-least-once',
  })) {
    assert.equal(refuse('q', { ...right, [key]: value }), 'ERR_MEMSPAN_OPTIONS_MISMATCH', key);
  }
  for (const bad of [
    null,
    7,
    {},
    { capacity: 3 },
    { capacity: '3', messageMax: 5 },
    { ...right, delivery: 'once' },
    { ...right, layout: {} },
    { ...right, layout: u32 },
  ]) {
    assert.throws(() => span.queue('new', bad as never), { name: 'TypeError' });
  }
  for (const bad of [0, -1, 1.5, 2 ** 24 + 1, Number.NaN]) {
    assert.equal(refuse('new', { ...right, capacity: bad }), 'ERR_MEMSPAN_OUT_OF_RANGE');
  }
  for (const bad of [-1, 0.5, 2 ** 30 + 1]) {
    assert.equal(refuse('new', { ...right, messageMax: bad }), 'ERR_MEMSPAN_OUT_OF_RANGE');
  }
  assert.equal(refuse('new', { ...right, capacity: 2 ** 24 }), 'ERR_MEMSPAN_NO_SPACE');
  span.mutex('m');
  assert.equal(refuse('m', right), 'ERR_MEMSPAN_OPTIONS_MISMATCH');
});

test('counters tell of depth, high water, messages and bytes', () => {
  using b = bench({ capacity: 4, messageMax: 8 });
  using writer = b.queue.writer();
  for (const text of ['a', 'bb', 'ccc']) writer.send(text);
  using reader = b.queue.reader();
  reader.receive();
  const loan = reader.take();
  const { counters } = b.queue;
  const rest = { highWater: 3, dropped: 0, skipped: 0, redelivered: 0 };
  assert.deepEqual(counters, { depth: 1, sent: 3, received: 1, bytes: 6, ...rest });
  loan?.release();
  assert.equal(b.queue.counters.received, 2);
});

test('ends are streams', async () => {
  using b = bench({ capacity: 2, messageMax: 8 });
  const sink = b.queue.writer().toWeb().getWriter();
  const source = b.queue.reader().toWeb().getReader();
  const wrote = (async () => {
    for (const text of ['a', 'b', 'c', 'd']) await sink.write(text);
    await sink.close();
    b.queue.end();
  })();
  const texts: (string | null)[] = [];
  for (let next = await source.read(); !next.done; next = await source.read()) {
    texts.push(textOf(next.value));
  }
  await wrote;
  assert.deepEqual(texts, ['a', 'b', 'c', 'd']);
});

test('an error is told with the operation and the queue', () => {
  using b = bench({ capacity: 2, messageMax: 8 });
  b.queue.end();
  assert.throws(
    () => b.queue.writer().send('x'),
    (error) => error instanceof MemspanError && error.object === b.queue.fullName,
  );
});
