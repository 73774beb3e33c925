// The ends of a queue: waiting, giving up, the end, closing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from '../../src/index.ts';
import { codeOf } from '../support/segments.ts';
import { bench, drain, textOf } from './queues.ts';

const waitsOf = (span: Span): number =>
  span.threads().reduce((sum, { waitingOn }) => sum + waitingOn.length, 0);

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

test('a message that is passed over, released or the last one is no news to who has just looked', async () => {
  using b = bench({ capacity: 2, messageMax: 8 });
  using writer = b.queue.writer();
  using reader = b.queue.reader();
  const received: string[] = [];
  const reading = (async () => {
    for (
      let next = await reader.receiveAsync();
      next !== null;
      next = await reader.receiveAsync()
    ) {
      received.push(textOf(next) as string);
    }
  })();
  const sending = (async () => {
    for (let i = 0; i < 100; i++) {
      // Claims that are given up stand in the way of both.
      const claims = [await writer.claimAsync(), await writer.claimAsync()];
      const sends = [
        writer.sendAsync(`a${i}`),
        writer.sendAsync(`b${i}`),
        writer.sendAsync(`c${i}`),
      ];
      for (const claim of claims) claim?.abort();
      await Promise.all(sends);
    }
    b.queue.end();
  })();
  await Promise.all([reading, sending]);
  const due = Array.from({ length: 100 }, (_, i) => [`a${i}`, `b${i}`, `c${i}`]).flat();
  assert.deepEqual(received, due);
});
