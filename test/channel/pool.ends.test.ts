// A pool's ends, in one thread: what each call does in every state, lengths, views, closing, streams.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import {
  array,
  f64,
  type Loan,
  type Pool,
  type PoolReader,
  type PoolWriter,
  Span,
  struct,
  type Taken,
  u32,
} from '../../src/index.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

const SIZE = 100;

const make = (): Span => Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });

interface Subject {
  readonly span: Span;
  readonly pool: Pool;
  readonly writer: PoolWriter<Uint8Array, Uint8Array | string, undefined>;
  readonly reader: PoolReader<Uint8Array, Uint8Array | string, undefined>;
  readonly loan: Loan;
  readonly taken: Taken;
}

const acts: Record<string, (subject: Subject) => unknown> = {
  'pool.writer': ({ pool }) => pool.writer().close(),
  'pool.reader': ({ pool }) => pool.reader().close(),
  'pool.counters': ({ pool }) => pool.counters,
  'pool.used': ({ pool }) => pool.used,
  'pool.leaks': ({ pool }) => pool.leaks,
  'writer.tryLoan': ({ writer }) => writer.tryLoan(),
  'writer.loan': ({ writer }) => writer.loan({ timeoutMs: 0 }),
  'writer.loanAsync': ({ writer }) => writer.loanAsync({ timeoutMs: 0 }),
  'writer.trySend': ({ writer }) => writer.trySend('x'),
  'writer.send': ({ writer }) => writer.send('x', { timeoutMs: 0 }),
  'writer.sendAsync': ({ writer }) => writer.sendAsync('x', { timeoutMs: 0 }),
  'writer.close': ({ writer }) => writer.close(),
  'reader.tryTake': ({ reader }) => reader.tryTake(),
  'reader.take': ({ reader }) => reader.take({ timeoutMs: 0 }),
  'reader.takeAsync': ({ reader }) => reader.takeAsync({ timeoutMs: 0 }),
  'reader.tryReceive': ({ reader }) => reader.tryReceive(),
  'reader.receive': ({ reader }) => reader.receive({ timeoutMs: 0 }),
  'reader.receiveAsync': ({ reader }) => reader.receiveAsync({ timeoutMs: 0 }),
  'reader.readBatch': ({ reader }) => reader.readBatch(3),
  'reader.ended': ({ reader }) => reader.ended,
  'reader.close': ({ reader }) => reader.close(),
  'loan.bytes': ({ loan }) => loan.bytes,
  'loan.plainBytes': ({ loan }) => loan.plainBytes,
  'loan.value': ({ loan }) => loan.value,
  'loan.publish': ({ loan }) => loan.publish(),
  'loan.abort': ({ loan }) => loan.abort(),
  'taken.bytes': ({ taken }) => taken.bytes,
  'taken.plainBytes': ({ taken }) => taken.plainBytes,
  'taken.value': ({ taken }) => taken.value,
  'taken.release': ({ taken }) => taken.release(),
};

const states: Record<string, (subject: Subject) => void> = {
  open: () => {},
  published({ loan, taken }) {
    loan.publish();
    taken.release();
  },
  aborted({ loan, taken }) {
    loan.abort();
    taken.release();
  },
  endsClosed({ writer, reader }) {
    writer.close();
    reader.close();
  },
  spanClosed: ({ span }) => span.close(),
  truncated: ({ span }) => fs.truncateSync(shmPath(span.name as string), 0),
};

/**
 * One line per call, one column per state: `ok`, or the code that is thrown, less ERR_MEMSPAN_. That memory was cut short is
 * seen by who reads or writes it.
 */
const [header = [], ...rows] = `
  .                    open  published  aborted  endsClosed  spanClosed  truncated
  pool.writer          ok    ok         ok       ok          CLOSED      TRUNCATED
  pool.reader          ok    ok         ok       ok          CLOSED      TRUNCATED
  pool.counters        ok    ok         ok       ok          CLOSED      TRUNCATED
  pool.used            ok    ok         ok       ok          CLOSED      TRUNCATED
  pool.leaks           ok    ok         ok       ok          ok          ok
  writer.tryLoan       ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.loan          ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.loanAsync     ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.trySend       ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.send          ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.sendAsync     ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.close         ok    ok         ok       ok          ok          ok
  reader.tryTake       ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.take          ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.takeAsync     ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.tryReceive    ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.receive       ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.receiveAsync  ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.readBatch     ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.ended         ok    ok         ok       ok          ok          ok
  reader.close         ok    ok         ok       ok          ok          ok
  loan.bytes           ok    CLOSED     CLOSED   CLOSED      CLOSED      ok
  loan.plainBytes      ok    CLOSED     CLOSED   CLOSED      CLOSED      ok
  loan.value           ok    CLOSED     CLOSED   CLOSED      ok          ok
  loan.publish         ok    CLOSED     CLOSED   CLOSED      CLOSED      TRUNCATED
  loan.abort           ok    ok         ok       ok          ok          ok
  taken.bytes          ok    CLOSED     CLOSED   CLOSED      CLOSED      ok
  taken.plainBytes     ok    CLOSED     CLOSED   CLOSED      CLOSED      ok
  taken.value          ok    CLOSED     CLOSED   CLOSED      ok          ok
  taken.release        ok    ok         ok       ok          ok          ok`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));

