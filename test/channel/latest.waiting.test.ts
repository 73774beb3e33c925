// Waiting for a newer value: blocking, asynchronous, both; the end, a death, somebody who comes later; and who gives up.
import assert from 'node:assert/strict';
import { text as textOf } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { type Latest, type Message, Span } from '../../src/index.ts';
import { type Child, startChild, startWorker, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped } from '../support/victims.ts';

type Values = Latest<Uint8Array, Message, Uint8Array>;

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

interface Stage {
  readonly span: Span;
  readonly latest: Values;
  /** Whether somebody is said to wait. */
  isMarked(): boolean;
  /** How many wait for it. */
  waiters(): number;
}

function stage(t: TestContext): Stage {
  const span = Span.create(uniqueName(), { lifetime: 'last-close' });
  t.after(() => span.close());
  const latest = span.latest('x', { size: 8 });
  const { view } = span.attachment('test');
  const [entry] = view.entries();
  assert.ok(entry !== undefined);
  const { offset } = entry;
  const mark = offset / 4 + 34;
  const waiters = (): number =>
    [...view.ids()].flatMap((id) => view.waitsOf(id)).filter((wait) => wait.offset === 4 * mark)
      .length;
  return { span, latest, isMarked: () => Atomics.load(view.words, mark) !== 0, waiters };
}

/** In a puppet: has the writer, and publishes that. */
function publishThere({ memspan }: Tools, name: string, ...messages: string[]): number {
  const state = globalThis as { writer?: ReturnType<Values['writer']> };
  state.writer ??= memspan.Span.join(name).latest('x', { size: 8 }).writer();
  for (const message of messages) state.writer.publish(message);
  return state.writer.sequence;
}

/** In a puppet: blocks until there is one. */
function takeThere({ memspan }: Tools, name: string): string {
  const reader = memspan.Span.join(name).latest('x', { size: 8 }).reader();
  return Buffer.from(reader.receive() as Uint8Array).toString();
}

test('nothing comes: null in time, and it has not ended', async (t) => {
  const { latest, isMarked } = stage(t);
  const reader = latest.reader();
  using writer = latest.writer();
  assert.equal(reader.receive({ timeoutMs: 0 }), null);
  assert.equal(reader.receive({ timeoutMs: 2 }), null);
  assert.equal(await reader.receiveAsync({ timeoutMs: 0 }), null);
  assert.equal(await reader.receiveAsync({ timeoutMs: 2 }), null);
  assert.equal(reader.ended, false);
  assert.equal(isMarked(), false, 'who gives up leaves no mark');
  writer.publish('a');
  assert.equal(text(reader.receive({ timeoutMs: 0 })), 'a');
});

test('one value is for all who wait for it', async (t) => {
  const { latest, isMarked, waiters } = stage(t);
  const readers = Array.from({ length: 12 }, () => latest.reader());
  const waiting = readers.map((reader) => reader.receiveAsync());
  const again = readers.map((reader) => reader.receiveAsync());
  using writer = latest.writer();
  writer.publish('one');
  for (const value of await Promise.all(waiting)) assert.equal(text(value), 'one');
  assert.ok(isMarked(), 'each reader has another call that waits');
  writer.publish('two');
  for (const value of await Promise.all(again)) assert.equal(text(value), 'two');
  for (const reader of readers) assert.equal(reader.missed, 0);
  assert.equal(waiters(), 0);
  assert.equal(isMarked(), false);
});

test('a reader that takes what another of its calls waits for leaves that one waiting, and nobody else', async (t) => {
  const { latest } = stage(t);
  const [one, other] = [latest.reader(), latest.reader()];
  using writer = latest.writer();
  const [first, second] = [one.receiveAsync(), other.receiveAsync()];
  writer.publish('a');
  const taken = one.tryReceive();
  assert.equal(text(await second), 'a');
  if (taken === null) assert.equal(text(await first), 'a');
  else {
    writer.publish('b');
    assert.equal(text(await first), 'b');
  }
});

test('who waits for a writer gets what the first one publishes', async (t) => {
  const { latest } = stage(t);
  const waiting = latest.reader().receiveAsync();
  using writer = latest.writer();
  writer.publish('first');
  assert.equal(text(await waiting), 'first');
});

test('an abort rejects with its reason, and concerns nobody else', async (t) => {
  const { latest, isMarked } = stage(t);
  using writer = latest.writer();
  const reader = latest.reader();
  const aborter = new AbortController();
  const [first, second] = [reader.receiveAsync({ signal: aborter.signal }), reader.receiveAsync()];
  const reason = new Error('enough');
  const rejects = assert.rejects(first, (error) => error === reason);
  aborter.abort(reason);
  await rejects;
  await assert.rejects(reader.receiveAsync({ signal: aborter.signal }), (e) => e === reason);
  writer.publish('a');
  assert.equal(text(await second), 'a');
  assert.equal(isMarked(), false);
});

test('closing a reader ends its calls, and no others', async (t) => {
  const { latest } = stage(t);
  using writer = latest.writer();
  const [one, other] = [latest.reader(), latest.reader()];
  const closed = { code: 'ERR_MEMSPAN_CLOSED' };
  const ended = [one.receiveAsync(), one.receiveAsync()].map((call) =>
    assert.rejects(call, closed),
  );
  const waiting = other.receiveAsync();
  one.close();
  one.close();
  await Promise.all(ended);
  assert.throws(() => one.tryReceive(), closed);
  assert.throws(() => one.receive(), closed);
  assert.throws(() => one.readBatch(), closed);
  await assert.rejects(one.receiveAsync(), closed);
  writer.publish('a');
  assert.equal(text(await waiting), 'a');
});

