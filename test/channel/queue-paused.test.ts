// Who is stopped is alive: its claim is waited for, and what it has taken is not delivered to anybody else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Delivery, Span } from '../../src/index.ts';
import type { Child, Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';
import { isStopped, startStepper, stopAt } from '../support/victims.ts';
import { type Bytes, checkConserved, textOf } from './queues.ts';

const DELIVERIES: readonly Delivery[] = ['at-least-once', 'at-most-once'];

const sends = ({ memspan }: Tools, name: string): boolean => {
  const span = memspan.Span.join(name);
  return (span.queue('q') as Bytes).writer().send('v');
};

const receives = ({ memspan }: Tools, name: string): string => {
  const span = memspan.Span.join(name);
  return Buffer.from((span.queue('q') as Bytes).reader().receive() as Uint8Array).toString();
};

async function stage(delivery: Delivery, step: string): Promise<[Span, Bytes, Child]> {
  const span = Span.create(uniqueName(), { lifetime: 'last-close', participants: 4 });
  const queue = span.queue('q', { capacity: 3, messageMax: 8, delivery });
  const child = await startStepper();
  await stopAt(child, step);
  return [span, queue, child];
}

for (const delivery of DELIVERIES) {
  test(`${delivery}: a writer that is stopped in its claim holds up what is behind it, and then sends it`, async () => {
    const [span, queue, child] = await stage(delivery, 'queue-claimed');
    const sending = child.run(sends, span.name as string);
    await isStopped(child, 'the writer to stop');
    const reader = queue.reader();
    const writer = queue.writer();
    for (const text of ['w', 'x']) assert.ok(writer.trySend(text));
    assert.equal(writer.trySend('y'), false);
    assert.equal(reader.receive({ timeoutMs: 30 }), null);
    assert.equal(queue.counters.skipped, 0);
    const pending = reader.receiveAsync();
    child.process.kill('SIGCONT');
    assert.equal(await sending, true);
    assert.equal(textOf(await pending), 'v');
    assert.deepEqual(reader.readBatch(3).map(textOf), ['w', 'x']);
    checkConserved(queue);
    await child.kill();
    span.close();
  });

  test(`${delivery}: a reader that is stopped with a message keeps it, and has it alone`, async () => {
    const [span, queue, child] = await stage(delivery, 'queue-taken');
    const writer = queue.writer();
    for (const text of ['a', 'b', 'c']) writer.send(text);
    const receiving = child.run(receives, span.name as string);
    await isStopped(child, 'the reader to stop');
    const reader = queue.reader();
    assert.equal(textOf(reader.receive()), 'b');
    assert.equal(textOf(reader.receive()), 'c');
    assert.equal(reader.receive({ timeoutMs: 30 }), null);
    assert.equal(writer.send('d', { timeoutMs: 30 }), null, 'its place is not free');
    queue.end();
    assert.equal(reader.receive({ timeoutMs: 30 }), null);
    assert.equal(reader.ended, false, 'it may come back yet');
    const pending = reader.receiveAsync();
    child.process.kill('SIGCONT');
    assert.equal(await receiving, 'a');
    assert.equal(await pending, null);
    assert.ok(reader.ended);
    const { redelivered, dropped, received } = queue.counters;
    assert.deepEqual([redelivered, dropped, received], [0, 0, 3]);
    await child.kill();
    span.close();
  });
}
