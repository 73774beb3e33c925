// What a newest value does in one thread: publishing, reading, what is new to a reader, one writer after the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, f64, Span, struct, u32, utf8 } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

const Pose = struct({ x: f64, y: f64, name: utf8(8), trail: array(u32, 2) });
const here = { x: 1.5, y: -2, name: 'one', trail: [1, 2] };

function makeSpan(): Span {
  return Span.create(uniqueName(), { lifetime: 'last-close' });
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

test('the newest value of a layout: nothing at first, then what was published last', () => {
  using span = makeSpan();
  const pose = span.latest('pose', Pose);
  assert.equal(pose.read(), null);
  assert.equal(pose.sequence, 0);
  const writer = pose.writer();
  writer.publish(here);
  // Types, too: it is no `any`.
  const read: { x: number; y: number; name: string; trail: number[] } | null = pose.read();
  assert.deepEqual(read, here);
  for (let x = 0; x < 100; x++) writer.publish({ ...here, x });
  assert.deepEqual(pose.read(), { ...here, x: 99 });
  assert.equal(pose.sequence, 101);
  assert.equal(writer.sequence, 101);
  assert.deepEqual(pose.counters, { sent: 101, bytes: 101 * Pose.size });
});

test('bytes: any number up to the size, none as well, and text', () => {
  using span = makeSpan();
  const latest = span.latest('status', { size: 5 });
  const writer = latest.writer();
  const target = new Uint8Array(6);
  assert.equal(latest.readInto(target), -1);
  for (const message of ['abcde', 'xyz', '', 'é']) {
    writer.publish(message);
    assert.equal(text(latest.read()), message);
    const length = latest.readInto(target);
    assert.equal(text(target.subarray(0, length)), message);
  }
  writer.publish(new Uint8Array([1, 2, 3]));
  assert.deepEqual(latest.read(), new Uint8Array([1, 2, 3]));
  assert.deepEqual(latest.counters, { sent: 5, bytes: 13 });
  assert.throws(() => writer.publish('abcdef'), {
    name: 'RangeError',
    code: 'ERR_MEMSPAN_OUT_OF_RANGE',
  });
  assert.throws(() => writer.publish(5 as never), { code: 'ERR_MEMSPAN_INVALID_ARGUMENT' });
  assert.throws(() => latest.readInto(new Uint8Array(2)), { name: 'RangeError' });
  assert.throws(() => latest.readInto([] as never), { name: 'TypeError' });
  assert.equal(latest.sequence, 5, 'what cannot be published was not');
});

test('what is read is the reader’s own', () => {
  using span = makeSpan();
  const latest = span.latest('x', { size: 4 });
  const writer = latest.writer();
  writer.publish('one');
  const first = latest.read() as Uint8Array;
  for (let i = 0; i < 100; i++) writer.publish('two');
  assert.equal(text(first), 'one');
});

test('values of each length around words and buffers, whole', () => {
  using span = makeSpan();
  for (const size of [1, 3, 4, 7, 8, 47, 48, 49, 64, 1000, 65537]) {
    const latest = span.latest(`s${size}`, { size });
    const writer = latest.writer();
    for (const length of [size, size - 1, 0, size]) {
      for (let n = 0; n < 2 * latest.buffers; n++) {
        const value = new Uint8Array(length).map((_, i) => i * 7 + n);
        writer.publish(value);
        assert.deepEqual(latest.read(), value);
      }
    }
    writer.close();
  }
});

test('a reader takes what is new to it, once; what was replaced before it came is counted', () => {
  using span = makeSpan();
  const latest = span.latest('x', { size: 4 });
  const writer = latest.writer();
  const early = latest.reader();
  assert.equal(early.tryReceive(), null);
  for (const message of ['a', 'b', 'c']) writer.publish(message);
  const late = latest.reader();
  assert.equal(text(early.tryReceive()), 'c');
  assert.equal(early.missed, 2);
  assert.equal(text(late.tryReceive()), 'c');
  assert.equal(late.missed, 0, 'it was not there');
  for (const reader of [early, late]) assert.equal(reader.tryReceive(), null);
  writer.publish('d');
  assert.deepEqual(early.readBatch(10).map(text), ['d']);
  assert.deepEqual(early.readBatch(), []);
  for (const message of ['e', 'f', 'g']) writer.publish(message);
  assert.equal(text(late.tryReceive()), 'g');
  assert.equal(late.missed, 3);
  assert.equal(late.sequence, 7);
  assert.equal(early.sequence, 4);
  assert.equal(early.missed, 2, 'counted when it takes the next one');
});

test('one writer at a time: the next one goes on from the newest value', () => {
  using span = makeSpan();
  const latest = span.latest('x', { size: 4 });
  const first = latest.writer();
  assert.throws(() => latest.writer(), { code: 'ERR_MEMSPAN_BUSY' });
  assert.throws(() => span.latest('x').writer(), { code: 'ERR_MEMSPAN_BUSY' });
  first.publish('a');
  first.close();
  first.close();
  assert.throws(() => first.publish('b'), { code: 'ERR_MEMSPAN_CLOSED' });
  assert.throws(() => first.claim(), { code: 'ERR_MEMSPAN_CLOSED' });
  assert.equal(text(latest.read()), 'a');
  using second = latest.writer();
  assert.equal(second.sequence, 1);
  second.publish('bb');
  assert.deepEqual(latest.counters, { sent: 2, bytes: 3 });
});

test('a reader whose writer has closed has ended once it has the last value, until there is another writer', () => {
  using span = makeSpan();
  const latest = span.latest('x', { size: 4 });
  const reader = latest.reader();
  const writer = latest.writer();
  assert.equal(reader.tryReceive(), null);
  assert.equal(reader.ended, false);
  writer.publish('a');
  writer.close();
  assert.equal(text(reader.receive()), 'a');
  assert.equal(reader.ended, false);
  assert.equal(reader.receive(), null);
  assert.equal(reader.ended, true);
  assert.deepEqual(reader.readBatch(3), []);
  const next = latest.writer();
  assert.equal(reader.receive({ timeoutMs: 1 }), null);
  assert.equal(reader.ended, false, 'timed out');
  next.publish('b');
  assert.equal(text(reader.receive()), 'b');
});
