// A pool's ends in one thread: who gets what, what closing gives back, the end, loops and streams, counters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Loan, Span } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

const SIZE = 100;

const make = (): Span => Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });

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
  assert.equal(writer.loan().publish(), 1);
});
