// What is said about a queue when it is opened, and what its counters and errors say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemspanError, Span, u32 } from '../../src/index.ts';
import { codeOf } from '../support/segments.ts';
import { bench } from './queues.ts';

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

test('an error is told with the operation and the queue', () => {
  using b = bench({ capacity: 2, messageMax: 8 });
  b.queue.end();
  assert.throws(
    () => b.queue.writer().send('x'),
    (error) => error instanceof MemspanError && error.object === b.queue.fullName,
  );
});
