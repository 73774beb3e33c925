// What a newest value does in one thread: publishing, reading, loans, what is new to a reader, options.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  f64,
  type Latest,
  type LatestReader,
  type Message,
  Span,
  struct,
  u32,
  utf8,
} from '../../src/index.ts';
import { codeOf, uniqueName } from '../support/segments.ts';

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

test('a loan is the place of the next value: nobody sees it before it is committed', () => {
  using span = makeSpan();
  const pose = span.latest('pose', Pose);
  const writer = pose.writer();
  writer.publish(here);
  const loan = writer.claim();
  assert.equal(loan.value.x, 1.5, 'it begins as the newest value');
  assert.equal(loan.value.name, 'one');
  loan.value.x = 7;
  loan.value.trail.set(1, 9);
  assert.deepEqual(pose.read(), here);
  loan.commit();
  assert.deepEqual(pose.read(), { ...here, x: 7, trail: [1, 9] });
  // Fields in place, again and again, through all buffers.
  for (let i = 0; i < 100; i++) {
    using next = writer.claim();
    next.value.y = i;
    next.commit();
  }
  assert.deepEqual(pose.read(), { ...here, x: 7, y: 99, trail: [1, 9] });
  assert.equal(pose.sequence, 102);
});

test('a loan that is not committed was nothing', () => {
  using span = makeSpan();
  const pose = span.latest('pose', Pose);
  const writer = pose.writer();
  writer.publish(here);
  {
    using loan = writer.claim();
    loan.value.x = 7;
  }
  const loan = writer.claim();
  assert.equal(loan.value.x, 1.5);
  loan.value.x = 8;
  loan.abort();
  loan.abort();
  assert.throws(() => loan.commit(), { code: 'ERR_MEMSPAN_NOT_HELD' });
  assert.throws(() => loan.value, { code: 'ERR_MEMSPAN_NOT_HELD' });
  assert.throws(() => loan.bytes, { code: 'ERR_MEMSPAN_NOT_HELD' });
  assert.deepEqual(pose.read(), here);
  writer.publish({ ...here, x: 3 });
  assert.throws(() => loan.commit(), { code: 'ERR_MEMSPAN_NOT_HELD' });
  assert.equal(pose.read()?.x, 3);
});

test('while a loan is out there is no other, nor anything to publish', () => {
  using span = makeSpan();
  const latest = span.latest('x', { size: 4 });
  const writer = latest.writer();
  const loan = writer.claim();
  assert.throws(() => writer.claim(), { code: 'ERR_MEMSPAN_BUSY' });
  assert.throws(() => writer.publish('one'), { code: 'ERR_MEMSPAN_BUSY' });
  loan.commit(0);
  writer.publish('one');
  assert.equal(text(latest.read()), 'one');
});

test('bytes in a loan: zeros at first, then the newest value and zeros; or whatever lies there', () => {
  using span = makeSpan();
  const latest = span.latest('x', { size: 8, buffers: 2 });
  const writer = latest.writer();
  const first = writer.claim();
  assert.deepEqual([...first.bytes], [0, 0, 0, 0, 0, 0, 0, 0]);
  first.bytes.set([1, 2, 3, 4, 5, 6, 7, 8]);
  assert.throws(() => first.commit(9), { name: 'RangeError' });
  assert.throws(() => first.commit(0.5), { name: 'RangeError' });
  first.commit();
  writer.publish(new Uint8Array([9, 9]));
  const second = writer.claim();
  assert.deepEqual([...second.bytes], [9, 9, 0, 0, 0, 0, 0, 0]);
  second.commit(1);
  assert.deepEqual(latest.read(), new Uint8Array([9]));
  const third = writer.claim({ prefill: false });
  assert.deepEqual([...third.value.subarray(0, 2)], [9, 9], 'from two values ago');
  third.abort();
  assert.throws(() => writer.claim({ prefill: 1 as never }), { name: 'TypeError' });
});