test('closing the span ends what waits', async (t) => {
  const { latest, span } = stage(t);
  const rejects = assert.rejects(latest.reader().receiveAsync(), { code: 'ERR_MEMSPAN_CLOSED' });
  span.close();
  await rejects;
});

test('the end of the writer ends who waits, after the last value', async (t) => {
  const { latest } = stage(t);
  const reader = latest.reader();
  const waiting = reader.receiveAsync();
  const writer = latest.writer();
  writer.publish('last');
  writer.close();
  assert.equal(text(await waiting), 'last');
  assert.equal(await reader.receiveAsync(), null);
  assert.ok(reader.ended);
});

test('a loop has the newest value each time, and ends with the writer', async (t) => {
  const { latest } = stage(t);
  const reader = latest.reader();
  const writer = latest.writer();
  let published = 0;
  const publish = (): void => {
    for (let i = 0; i < 3; i++) writer.publish(`${++published}`);
    if (published < 30) setImmediate(publish);
    else writer.close();
  };
  setImmediate(publish);
  const taken: number[] = [];
  for await (const value of reader) taken.push(Number(text(value)));
  assert.equal(taken.at(-1), 30);
  assert.equal(taken.length + reader.missed, 30);
  assert.deepEqual(
    taken,
    taken.toSorted((a, b) => a - b),
  );
  assert.ok(reader.ended);
});

test('as streams: a Web stream and a Node stream', async (t) => {
  const { latest } = stage(t);
  const toWeb = latest.writer().toWeb().getWriter();
  const fromWeb = latest.reader().toWeb().getReader();
  const next = fromWeb.read();
  await toWeb.write('a');
  assert.equal(text((await next).value as Uint8Array), 'a');
  await toWeb.close();
  assert.equal((await fromWeb.read()).done, true);
  const toNode = latest.writer().toNode();
  const read = textOf(latest.reader().toNode());
  toNode.end('node');
  assert.match(await read, /node$/);
});

test('readers in a worker and in a child block, and one publication wakes both', async (t) => {
  const { latest, span, waiters } = stage(t);
  const puppets = await Promise.all([startChild(), startWorker()]);
  const taking = puppets.map((puppet) => puppet.run(takeThere, span.name as string));
  using writer = latest.writer();
  await until(() => waiters() === 2, 'both to wait');
  writer.publish('a');
  assert.deepEqual(await Promise.all(taking), ['a', 'a']);
  await Promise.all(puppets.map((puppet) => puppet.kill()));
});

test('a reader that is killed while it waits: the next publication takes its mark away', async (t) => {
  const { latest, span, waiters, isMarked } = stage(t);
  using writer = latest.writer();
  const child = await startChild();
  const ends = assert.rejects(child.run(takeThere, span.name as string), /ended/);
  await until(() => waiters() === 1, 'the child to wait');
  await until(isMarked, 'its mark');
  await child.kill();
  await ends;
  writer.publish('a');
  assert.equal(isMarked(), false);
  assert.equal(waiters(), 0);
});

async function withWriter(span: Span): Promise<Child> {
  const child = await startChild();
  assert.equal(await child.run(publishThere, span.name as string, 'a', 'b'), 2);
  return child;
}

test('a writer that is killed: who waits is told, the last value stays, and another one goes on', async (t) => {
  const { latest, span } = stage(t);
  const child = await withWriter(span);
  const [one, other] = [latest.reader(), latest.reader()];
  assert.equal(text(one.receive()), 'b');
  const died = { code: 'ERR_MEMSPAN_PEER_DIED' };
  const told = assert.rejects(one.receiveAsync(), died);
  await child.kill();
  await told;
  assert.throws(() => one.receive(), died);
  await assert.rejects(one.receiveAsync(), died);
  assert.equal(one.tryReceive(), null);
  assert.equal(one.ended, false);
  assert.equal(text(latest.read()), 'b');
  // It has not seen it yet.
  assert.equal(text(await other.receiveAsync()), 'b');
  await assert.rejects(other.receiveAsync(), died);
  using writer = latest.writer();
  const waiting = [one.receiveAsync(), other.receiveAsync()];
  writer.publish('c');
  for (const value of await Promise.all(waiting)) assert.equal(text(value), 'c');
  assert.equal(latest.sequence, 3);
});

test('a writer that is paused is alive: its value is read, it is waited for, and its end is not to be had', async (t) => {
  const { latest, span } = stage(t);
  const child = await withWriter(span);
  const reader = latest.reader();
  child.process.kill('SIGSTOP');
  await isStopped(child, 'the writer to stop');
  assert.equal(text(latest.read()), 'b');
  assert.equal(text(reader.receive()), 'b');
  assert.equal(reader.receive({ timeoutMs: 5 }), null);
  assert.equal(await reader.receiveAsync({ timeoutMs: 5 }), null);
  assert.throws(() => latest.writer(), { code: 'ERR_MEMSPAN_BUSY' });
  const waiting = reader.receiveAsync();
  child.process.kill('SIGCONT');
  await child.run(publishThere, span.name as string, 'c');
  assert.equal(text(await waiting), 'c');
  await child.kill();
});
