// Whoever is paused is alive: a writer waits for a paused reader ('block') and keeps its end, a reader that is paused while it
// joins is not overrun, and one that is paused while it copies notices that it was.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BroadcastReader, Overflow, Span } from '../../src/index.ts';
import type { Tools } from '../support/puppets.ts';
import { until } from '../support/segments.ts';
import { isStopped, startStepper, stopAt } from '../support/victims.ts';
import { type Stage, stage } from './broadcast-stage.ts';

type Kept = { span: Span; reader: BroadcastReader<Uint8Array, Uint8Array> };

function join({ memspan, kept }: Tools, name: string): void {
  const span = memspan.Span.join(name);
  const reader = span.broadcast('b').reader();
  Object.assign(kept, { span, reader });
}

/** All that is there, and how many it has missed. */
function drain({ kept }: Tools): { taken: string[]; missed: number } {
  const { reader } = kept as unknown as Kept;
  const taken = reader.readBatch(1000).map((each) => Buffer.from(each).toString());
  return { taken, missed: reader.missed };
}

const of = (t: TestContext, overflow: Overflow): Stage & { name: string } => {
  const staged = stage(t, { capacity: 64, overflow, readers: 2 });
  return { ...staged, name: staged.span.name as string };
};

const FULL = ['message0', 'message1', 'message2'];

test("'block': a paused reader is waited for", async (t) => {
  const { broadcast, name } = of(t, 'block');
  const child = await startStepper();
  await child.run(join, name);
  const writer = broadcast.writer();
  for (const message of FULL) assert.equal(writer.trySend(message), true);
  child.process.kill('SIGSTOP');
  await isStopped(child, 'the reader to stop');
  for (let turn = 0; turn < 5; turn++) {
    assert.equal(writer.trySend('x'), false);
    assert.equal(writer.send('x', { timeoutMs: 5 }), null);
    assert.equal(await writer.sendAsync('x', { timeoutMs: 5 }), null);
    assert.equal(writer.readers, 1);
  }
  const sending = writer.sendAsync('message3');
  child.process.kill('SIGCONT');
  assert.deepEqual(await child.run(drain), { taken: FULL, missed: 0 });
  assert.equal(await sending, true);
  assert.deepEqual(await child.run(drain), { taken: ['message3'], missed: 0 });
  await child.kill();
  writer.close();
});

test("'block': one that is paused while it joins is not overrun, and stops nobody before there is no room", async (t) => {
  const { broadcast, name } = of(t, 'block');
  const child = await startStepper();
  const writer = broadcast.writer();
  for (let i = 0; i < 10; i++) assert.equal(writer.trySend('before'), true);
  await stopAt(child, 'broadcast-joining');
  const joining = child.run(join, name);
  await isStopped(child, 'the reader to stop');
  assert.equal(writer.readers, 0);
  let count = 0;
  while (writer.trySend(`m${count}`)) count++;
  // From where the writer has found it joining, it keeps what it may have counted on.
  assert.ok(count >= 3 && count <= 6, `${count}`);
  child.process.kill('SIGCONT');
  await joining;
  const { taken } = await child.run(drain);
  const all = Array.from({ length: count }, (_, i) => `m${i}`);
  assert.deepEqual(taken, all.slice(count - 3));
  assert.equal(writer.trySend('after'), true);
  assert.deepEqual((await child.run(drain)).taken, ['after']);
  await child.kill();
  writer.close();
});

test("'drop-oldest': one that is paused while it copies discards what it has copied, and counts", async (t) => {
  const { broadcast, name } = of(t, 'drop-oldest');
  const child = await startStepper();
  await child.run(join, name);
  const writer = broadcast.writer();
  assert.equal(writer.trySend('message'), true);
  await stopAt(child, 'broadcast-copied');
  const draining = child.run(drain);
  await isStopped(child, 'the reader to stop');
  for (let i = 0; i < 1000; i++) assert.equal(writer.trySend(`m${i}`), true);
  child.process.kill('SIGCONT');
  assert.deepEqual(await draining, { taken: ['m997', 'm998', 'm999'], missed: 998 });
  await child.kill();
  writer.close();
});

test('a paused writer keeps its end, and nobody is told that it has died', async (t) => {
  const { broadcast, name } = of(t, 'block');
  const child = await startStepper();
  const reader = broadcast.reader();
  await stopAt(child, 'broadcast-filled');
  const sending = child.run(({ memspan }, name) => {
    memspan.Span.join(name).broadcast('b', { capacity: 64, readers: 2 }).writer().send('late');
  }, name);
  await isStopped(child, 'the writer to stop');
  assert.equal(reader.receive({ timeoutMs: 5 }), null);
  assert.equal(reader.ended, false);
  assert.throws(() => broadcast.writer(), { code: 'ERR_MEMSPAN_BUSY' });
  const receiving = reader.receiveAsync();
  child.process.kill('SIGCONT');
  await sending;
  assert.equal(Buffer.from((await receiving) as Uint8Array).toString(), 'late');
  const waiting = assert.rejects(reader.receiveAsync(), { code: 'ERR_MEMSPAN_PEER_DIED' });
  await child.kill();
  await waiting;
  await until(() => !broadcast.hasWriter, 'its end');
  reader.close();
});
