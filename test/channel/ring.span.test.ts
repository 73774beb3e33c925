// Rings in a span: by name, whose the ends are, and how an end is taken anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring, Span, struct, u16, u32 } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { codeOf, until } from '../support/segments.ts';
import { AT, code, FLAG } from './rings.ts';
import { spanPair, textOf } from './spans.ts';

test('a ring is made by whoever says first what it shall be, and opened by its name', (t) => {
  const span = Span.anonymous({ size: 2 ** 20 });
  t.after(() => span.close());
  assert.throws(() => span.ring('r'), code('NOT_FOUND'));
  const ring = span.ring('r', { capacity: 1000 });
  assert.equal(ring.capacity, 1024);
  assert.equal(span.ring('r').capacity, 1024);
  assert.equal(span.ring('r', { capacity: 1024 }).capacity, 1024);
  assert.throws(() => span.ring('r', { capacity: 2048 }), {
    ...code('OPTIONS_MISMATCH'),
    message: /capacity of 1024 bytes, not 2048/,
  });
  const layout = struct({ n: u32 });
  assert.throws(() => span.ring('r', { capacity: 1024, layout }), code('LAYOUT_MISMATCH'));
  assert.throws(() => span.mutex('r'), code('OPTIONS_MISMATCH'));
  const [object] = span.objects();
  assert.deepEqual([object?.kind, object?.size], ['ring', Ring.bytesFor(1024)]);
  assert.ok(object?.open() instanceof Ring);
  for (const wrong of [{}, { capacity: '8' }, { capacity: 8, layout: 7 }]) {
    assert.throws(() => span.ring('x', wrong as never), TypeError);
  }
  for (const capacity of [0, -1, 1.5, 2 ** 31]) {
    assert.throws(() => span.ring('x', { capacity }), RangeError);
  }
});

test('values of a layout, whose ring any program opens without knowing it', (t) => {
  const span = Span.anonymous({ size: 2 ** 20 });
  t.after(() => span.close());
  const layout = struct({ id: u32, size: u16 });
  const ring = span.ring('r', { capacity: 64, layout });
  const writer = ring.writer();
  const reader = ring.reader();
  writer.send({ id: 7, size: 3 });
  const found = reader.receive();
  assert.deepEqual(found, { id: 7, size: 3 });
  assert.throws(() => writer.trySend({ id: 7, size: 70_000 }), RangeError);
  assert.deepEqual(writer.layout, layout);
  reader.close();
  const elsewhere = span.ring<{ id: number }>('r').reader();
  writer.send({ id: 8, size: 3 });
  assert.equal(elsewhere.receive()?.id, 8);
  assert.throws(() => span.ring('r', { capacity: 64 }), code('LAYOUT_MISMATCH'));
});

test('values that wait for room are those of the time of the call', async (t) => {
  const span = Span.anonymous({ size: 2 ** 20 });
  t.after(() => span.close());
  const ring = span.ring('r', { capacity: 64, layout: struct({ n: u32 }) });
  const writer = ring.writer();
  const sending = Array.from({ length: 20 }, (_, n) => writer.sendAsync({ n }));
  const found: number[] = [];
  const reader = ring.reader();
  while (found.length < 20) found.push((await reader.receiveAsync())?.n as number);
  await Promise.all(sending);
  assert.deepEqual(
    found,
    Array.from({ length: 20 }, (_, n) => n),
  );
});

test('an end that lives is nobody else’s, and one that was closed is anybody’s', (t) => {
  const { ring, writer, reader } = spanPair(t);
  assert.throws(() => ring.writer(), code('BUSY'));
  assert.throws(() => ring.reader(), code('BUSY'));
  writer.send('first');
  writer.close();
  const second = ring.writer();
  second.send('second');
  assert.equal(textOf(reader.receive()), 'first');
  reader.close();
  assert.equal(textOf(ring.reader().receive()), 'second');
});

test('the end of a stream is told once; then the next writer may come', (t) => {
  const { ring, writer, reader, words } = spanPair(t);
  writer.send('last');
  writer.close();
  assert.equal(reader.peer, 'closed');
  assert.equal(textOf(reader.receive()), 'last');
  assert.deepEqual([reader.receive(), reader.ended], [null, true]);
  assert.equal((words[AT.written] as number) & FLAG.closed, 0);
  assert.equal(reader.peer, 'absent');
  assert.deepEqual([reader.receive(), reader.ended], [null, true], 'it stays so');
  const next = ring.writer();
  assert.deepEqual([reader.tryReceive(), reader.ended], [null, false]);
  next.send('more');
  assert.equal(textOf(reader.receive()), 'more');
});

test('a reader that comes after the end is told, if nobody was', (t) => {
  const { ring, writer, reader } = spanPair(t);
  writer.send('left');
  writer.close();
  reader.close();
  const later = ring.reader();
  assert.equal(textOf(later.receive()), 'left');
  assert.deepEqual([later.receive(), later.ended], [null, true]);
  later.close();
  const latest = ring.reader();
  assert.deepEqual([latest.receive({ timeoutMs: 0 }), latest.ended], [null, false]);
});

test('a writer is told of a reader that closes, and not of one that had closed before it came', (t) => {
  const { ring, writer, reader } = spanPair(t);
  reader.close();
  assert.throws(() => writer.trySend('x'), code('PEER_CLOSED'));
  writer.close();
  const next = ring.writer();
  assert.equal(next.peer, 'absent');
  assert.equal(next.trySend('y'), true);
  assert.equal(textOf(ring.reader().receive()), 'y');
});

