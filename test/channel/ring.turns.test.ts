// Several asynchronous calls on one end: they take turns, whoever gives up in between, and other calls keep out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AT, code, drain, FLAG, fill, isPending, pair } from './rings.ts';

/** Messages that fill a ring of 64 bytes one by one. */
const big = (value: number): Uint8Array => new Uint8Array(60).fill(value);

function firstBytes(messages: (Uint8Array | null)[]): (number | undefined)[] {
  return messages.map((message) => message?.[0]);
}

async function withOneFull(
  t: Parameters<typeof pair>[0],
  run: (ends: ReturnType<typeof pair>) => Promise<void>,
): Promise<void> {
  const ends = pair(t);
  ends.writer.send(big(0));
  await run(ends);
}

test('messages of sendAsync arrive in the order of the calls', async (t) => {
  const { writer, reader } = pair(t);
  const calls = Array.from({ length: 100 }, (_, i) => writer.sendAsync(big(i)));
  const taken: number[] = [];
  while (taken.length < 100) taken.push((await reader.receiveAsync())![0]!);
  assert.deepEqual(
    taken,
    calls.map((_, i) => i),
  );
  assert.ok((await Promise.all(calls)).every((outcome) => outcome === true));
});

test('messages go to the calls of receiveAsync in their order', async (t) => {
  const { writer, reader } = pair(t);
  const calls = Array.from({ length: 100 }, () => reader.receiveAsync());
  for (let i = 0; i < 100; i++) await writer.sendAsync(Uint8Array.of(i));
  assert.deepEqual(
    firstBytes(await Promise.all(calls)),
    calls.map((_, i) => i),
  );
});

test('a short message does not overtake a long one that waits', (t) =>
  withOneFull(t, async ({ writer, reader }) => {
    reader.tryReceive();
    fill(writer);
    const long = writer.sendAsync(big(1));
    const short = writer.sendAsync(Uint8Array.of(2));
    for (let i = 0; i < 8; i++) {
      assert.ok(await isPending(short));
      reader.tryReceive();
    }
    assert.equal(await long, true);
    assert.ok(await isPending(short));
    assert.deepEqual(firstBytes([reader.tryReceive()]), [1]);
    assert.equal(await short, true);
  }));

test('one in the middle that is aborted rejects at once; the others keep their order', (t) =>
  withOneFull(t, async ({ writer, reader }) => {
    const controller = new AbortController();
    const calls = [1, 2, 3, 4].map((i) =>
      writer.sendAsync(big(i), i === 2 ? { signal: controller.signal } : {}),
    );
    assert.ok(await isPending(Promise.race(calls)));
    controller.abort('no');
    await assert.rejects(calls[1]!, (reason) => reason === 'no');
    assert.ok(await isPending(Promise.race([calls[0], calls[2], calls[3]])));
    const taken: (Uint8Array | null)[] = [];
    for (let i = 0; i < 4; i++) taken.push(await reader.receiveAsync());
    assert.deepEqual(firstBytes(taken), [0, 1, 3, 4]);
    assert.deepEqual(await Promise.all([calls[0], calls[2], calls[3]]), [true, true, true]);
    assert.equal(reader.tryReceive(), null);
  }));

test('one in the middle whose time is over says null at its time, not at its turn', (t) =>
  withOneFull(t, async ({ writer, reader }) => {
    const calls = [1, 2, 3].map((i) => writer.sendAsync(big(i), i === 2 ? { timeoutMs: 5 } : {}));
    assert.equal(await calls[1], null);
    assert.ok(await isPending(Promise.race([calls[0], calls[2]])));
    const taken: (Uint8Array | null)[] = [];
    for (let i = 0; i < 3; i++) taken.push(await reader.receiveAsync());
    assert.deepEqual(firstBytes(taken), [0, 1, 3]);
    assert.deepEqual(await Promise.all([calls[0], calls[2]]), [true, true]);
  }));

test('the first that gives up hands its turn to the next', async (t) => {
  const { writer, reader } = pair(t);
  const controller = new AbortController();
  const calls = [
    reader.receiveAsync({ signal: controller.signal }),
    reader.receiveAsync({ timeoutMs: 3 }),
    reader.receiveAsync({ signal: controller.signal }),
    reader.receiveAsync(),
  ];
  assert.equal(await calls[1], null);
  controller.abort('no');
  const refused = { status: 'rejected', reason: 'no' };
  assert.deepEqual(await Promise.allSettled([calls[0], calls[2]]), [refused, refused]);
  assert.ok(await isPending(calls[3]!));
  writer.send('x');
  assert.deepEqual(await calls[3], Uint8Array.of(120));
});

test('all calls of a reader that wait for a stream that ends get null', async (t) => {
  const { writer, reader } = pair(t);
  const calls = Array.from({ length: 10 }, () => reader.receiveAsync());
  writer.send('x');
  writer.close();
  const found = await Promise.all(calls);
  assert.deepEqual(firstBytes(found), [120, ...new Array(9).fill(undefined)]);
  assert.equal(reader.ended, true);
});

test('while calls wait, try-calls say no and blocking calls are ERR_MEMSPAN_BUSY', (t) =>
  withOneFull(t, async ({ writer, reader, words }) => {
    const sent = writer.sendAsync(big(1));
    const busy = code('BUSY');
    assert.equal(writer.trySend(''), false);
    assert.throws(() => writer.send(''), busy);
    assert.throws(() => writer.send('', { timeoutMs: 0 }), busy);
    // Even when there is room: the one that waits has a right to it.
    assert.equal(reader.tryReceive()?.[0], 0);
    assert.equal(writer.trySend(''), false);
    assert.equal(await sent, true);
    assert.equal(reader.tryReceive()?.[0], 1);
    assert.equal(writer.trySend(Uint8Array.of(2)), true);
    assert.equal(writer.send(Uint8Array.of(3)), true);
    assert.deepEqual(firstBytes(drain(reader)), [2, 3]);

    const received = reader.receiveAsync();
    writer.send(Uint8Array.of(4));
    assert.equal(reader.tryReceive(), null);
    assert.equal(reader.tryReceiveInto(new Uint8Array(8)), -1);
    assert.throws(() => reader.receive(), busy);
    assert.throws(() => reader.receiveInto(new Uint8Array(8)), busy);
    assert.equal((await received)?.[0], 4);
    writer.send(Uint8Array.of(5));
    assert.equal(reader.receive()?.[0], 5);
    assert.equal(words[AT.written]! & FLAG.sleeps, 0);
  }));

test('the continuation of a call finds the end free again, whatever came of the call', async (t) => {
  const { writer, reader } = pair(t);
  const isFree = (): boolean => {
    drain(reader);
    return writer.trySend('');
  };
  for (const outcome of ['sent', 'aborted', 'late']) {
    fill(writer);
    const controller = new AbortController();
    const options = { signal: controller.signal, timeoutMs: outcome === 'late' ? 1 : 1e6 };
    const freed = writer.sendAsync('x', options).then(isFree, isFree);
    if (outcome === 'sent') drain(reader);
    if (outcome === 'aborted') controller.abort();
    assert.equal(await freed, true, outcome);
  }
});
