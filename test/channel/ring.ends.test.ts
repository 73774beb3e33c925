// The life of an end: attaching, closing, the end of the stream, and who hears of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AT, code, DATA, drain, FLAG, fill, isPending, pair, stage } from './rings.ts';

test('a second writer or reader is ERR_MEMSPAN_BUSY: the first lives, has closed, or has died', (t) => {
  for (const end of ['writer', 'reader'] as const) {
    const { ring, words, segment } = stage(t);
    const first = ring[end]();
    assert.throws(() => ring[end](), { ...code('BUSY'), message: new RegExp(`has a ${end}$`) });
    assert.equal(segment.isHeld(end === 'writer' ? 0 : 1), true);
    first.close();
    const closed = { ...code('BUSY'), message: /has had its .*closed/ };
    assert.throws(() => ring[end](), closed);
    assert.throws(() => ring[end](), closed);
    assert.equal(segment.isHeld(end === 'writer' ? 0 : 1), false);
    words[AT.written] = 0;
    words[AT.read] = 0;
    assert.throws(() => ring[end](), { ...code('BUSY'), message: /has had its .*died/ });
  }
});

test('an attempt to be a second writer does not disturb the first', (t) => {
  const { ring, writer, reader } = pair(t);
  writer.send('a');
  assert.throws(() => ring.writer(), code('BUSY'));
  writer.send('b');
  assert.equal(drain(reader).length, 2);
  assert.equal(reader.receive({ timeoutMs: 1 }), null);
});

test('the reader may come first, or after the writer has closed and gone', async (t) => {
  {
    const { ring } = stage(t);
    using reader = ring.reader();
    const call = reader.receiveAsync();
    assert.ok(await isPending(call));
    using writer = ring.writer();
    writer.send('x');
    assert.deepEqual(await call, Uint8Array.of(120));
  }
  const { ring } = stage(t);
  const writer = ring.writer();
  writer.send('x');
  writer.close();
  using reader = ring.reader();
  assert.deepEqual(reader.receive(), Uint8Array.of(120));
  assert.equal(reader.receive(), null);
  assert.equal(reader.ended, true);
});

test('after the writer has closed: what is left arrives, then the end, again and again', async (t) => {
  const { writer, reader } = pair(t);
  const count = fill(writer);
  writer.close();
  assert.equal(reader.ended, false);
  const messages: Uint8Array[] = [];
  for await (const message of reader) messages.push(message);
  assert.equal(messages.length, count);
  assert.equal(reader.ended, true);
  assert.equal(reader.tryReceive(), null);
  assert.equal(reader.receive(), null);
  assert.equal(await reader.receiveAsync(), null);
  assert.equal(reader.receiveInto(new Uint8Array(8)), -1);
  for await (const _ of reader) assert.fail('there is nothing left');
});

test('leaving a for-await loop leaves the reader open', async (t) => {
  const { writer, reader } = pair(t);
  writer.send('a');
  writer.send('b');
  for await (const message of reader) {
    assert.deepEqual(message, Uint8Array.of(97));
    break;
  }
  assert.deepEqual(reader.tryReceive(), Uint8Array.of(98));
});

test('using closes both ends; closing again is harmless', (t) => {
  const { ring, words } = stage(t);
  {
    using writer = ring.writer();
    using reader = ring.reader();
    writer.close();
    writer.close();
    assert.equal(reader.receive(), null);
  }
  assert.deepEqual(
    [words[AT.written]! & 7, words[AT.read]! & 7],
    [FLAG.closed | FLAG.refused, FLAG.closed],
  );
});

test('finished: true when everything was taken and the reader has closed', async (t) => {
  const { writer, reader } = pair(t);
  fill(writer);
  writer.close();
  const finished = writer.finished();
  drain(reader);
  assert.ok(await isPending(finished));
  assert.equal(await writer.finished({ timeoutMs: 1 }), null);
  reader.close();
  assert.equal(await finished, true);
  assert.equal(await writer.finished(), true);
});

test('finished: ERR_MEMSPAN_PEER_CLOSED when the reader closed before, however little it missed', async (t) => {
  for (const left of [1, 8]) {
    const { writer, reader } = pair(t);
    for (let i = fill(writer); i > left; i--) reader.tryReceive();
    const early = writer.finished();
    assert.ok(await isPending(early));
    writer.close();
    reader.close();
    await assert.rejects(early, code('PEER_CLOSED'));
    await assert.rejects(writer.finished(), code('PEER_CLOSED'));
  }
});