test('a reader that comes after one that has closed: the writer goes on', (t) => {
  const { ring, writer, reader } = spanPair(t);
  reader.close();
  assert.throws(() => writer.trySend('x'), code('PEER_CLOSED'));
  const next = ring.reader();
  assert.equal(writer.trySend('y'), true);
  assert.equal(textOf(next.receive()), 'y');
});

test('finished() of a writer that has closed waits for a reader to take everything and close', async (t) => {
  const { ring, writer, reader } = spanPair(t);
  writer.send('x');
  const finishing = writer.finished();
  writer.close();
  reader.receive();
  const next = ring.writer();
  next.send('y');
  reader.receive();
  reader.close();
  assert.equal(await finishing, true);
});

test('what somebody waits for is to be seen, and who was asleep is woken', async (t) => {
  const { span, writer, reader } = spanPair(t);
  const receiving = reader.receiveAsync();
  const waits = (): string[] =>
    span.threads().flatMap((thread) => thread.waitingOn.map(({ name }) => name));
  assert.deepEqual(waits(), ['r']);
  writer.send('x');
  assert.equal(textOf(await receiving), 'x');
  assert.deepEqual(waits(), []);
  while (writer.trySend('0123456789'));
  const sending = writer.sendAsync('last');
  assert.deepEqual(waits(), ['r']);
  reader.receive();
  assert.equal(await sending, true);
});

test('time limits, signals and closing end what waits', async (t) => {
  const { span, writer, reader } = spanPair(t);
  assert.equal(await reader.receiveAsync({ timeoutMs: 1 }), null);
  const aborter = new AbortController();
  const receiving = reader.receiveAsync({ signal: aborter.signal });
  const behind = reader.receiveAsync();
  aborter.abort(new Error('enough'));
  await assert.rejects(receiving, /enough/);
  writer.send('x');
  assert.equal(textOf(await behind), 'x');
  const pending = reader.receiveAsync();
  reader.close();
  await assert.rejects(pending, code('CLOSED'));
  const other = span.ring('other', { capacity: 64 }).reader();
  const waiting = other.receiveAsync();
  span.close();
  await assert.rejects(waiting, code('CLOSED'));
  assert.equal(
    codeOf(() => other.tryReceive()),
    'ERR_MEMSPAN_CLOSED',
  );
});

test('an end whose process is killed: the peer drains and is told, and a successor goes on', async (t) => {
  const span = Span.anonymous({ size: 2 ** 20 });
  t.after(() => span.close());
  const ring = span.ring('r', { capacity: 1024 });
  const child = await startChild();
  await child.run(({ memspan, kept }, handle) => {
    kept.span = memspan.Span.fromHandle(handle);
    const writer = kept.span.ring('r').writer();
    for (const text of ['a', 'b', 'c']) writer.send(text);
    writer.tryClaim(100)?.bytes.fill(1);
  }, span.handle);
  assert.throws(() => ring.writer(), code('BUSY'));
  const reader = ring.reader();
  assert.equal(textOf(reader.receive()), 'a');
  const rest = (async () => {
    const found: (string | null)[] = [];
    try {
      for (;;) found.push(textOf(await reader.receiveAsync()));
    } catch (error) {
      return [...found, (error as { code: string }).code];
    }
  })();
  await until(() => span.threads().some(({ waitingOn }) => waitingOn.length > 0), 'a sleeper');
  await child.kill();
  assert.deepEqual(await rest, ['b', 'c', 'ERR_MEMSPAN_PEER_DIED']);
  const writer = ring.writer();
  writer.send('d');
  assert.equal(textOf(reader.receive()), 'd');
});

test('a reader that is killed with a message in place has not taken it', async (t) => {
  const { span, ring, writer, reader } = spanPair(t, 1024);
  for (const text of ['a', 'b']) writer.send(text);
  reader.close();
  const child = await startChild();
  const seen = await child.run(({ memspan, kept }, handle) => {
    kept.span = memspan.Span.fromHandle(handle);
    const message = kept.span.ring('r').reader().take();
    return String.fromCharCode(message?.bytes[0] as number);
  }, span.handle);
  assert.equal(seen, 'a');
  await child.kill();
  const again = ring.reader();
  assert.deepEqual(again.readBatch().map(textOf), ['a', 'b']);
  await until(() => writer.trySend('c'), 'room');
});

test('a worker that is terminated and a process that exits leave their ends, too', async (t) => {
  const { span, ring, writer, reader } = spanPair(t, 1024);
  writer.close();
  const worker = await startWorker();
  await worker.run(({ memspan }, handle) => {
    memspan.Span.fromHandle(handle).ring('r').writer().send('from a worker');
  }, span.handle);
  await worker.kill();
  assert.equal(textOf(reader.receive()), 'from a worker');
  assert.throws(() => reader.receive(), code('PEER_DIED'));
  const child = await startChild();
  const leaving = child.run(({ memspan }, handle) => {
    const writer = memspan.Span.fromHandle(handle).ring('r').writer();
    writer.send('from a process that exits');
    process.exit(0);
  }, span.handle);
  await assert.rejects(leaving);
  assert.equal(textOf(reader.receive()), 'from a process that exits');
  assert.throws(() => reader.receive(), code('PEER_DIED'));
  ring.writer().close();
});
