// The ends of a ring as streams: what the kinds have in common is in streams.test.ts.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { until } from '../support/segments.ts';
import { pair } from './rings.ts';

test('a ring between two pipelines of Node streams', async (t) => {
  const { writer, reader } = pair(t, 64);
  const text = 'the quick brown fox jumps over the lazy dog. '.repeat(200);
  const source = new PassThrough({ highWaterMark: 7 });
  const sending = pipeline(
    source,
    async function* (chunks) {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length; at += 50) yield chunk.subarray(at, at + 50);
      }
    },
    writer.toNode(),
  );
  source.end(text);
  const chunks = await reader.toNode().toArray();
  await sending;
  assert.equal(Buffer.concat(chunks).toString(), text);
});

test('a ring between two Web streams', async (t) => {
  const { writer, reader } = pair(t, 64);
  const messages = Array.from({ length: 500 }, (_, i) => `message ${i}`);
  const from = new ReadableStream({
    start(controller) {
      for (const message of messages) controller.enqueue(message);
      controller.close();
    },
  });
  const sending = from.pipeTo(writer.toWeb() as never);
  const found: string[] = [];
  for await (const message of reader.toWeb()) found.push(Buffer.from(message).toString());
  await sending;
  assert.deepEqual(found, messages);
  await until(() => writer.peer === 'closed', 'the reader to be closed');
});

test('a ring whose reader cancels tells the writing stream', async (t) => {
  const { writer, reader } = pair(t, 64);
  const stream = writer.toWeb().getWriter();
  await stream.write('x'.repeat(50));
  const writing = stream.write('y'.repeat(50));
  await reader.toWeb().cancel();
  const told = { code: 'ERR_MEMSPAN_PEER_CLOSED' };
  await Promise.all([assert.rejects(writing, told), assert.rejects(stream.closed, told)]);
});
