// The loans of a newest value's writer: filled in place, seen when they are committed and not before.
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