for (const [column, state] of header.slice(1).entries()) {
  test(`what the ends of a pool can do that is ${state}`, async () => {
    for (const [what = '', ...outcomes] of rows) {
      using span = make();
      const pool = span.pool('p', { chunks: 3, chunkSize: SIZE });
      const [writer, reader] = [pool.writer(), pool.reader()];
      writer.send('one');
      const taken = reader.take() as Taken;
      const loan = writer.loan();
      const subject = { span, pool, writer, reader, loan, taken };
      states[state]?.(subject);
      let code = 'ok';
      try {
        await acts[what]?.(subject);
      } catch (error) {
        code = (error as { code: string }).code.replace('ERR_MEMSPAN_', '');
      }
      // A name whose file was cut short is not removed by the last who leaves.
      if (state === 'truncated') Span.unlink(span.name as string);
      assert.equal(code, outcomes[column], `${what} of a pool that is ${state}`);
    }
  });
}

test('the table knows every call', () => {
  assert.deepEqual(
    rows.map(([what]) => what),
    Object.keys(acts),
  );
  assert.deepEqual(header.slice(1), Object.keys(states));
});

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

test('plainBytes are the same memory', () => {
  using span = make();
  const pool = span.pool('p', { chunks: 2, chunkSize: SIZE });
  const [writer, reader] = [pool.writer(), pool.reader()];
  const loan = writer.loan({ length: 10 });
  loan.plainBytes.fill(3);
  assert.deepEqual(loan.bytes, new Uint8Array(loan.bytes.buffer, loan.bytes.byteOffset, 10));
  assert.deepEqual([...loan.bytes], Array(10).fill(3));
  loan.publish();
  using taken = reader.take();
  assert.ok(taken?.plainBytes.buffer instanceof ArrayBuffer);
  assert.deepEqual([...(taken?.plainBytes ?? [])], Array(10).fill(3));
});

test('using gives back what was not published, and releases what was taken', () => {
  using span = make();
  const pool = span.pool('p', { chunks: 1, chunkSize: SIZE });
  using writer = pool.writer();
  using reader = pool.reader();
  {
    using loan = writer.loan();
    loan.bytes[0] = 1;
    assert.equal(writer.tryLoan(), null);
  }
  {
    using loan = writer.loan();
    loan.publish();
  }
  assert.equal(writer.tryLoan(), null);
  {
    using taken = reader.take();
    assert.equal(taken?.sequence, 0);
  }
  assert.equal(pool.counters.free, 1);
  assert.equal(writer.loan().publish(), 1);
  assert.equal(reader.take()?.sequence, 1);
});

test('a message goes to every reader that is there, and to none that comes later', () => {
  using span = make();
  const pool = span.pool('p', { chunks: 2, chunkSize: SIZE, readers: 2 });
  using writer = pool.writer();
  assert.equal(writer.loan().publish(), 0);
  assert.equal(pool.counters.free, 2, 'nobody listens');
  using first = pool.reader();
  writer.send('first');
  using second = pool.reader();
  writer.send('second');
  assert.throws(() => pool.reader(), { code: 'ERR_MEMSPAN_LIMIT', expected: 2 });
  assert.equal(writer.trySend('third'), false);
  const text = (message: Uint8Array): string => Buffer.from(message).toString();
  assert.deepEqual(first.readBatch(9).map(text), ['first', 'second']);
  assert.equal(pool.counters.free, 1);
  assert.deepEqual(second.readBatch(9).map(text), ['second']);
  assert.equal(pool.counters.free, 2);
});

test('an end that is closed gives back all it had, and its seat', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 3, chunkSize: SIZE, readers: 1 });
  const writer = pool.writer();
  const reader = pool.reader();
  writer.send('taken');
  writer.send('pending');
  const taken = reader.take();
  const loan = writer.loan();
  const waits = [writer.loanAsync(), writer.loanAsync({ signal: new AbortController().signal })];
  reader.close();
  const late = (await waits[0]) as Loan;
  assert.ok(late.held);
  assert.equal(taken?.held, false);
  const other = pool.reader();
  (await waits[1])?.publish();
  assert.equal(other.take()?.sequence, 2);
  const pending = writer.loanAsync();
  using third = pool.writer();
  writer.close();
  await assert.rejects(pending, { code: 'ERR_MEMSPAN_CLOSED' });
  assert.deepEqual([loan.held, late.held], [false, false]);
  assert.equal(pool.counters.free, 2);
  const waiting = other.takeAsync();
  other.close();
  await assert.rejects(waiting, { code: 'ERR_MEMSPAN_CLOSED' });
  assert.equal(third.loan().publish(), 0);
  assert.equal(pool.counters.free, 3);
});