test('a loan of a layout has its size', () => {
  using span = makeSpan();
  const pose = span.latest('pose', Pose);
  const writer = pose.writer();
  const loan = writer.claim();
  assert.throws(() => loan.commit(8), { name: 'RangeError' });
  loan.commit();
  assert.equal(pose.read()?.x, 0);
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

test('closing gives a loan back', () => {
  using span = makeSpan();
  const latest = span.latest('x', { size: 4 });
  const writer = latest.writer();
  const loan = writer.claim();
  writer.close();
  assert.throws(() => loan.commit(), { code: 'ERR_MEMSPAN_CLOSED' });
  loan.abort();
  assert.equal(latest.read(), null);
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

test('opened by its name alone it is what it was made as', () => {
  using span = makeSpan();
  assert.throws(() => span.latest('pose'), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  const writer = span.latest('pose', { layout: Pose, buffers: 4 }).writer();
  writer.publish(here);
  const pose = span.latest('pose');
  assert.deepEqual(pose.read(), here);
  assert.deepEqual([pose.size, pose.buffers, pose.name], [Pose.size, 4, 'pose']);
  assert.equal(pose.fullName, `${span.name}/pose`);
  const object = span.object('pose');
  assert.ok(object !== undefined);
  assert.equal(object.kind, 'latest');
  assert.deepEqual((object.open() as Latest<unknown>).read(), here);
  // How many buffers there are is not for everybody to know.
  assert.equal(span.latest('pose', Pose).buffers, 4);
});

test('opened as something else: an error that says what it is', () => {
  using span = makeSpan();
  span.latest('x', { size: 8 });
  span.latest('pose', Pose);
  span.mutex('m');
  const mismatch = 'ERR_MEMSPAN_OPTIONS_MISMATCH';
  assert.equal(
    codeOf(() => span.latest('x', { size: 9 })),
    mismatch,
  );
  assert.equal(
    codeOf(() => span.latest('x', { size: 8, buffers: 4 })),
    mismatch,
  );
  assert.equal(
    codeOf(() => span.latest('m', { size: 8 })),
    mismatch,
  );
  const other = struct({ x: f64, y: f64, name: utf8(8), trail: array(f64, 1) });
  assert.equal(other.size, Pose.size);
  assert.equal(
    codeOf(() => span.latest('pose', other)),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
  assert.equal(
    codeOf(() => span.latest('pose', { size: Pose.size })),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
  assert.equal(
    codeOf(() => span.latest('huge', { size: 2 ** 27 })),
    'ERR_MEMSPAN_NO_SPACE',
  );
});

test('arguments that are none', () => {
  using span = makeSpan();
  for (const [given, name] of [
    [null, 'TypeError'],
    [5, 'TypeError'],
    [{}, 'TypeError'],
    [{ size: '5' }, 'TypeError'],
    [{ layout: 5 }, 'TypeError'],
    [{ layout: Pose, size: 5 }, 'TypeError'],
    [{ size: 5, buffers: '4' }, 'TypeError'],
    [{ size: 0 }, 'RangeError'],
    [{ size: 1.5 }, 'RangeError'],
    [{ size: Number.NaN }, 'RangeError'],
    [{ size: 2 ** 28 }, 'RangeError'],
    [{ size: 5, buffers: 3 }, 'RangeError'],
    [{ size: 5, buffers: 1 }, 'RangeError'],
    [{ size: 5, buffers: 2048 }, 'RangeError'],
    [{ size: 5, buffers: 0 }, 'RangeError'],
    [{ size: 5, buffers: -4 }, 'RangeError'],
  ] as const) {
    assert.throws(() => span.latest('x', given as never), { name }, JSON.stringify(given));
  }
  assert.throws(() => span.latest('', { size: 5 }), { name: 'TypeError' });
  assert.deepEqual(span.objects(), [], 'nothing was made');
  const reader = span.latest('x', { size: 5 }).reader();
  assert.throws(() => reader.receive({ timeoutMs: -1 }), { name: 'RangeError' });
  assert.throws(() => reader.receive({ timeoutMs: '1' as never }), { name: 'TypeError' });
});

test('what is published and read, by type', () => {
  using span = makeSpan();
  const bytes: Latest<Uint8Array, Message, Uint8Array> = span.latest('b', { size: 4 });
  const poses: LatestReader<{ x: number; y: number; name: string; trail: number[] }> = span
    .latest('p', { layout: Pose })
    .reader();
  assert.equal(bytes.read() ?? poses.tryReceive(), null);
  const writer = span.latest('p', Pose).writer();
  // @ts-expect-error: a member is missing.
  assert.throws(() => writer.publish({ x: 1 }), { name: 'TypeError' });
  // @ts-expect-error: a number is no message.
  assert.throws(() => bytes.writer().publish(1), { name: 'TypeError' });
});
