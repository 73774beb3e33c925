// Rings in a span between processes, every way of sending and taking in turn, and with deaths (test/channel/ring-mixed.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStopped, startStepper, stopAt } from '../support/victims.ts';
import { wholeFile } from './children.ts';
import { seedOf } from './messages.ts';
import { killReaders, killWriters, mix, startMixer } from './ring-mixed.ts';
import { code } from './rings.ts';
import { spanPair, textOf } from './spans.ts';

const file = wholeFile();

test('every way of sending and of taking in turn: nothing lost, doubled, torn or out of order', async (t) => {
  const seed = seedOf('messages', (line) => t.diagnostic(line));
  const children = await Promise.all([startMixer(file), startMixer(file)]);
  assert.equal(await mix(children, seed, 10_000, 1e6), 10_000);
});

test('writers that are killed, and those who come after them', async (t) => {
  t.diagnostic(`${await killWriters(3)} messages`);
});

test('readers that are killed, and those who come after them', async (t) => {
  t.diagnostic(`${await killReaders(3)} messages`);
});

test('a message longer than the ring: an error with both numbers, at both ends of what can be', (t) => {
  const { writer, reader } = spanPair(t, 64);
  assert.throws(() => writer.send('x'.repeat(61)), {
    name: 'RangeError',
    message: /61 bytes.* 60$/,
  });
  for (const length of [60, 59, 33, 32, 31, 1, 0]) {
    assert.equal(writer.trySend('x'.repeat(length)), true);
    assert.equal(reader.tryReceive()?.length, length);
  }
});

test('a writer that is paused in the midst of a message is waited for, and keeps its end', async (t) => {
  const { span, ring, writer, reader } = spanPair(t, 64);
  writer.close();
  const child = await startStepper();
  await stopAt(child, 'ring-before-publish');
  const sending = child.run(({ memspan, kept }, handle) => {
    kept.span = memspan.Span.fromHandle(handle);
    return kept.span.ring('r').writer().send('late');
  }, span.handle);
  await isStopped(child, 'the writer to stop');
  assert.throws(() => ring.writer(), code('BUSY'));
  assert.equal(reader.receive({ timeoutMs: 20 }), null);
  assert.equal(await reader.receiveAsync({ timeoutMs: 20 }), null);
  assert.equal(reader.ended, false);
  child.process.kill('SIGCONT');
  assert.equal(textOf(await reader.receiveAsync()), 'late');
  assert.equal(await sending, true);
});