test('finished before close: a message that is sent meanwhile waits for it', async (t) => {
  const { writer, reader } = pair(t);
  const finished = writer.finished({ timeoutMs: 5 });
  const sent = writer.sendAsync('x');
  assert.equal(writer.trySend('y'), false);
  assert.equal(await finished, null);
  assert.equal(await sent, true);
  assert.deepEqual(drain(reader), [Uint8Array.of(120)]);
});

test('a writer whose reader has closed is told by its next message, which is not sent', async (t) => {
  const { writer, reader, words, bytes } = pair(t);
  writer.send('a');
  reader.close();
  const position = words[AT.written]! & ~7;
  for (let again = 0; again < 3; again++) {
    assert.throws(() => writer.trySend('b'), code('PEER_CLOSED'));
    assert.throws(() => writer.send('b'), code('PEER_CLOSED'));
    await assert.rejects(writer.sendAsync('b'), code('PEER_CLOSED'));
  }
  assert.equal(words[AT.written]! & ~7, position);
  writer.close();
  assert.deepEqual([...bytes.subarray(DATA, DATA + 5)], [1, 0, 0, 0, 97]);
});

test('a writer that waits for room hears when the reader closes', async (t) => {
  const { writer, reader } = pair(t);
  fill(writer);
  const calls = [writer.sendAsync('x'), writer.sendAsync('y')];
  assert.ok(await isPending(Promise.race(calls)));
  reader.close();
  for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
    assert.equal(status, 'rejected');
    assert.equal(reason.code, 'ERR_MEMSPAN_PEER_CLOSED');
  }
});

test('closing an end rejects its own pending calls with ERR_MEMSPAN_CLOSED; nothing is sent after it', async (t) => {
  const { writer, reader } = pair(t);
  const count = fill(writer);
  const sends = [1, 2, 3].map(() => writer.sendAsync('late'));
  const finished = writer.finished();
  assert.ok(await isPending(Promise.race([...sends, finished])));
  writer.close();
  // There is room now, but it is too late.
  assert.equal(drain(reader).length, count);
  for (const { reason } of (await Promise.allSettled(sends)) as PromiseRejectedResult[]) {
    assert.equal(reason?.code, 'ERR_MEMSPAN_CLOSED');
  }
  assert.equal(reader.tryReceive(), null);
  assert.equal(reader.ended, true);
  assert.ok(await isPending(finished));
  reader.close();
  assert.equal(await finished, true);
});

test('closing a reader rejects its pending calls, also a for-await loop', async (t) => {
  const { writer, reader } = pair(t);
  const calls = [reader.receiveAsync(), reader.receiveAsync()];
  const loop = (async () => {
    for await (const _ of reader) assert.fail('nothing was sent');
  })();
  assert.ok(await isPending(Promise.race([...calls, loop])));
  reader.close();
  const outcomes = (await Promise.allSettled([...calls, loop])) as PromiseRejectedResult[];
  assert.ok(outcomes.every(({ reason }) => reason.code === 'ERR_MEMSPAN_CLOSED'));
  assert.throws(() => writer.trySend('x'), code('PEER_CLOSED'));
});

for (const how of ['receive', 'receiveAsync'] as const) {
  test(`a writer that sends and closes between a look and the look at its lifeline is not dead: ${how}`, async (t) => {
    const { writer, reader, segment } = pair(t);
    const { isHeld } = segment;
    t.mock.method(segment, 'isHeld', (index: number) => {
      writer.send('last words');
      writer.close();
      t.mock.restoreAll();
      return isHeld.call(segment, index);
    });
    assert.equal((await reader[how]())?.length, 10);
    assert.equal(await reader[how](), null);
    assert.equal(reader.ended, true);
  });
}

test('a reader that closes between a look and the look at its lifeline is not dead', async (t) => {
  const { writer, reader, segment } = pair(t);
  fill(writer);
  const { isHeld } = segment;
  t.mock.method(segment, 'isHeld', (index: number) => {
    reader.close();
    t.mock.restoreAll();
    return isHeld.call(segment, index);
  });
  assert.throws(() => writer.send('x'), code('PEER_CLOSED'));
});

test('the peer is absent, then attached, then closed', (t) => {
  const { ring } = stage(t);
  using writer = ring.writer();
  assert.equal(writer.peer, 'absent');
  const reader = ring.reader();
  assert.deepEqual([writer.peer, reader.peer], ['attached', 'attached']);
  reader.close();
  assert.equal(writer.peer, 'closed');
  writer.close();
  assert.equal(reader.peer, 'closed');
});
