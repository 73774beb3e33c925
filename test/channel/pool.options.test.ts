// What a pool is made as: lengths of messages, options, layouts; and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, f64, type Pool, Span, struct, u32 } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

const SIZE = 100;

const make = (): Span => Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });

test('lengths: 0, 1, odd, a whole chunk; a larger one is refused with both numbers', () => {
  using span = make();
  const pool = span.pool('p', { chunks: 2, chunkSize: SIZE });
  const [writer, reader] = [pool.writer(), pool.reader()];
  for (const length of [0, 1, 33, SIZE]) {
    const loan = writer.loan({ length });
    assert.equal(loan.bytes.length, length);
    loan.bytes.fill(length);
    assert.equal(loan.publish(), 1);
    assert.deepEqual(reader.receive(), new Uint8Array(length).fill(length));
    assert.equal(writer.trySend(new Uint8Array(length).fill(7)), true);
    assert.deepEqual(reader.receive(), new Uint8Array(length).fill(7));
    // Shorter than what was asked for, or longer.
    writer.loan({ length: 5 }).publish(length);
    assert.equal(reader.receive()?.length, length);
  }
  const tooLong = new Uint8Array(SIZE + 1);
  const loan = writer.loan();
  for (const act of [
    () => writer.tryLoan(SIZE + 1),
    () => writer.loan({ length: SIZE + 1 }),
    () => loan.publish(SIZE + 1),
    () => writer.trySend(tooLong),
    () => writer.send(tooLong),
  ]) {
    assert.throws(act, { name: 'RangeError', message: /\b100\b.*\b101\b/ });
  }
  for (const length of [-1, 1.5, Number.NaN]) {
    assert.throws(() => loan.publish(length), { code: 'ERR_MEMSPAN_OUT_OF_RANGE' });
  }
  assert.ok(loan.held, 'what is refused leaves it as it was');
  loan.abort();
  assert.equal(pool.counters.free, 2);
});

test('misuse is told before anything is touched', async () => {
  using span = make();
  const open = (options: unknown) => () => span.pool('p', options as never);
  const invalid = { code: 'ERR_MEMSPAN_INVALID_ARGUMENT' };
  const range = { code: 'ERR_MEMSPAN_OUT_OF_RANGE' };
  for (const options of [
    null,
    3,
    { chunks: 3 },
    { chunkSize: 3 },
    { readers: 3 },
    { chunks: '3', chunkSize: 3 },
    { chunks: 3, chunkSize: 3, layout: u32 },
    { chunks: 3, layout: u32 },
    { chunks: 3, layout: {} },
    { trackLoans: 1 },
  ]) {
    assert.throws(open(options), invalid, JSON.stringify(options));
  }
  for (const options of [
    { chunks: 0, chunkSize: 3 },
    { chunks: 4097, chunkSize: 3 },
    { chunks: 1.5, chunkSize: 3 },
    { chunks: 3, chunkSize: 0 },
    { chunks: 3, chunkSize: 2 ** 31 },
    { chunks: 3, chunkSize: 3, readers: 0 },
    { chunks: 3, chunkSize: 3, readers: 16 },
  ]) {
    assert.throws(open(options), range, JSON.stringify(options));
  }
  assert.throws(open(undefined), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  assert.throws(open({ layout: struct({ a: u32 }) }), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  assert.throws(open({ chunks: 9, chunkSize: 2 ** 20 }), { code: 'ERR_MEMSPAN_NO_SPACE' });
  assert.deepEqual(span.objects(), []);
  const pool = span.pool('p', { chunks: 3, chunkSize: SIZE, readers: 2 });
  const writer = pool.writer();
  assert.throws(() => writer.loan({ timeoutMs: -1 }), range);
  assert.throws(() => writer.loan('x' as never), invalid);
  assert.throws(() => writer.trySend(3 as never), invalid);
  await assert.rejects(writer.loanAsync({ signal: 3 as never }), invalid);
  assert.throws(() => pool.reader().readBatch(0), range);
  assert.equal(pool.counters.free, 3);
});

test('a pool is what it was made as: others are refused, with both', () => {
  using span = make();
  const shape = { chunks: 3, chunkSize: SIZE, readers: 2 };
  const pool = span.pool('p', shape);
  for (const other of [
    { ...shape, chunks: 2 },
    { ...shape, chunkSize: SIZE + 1 },
    { ...shape, readers: 3 },
  ]) {
    assert.throws(() => span.pool('p', other), {
      code: 'ERR_MEMSPAN_OPTIONS_MISMATCH',
      expected: other,
      found: shape,
    });
  }
  const again = span.object('p')?.open() as Pool;
  assert.deepEqual([again.chunks, again.chunkSize, again.readersMax], [3, SIZE, 2]);
  assert.equal(again.fullName, pool.fullName);
  span.mutex('m');
  assert.throws(() => span.pool('m'), { code: 'ERR_MEMSPAN_OPTIONS_MISMATCH' });
  const Pose = struct({ at: array(f64, 3), frame: u32 });
  span.pool('poses', { chunks: 2, layout: Pose });
  assert.throws(() => span.pool('poses', { chunks: 2, layout: struct({ at: array(f64, 3) }) }), {
    code: 'ERR_MEMSPAN_LAYOUT_MISMATCH',
  });
  assert.throws(() => span.pool('poses', { chunks: 2, chunkSize: Pose.size }), {
    code: 'ERR_MEMSPAN_LAYOUT_MISMATCH',
  });
  assert.throws(() => span.pool('p', { layout: Pose }), { code: 'ERR_MEMSPAN_LAYOUT_MISMATCH' });
});

test('values of a layout: filled, read and copied in place', () => {
  using span = make();
  const Pose = struct({ at: array(f64, 3), frame: u32 });
  const pool = span.pool('poses', { chunks: 2, layout: Pose });
  const [writer, reader] = [pool.writer(), span.pool('poses', { layout: Pose }).reader()];
  const loan = writer.loan();
  loan.value.frame = 7;
  loan.value.at.set(1, 2.5);
  loan.publish();
  {
    using taken = reader.take();
    assert.equal(taken?.value.frame, 7);
    assert.equal(taken?.value.at.get(1), 2.5);
    assert.equal(taken?.bytes.length, Pose.size);
  }
  writer.send({ at: [1, 2, 3], frame: 8 });
  assert.deepEqual(reader.receive(), { at: [1, 2, 3], frame: 8 });
  assert.throws(() => writer.trySend({ at: [1, 2], frame: 8 }), { code: /ERR_MEMSPAN/ });
  assert.throws(() => writer.tryLoan(3), { name: 'RangeError', message: /32 bytes, not 3/ });
  const stored = span.pool('poses') as object as Pool<unknown, unknown, { frame: number }>;
  const other = stored.reader();
  writer.send({ at: [1, 2, 3], frame: 9 });
  assert.equal(other.take()?.value.frame, 9);
  assert.equal(pool.counters.free, 1);
});
