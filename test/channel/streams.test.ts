// The ends of a channel as Web and Node streams: everything arrives, backpressure, and what becomes of the end and of errors.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { nodeReadable, nodeWritable } from '../../src/channel/node-streams.ts';
import { iterate } from '../../src/channel/streams.ts';
import { webReadable, webWritable } from '../../src/channel/web-streams.ts';
import { duplex } from '../../src/index.ts';
import { Pipe } from './pipe.ts';

const inObjects = { objectMode: true };

/** Lets everything happen that can happen by itself. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

async function pump(pipe: Pipe<number>, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await pipe.writer.sendAsync(i);
  pipe.writer.close();
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('for await gives every message in its order, and lets timers have their turn', async () => {
  const pipe = new Pipe<number>(10_000);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 0);
  const pumping = pump(pipe, 10_000);
  await pumping;
  const found: number[] = [];
  for await (const message of iterate(pipe.reader)) found.push(message);
  clearInterval(ticking);
  assert.deepEqual(found, numbers(10_000));
  assert.ok(ticks > 0, 'the event loop went round');
});

test('leaving the loop leaves the end open; an error ends it', async () => {
  const pipe = new Pipe<number>(9);
  for (const message of [1, 2, 3]) pipe.writer.trySend(message);
  for await (const message of iterate(pipe.reader)) {
    assert.equal(message, 1);
    break;
  }
  assert.equal(pipe.isReaderClosed, false);
  pipe.fail(new Error('gone'));
  const iteration = iterate(pipe.reader);
  assert.deepEqual([(await iteration.next()).value, (await iteration.next()).value], [2, 3]);
  await assert.rejects(iteration.next(), /gone/);
  assert.deepEqual(await iteration.next(), { value: undefined, done: true });
});

test('calls of next that overlap get the messages in the order of the calls', async () => {
  const pipe = new Pipe<number>(5000);
  const iteration = iterate(pipe.reader);
  const calls = Array.from({ length: 1100 }, () => iteration.next());
  const pumping = pump(pipe, 1100);
  const found = (await Promise.all(calls)).map(({ value }) => value);
  await pumping;
  assert.deepEqual(found, numbers(1100));
});

test('a Web stream takes a message when somebody reads, and no sooner', async () => {
  const pipe = new Pipe<number>(3);
  const pumping = pump(pipe, 5);
  const stream = webReadable(pipe.reader).getReader();
  await settle();
  assert.equal(pipe.taken, 0);
  assert.equal((await stream.read()).value, 0);
  await settle();
  assert.equal(pipe.taken, 1);
  const rest: unknown[] = [];
  for (;;) {
    const { value, done } = await stream.read();
    if (done) break;
    rest.push(value);
  }
  assert.deepEqual(rest, [1, 2, 3, 4]);
  await pumping;
  assert.equal(pipe.isReaderClosed, true);
});

test('a Web stream that is cancelled closes the end, also while it waits', async () => {
  const pipe = new Pipe<number>(3);
  const stream = webReadable(pipe.reader).getReader();
  const reading = stream.read();
  await settle();
  await stream.cancel('enough');
  assert.deepEqual(await reading, { value: undefined, done: true });
  assert.equal(pipe.isReaderClosed, true);
});

test('a Web stream fails as its end does, after what was there', async () => {
  const pipe = new Pipe<number>(3);
  pipe.writer.trySend(1);
  pipe.fail(new Error('gone'));
  const stream = webReadable(pipe.reader).getReader();
  assert.equal((await stream.read()).value, 1);
  await assert.rejects(stream.read(), /gone/);
  assert.equal(pipe.isReaderClosed, true);
});

test('a Web stream that is written to waits for room, and closes the end', async () => {
  const pipe = new Pipe<number>(2);
  const stream = webWritable(pipe.writer).getWriter();
  await Promise.all([stream.write(0), stream.write(1)]);
  let isWritten = false;
  const writing = stream.write(2).then(() => {
    isWritten = true;
  });
  await settle();
  assert.equal(isWritten, false);
  assert.equal(pipe.reader.tryReceive(), 0);
  await writing;
  const closing = stream.close();
  await closing;
  assert.equal(pipe.isEnded, true);
});

test('a Web stream that is aborted gives up the write that waits', async () => {
  const pipe = new Pipe<number>(1);
  const stream = webWritable(pipe.writer).getWriter();
  await stream.write(0);
  const writing = assert.rejects(stream.write(1), /stop/);
  await settle();
  await stream.abort(new Error('stop'));
  await writing;
  assert.equal(pipe.isEnded, true);
  assert.equal(pipe.sent, 1);
});

test('a Web stream whose reader is gone says so, and closes the end', async () => {
  const pipe = new Pipe<number>(1);
  const stream = webWritable(pipe.writer).getWriter();
  pipe.reader.close();
  await Promise.all([
    assert.rejects(stream.write(1), /nobody reads/),
    assert.rejects(stream.closed, /nobody reads/),
  ]);
  assert.equal(pipe.isEnded, true);
});

test('a Node stream of objects gives every message, whole', async () => {
  const pipe = new Pipe<number>(3);
  const pumping = pump(pipe, 5000);
  const found: number[] = [];
  for await (const message of nodeReadable(pipe.reader, inObjects)) found.push(message);
  await pumping;
  assert.deepEqual(found, numbers(5000));
  assert.equal(pipe.isReaderClosed, true);
});

test('a Node stream whose consumer is slow stops taking', async () => {
  const pipe = new Pipe<number>(1000);
  for (let i = 0; i < 100; i++) pipe.writer.trySend(i);
  const stream = nodeReadable(pipe.reader, { objectMode: true, highWaterMark: 4 });
  stream.once('readable', () => {});
  await settle();
  assert.equal(pipe.taken, 4);
  assert.equal(stream.read(), 0);
  await settle();
  assert.equal(pipe.taken, 5);
  stream.destroy();
  await once(stream, 'close');
  assert.equal(pipe.isReaderClosed, true);
});

test('a Node stream of bytes passes over messages of 0 bytes', async () => {
  const pipe = new Pipe<Uint8Array>(9);
  for (const text of ['', 'a', '', '', 'bc', '']) pipe.writer.trySend(Buffer.from(text));
  pipe.writer.close();
  const chunks = await nodeReadable(pipe.reader).toArray();
  assert.equal(Buffer.concat(chunks).toString(), 'abc');
});

test('a Node stream that is destroyed while it waits closes the end, and keeps the error it was given', async () => {
  const pipe = new Pipe<number>(3);
  const stream = nodeReadable(pipe.reader, inObjects);
  stream.resume();
  await settle();
  stream.destroy(new Error('mine'));
  const [error] = await once(stream, 'error');
  assert.equal(error.message, 'mine');
  await settle();
  assert.equal(pipe.isReaderClosed, true);
});

test('a Node stream fails as its end does', async () => {
  const pipe = new Pipe<number>(3);
  const stream = nodeReadable(pipe.reader, inObjects);
  stream.resume();
  await settle();
  pipe.fail(new Error('gone'));
  const [error] = await once(stream, 'error');
  assert.equal(error.message, 'gone');
  assert.equal(pipe.isReaderClosed, true);
});

test('a full channel stops the producer of a Node stream', async () => {
  const pipe = new Pipe<number>(2);
  const stream = nodeWritable(pipe.writer, { objectMode: true, highWaterMark: 3 });
  let written = 0;
  for (let i = 0; i < 5; i++) stream.write(i, () => written++);
  assert.equal(stream.write(5), false);
  await settle();
  assert.deepEqual([written, pipe.sent], [2, 2]);
  const found: number[] = [];
  stream.end();
  for await (const message of iterate(pipe.reader)) found.push(message);
  assert.deepEqual(found, numbers(6));
  assert.equal(pipe.isEnded, true);
});

test('a Node stream that is written to: an error of the end is its error', async () => {
  const pipe = new Pipe<number>(2);
  const stream = nodeWritable(pipe.writer, inObjects);
  pipe.reader.close();
  stream.write(1);
  const [error] = await once(stream, 'error');
  assert.equal(error.message, 'nobody reads');
  assert.equal(pipe.isEnded, true);
});

test('a Node stream that is destroyed gives up the write that waits', async () => {
  const pipe = new Pipe<number>(1);
  const stream = nodeWritable(pipe.writer, inObjects);
  stream.write(0);
  stream.write(1);
  await settle();
  stream.destroy();
  await once(stream, 'close');
  await settle();
  assert.deepEqual([pipe.sent, pipe.isEnded], [1, true]);
});

test('a duplex carries both ways, and closes both ends', async () => {
  const there = new Pipe<number>(2);
  const back = new Pipe<number>(2);
  const here = duplex(back.reader, there.writer, inObjects);
  const far = duplex(there.reader, back.writer, inObjects);
  const echoing = pipeline(far, new PassThrough(inObjects), far);
  const found: number[] = [];
  here.on('data', (message) => found.push(message));
  for (const message of numbers(100)) if (!here.write(message)) await once(here, 'drain');
  here.end();
  await Promise.all([echoing, once(here, 'close')]);
  assert.deepEqual(found, numbers(100));
  for (const pipe of [there, back])
    assert.deepEqual([pipe.isEnded, pipe.isReaderClosed], [true, true]);
  assert.throws(() => duplex(there.writer as never, back.reader as never), TypeError);
});