test('a reader hears when all writers have closed: it takes what is left, and has ended', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 3, chunkSize: SIZE });
  const reader = pool.reader();
  assert.equal(reader.take({ timeoutMs: 1 }), null);
  assert.equal(reader.ended, false, 'before there was a writer it waits for one');
  const [one, two] = [pool.writer(), pool.writer()];
  one.send('last');
  one.close();
  const waiting = reader.takeAsync();
  (await waiting)?.release();
  assert.equal(reader.take({ timeoutMs: 1 }), null);
  assert.equal(reader.ended, false, 'one writes still');
  const late = reader.takeAsync();
  two.close();
  assert.deepEqual([await late, reader.ended], [null, true]);
  assert.deepEqual([reader.take(), reader.tryTake(), reader.ended], [null, null, true]);
  const third = pool.writer();
  third.send('again');
  assert.equal(reader.take()?.length, 5);
  assert.equal(reader.ended, false, 'a writer that comes later is heard');
  third.close();
  assert.deepEqual([reader.tryTake(), reader.ended], [null, true]);
  // What was before it came is no concern of a new reader.
  const next = pool.reader();
  assert.deepEqual([next.take({ timeoutMs: 1 }), next.ended], [null, false]);
});

test('for await gives each message in place, and releases it when the next is asked for', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 2, chunkSize: SIZE });
  const reader = pool.reader();
  const writer = pool.writer();
  const sending = (async () => {
    for (let i = 0; i < 20; i++) await writer.sendAsync(new Uint8Array([i]));
    writer.close();
  })();
  const seen: number[] = [];
  for await (const taken of reader) {
    assert.ok(pool.counters.taken === 1 && taken.held);
    seen.push(taken.bytes[0] as number);
  }
  await sending;
  assert.deepEqual(seen, [...Array(20).keys()]);
  assert.equal(pool.counters.free, 2);
  const other = pool.writer();
  other.send('x');
  for await (const taken of reader) {
    assert.ok(taken.held);
    break;
  }
  assert.equal(pool.counters.free, 2, 'leaving the loop releases, too');
});

test('the ends as streams, of copies', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 2, chunkSize: SIZE });
  for (const kind of ['web', 'node'] as const) {
    const reader = pool.reader();
    const writer = pool.writer();
    const pumping = (async () => {
      if (kind === 'web') {
        const stream = writer.toWeb().getWriter();
        for (const text of ['a', 'bb', 'ccc']) await stream.write(Buffer.from(text));
        await stream.close();
      } else {
        const stream = writer.toNode();
        for (const text of ['a', 'bb', 'ccc']) stream.write(text);
        stream.end();
      }
    })();
    let found = '';
    const stream = kind === 'web' ? reader.toWeb() : reader.toNode();
    for await (const chunk of stream) found += Buffer.from(chunk).toString();
    await pumping;
    assert.equal(found, 'abbccc');
    assert.ok(reader.closed && writer.closed);
  }
  assert.equal(pool.counters.free, 2);
});

test('counters and users of chunks, from outside', () => {
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close', as: 'maker', size: 2 ** 18 });
  const pool = span.pool('p', { chunks: 5, chunkSize: SIZE, readers: 3 });
  using writer = pool.writer();
  const [first, second] = [pool.reader(), pool.reader()];
  for (const text of ['one', 'three', 'five']) writer.send(text);
  first.receive();
  const taken = first.take();
  const loan = writer.loan();
  const { readers, ...counters } = pool.counters;
  assert.deepEqual(counters, {
    chunks: 5,
    free: 1,
    loaned: 1,
    published: 3,
    taken: 1,
    depth: 3,
    highWater: 4,
    sent: 3,
    received: 2,
    bytes: 12,
    dropped: 0,
  });
  const { pid } = process;
  const mine = { name: 'maker', pid };
  assert.deepEqual(readers, [
    { ...mine, lag: 1, taken: 1 },
    { ...mine, lag: 3, taken: 0 },
  ]);
  const pending = { ...mine, what: 'pending' };
  assert.deepEqual(pool.used, [
    { chunk: 0, sequence: 0, length: 3, holders: [pending] },
    { chunk: 1, sequence: 1, length: 5, holders: [{ ...mine, what: 'taken' }, pending] },
    { chunk: 2, sequence: 2, length: 4, holders: [pending, pending] },
    { chunk: 3, sequence: undefined, length: undefined, holders: [{ ...mine, what: 'loan' }] },
  ]);
  taken?.release();
  loan.abort();
  first.close();
  second.close();
  assert.equal(pool.counters.free, 5);
  assert.deepEqual([pool.counters.readers, pool.used], [[], []]);
});

test('what is waited for has a name', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 1, chunkSize: SIZE });
  using writer = pool.writer();
  using reader = pool.reader();
  const loan = writer.loan();
  const controller = new AbortController();
  const { signal } = controller;
  const waits = [writer.loanAsync({ signal }), reader.takeAsync({ signal })];
  const names = span.threads()[0]?.waitingOn.map((wait) => wait.name);
  assert.deepEqual(names, ['p', 'p+320']);
  controller.abort();
  for (const { status } of await Promise.allSettled(waits)) assert.equal(status, 'rejected');
  assert.deepEqual(span.threads()[0]?.waitingOn, []);
  loan.abort();
  assert.equal(
    codeOf(() => writer.loan().publish()),
    undefined,
  );
});
