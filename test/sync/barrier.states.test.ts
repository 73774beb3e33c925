// The rules of barriers: parties and their seats, forms, misuse, options, embedding, what is left behind.
import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Barrier, type MemspanError, Span } from '../../src/index.ts';
import { type Puppet, startWorker } from '../support/puppets.ts';
import { codeOf, uniqueName, until } from '../support/segments.ts';

function open(t: TestContext): Span {
  const span = Span.create(uniqueName(), { lifetime: 'last-close', as: 'main' });
  t.after(async () => {
    for (const worker of workers.splice(0)) await worker.kill();
    span.close();
  });
  return span;
}

const workers: Puppet[] = [];

/** A worker that is a party, and does as it is told. */
async function party(span: Span, name: string): Promise<Puppet> {
  const worker = await startWorker();
  workers.push(worker);
  await worker.run(
    ({ memspan, kept }, span, name) => {
      kept.span = memspan.Span.join(span, { as: 'other' });
      kept.span.barrier(name).join();
    },
    span.name as string,
    name,
  );
  return worker;
}

test('the only party of a barrier never waits, and each time completes a phase', async (t) => {
  const barrier = open(t).barrier('b', { parties: 1 });
  assert.equal(barrier.wait(), 0);
  assert.equal(barrier.tryWait(), 0);
  assert.equal(await barrier.waitAsync(), 0);
  assert.deepEqual([barrier.phase, barrier.arrived, barrier.parties], [3, 0, 1]);
});

test('it does not keep the event loop from everything else', async (t) => {
  const barrier = open(t).barrier('b', { parties: 1 });
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, 1);
  while (!isOver) await barrier.waitAsync();
});

test('tasks of one thread are as many parties; a blocking wait of that thread is one, too', async (t) => {
  const barrier = open(t).barrier('b', { parties: 4 });
  for (let round = 0; round < 3; round++) {
    const pending = [0, 1, 2].map(() => barrier.waitAsync());
    assert.equal(barrier.arrived, 3);
    const last = round === 0 ? barrier.wait() : (barrier.tryWait() as number);
    assert.equal(last, 3);
    assert.deepEqual(await Promise.all(pending), [0, 1, 2]);
  }
  const all = [0, 1, 2, 3].map(() => barrier.waitAsync());
  assert.deepEqual(await Promise.all(all), [0, 1, 2, 3]);
});

test('of those who give up, others take the place, and exactly one completes', async (t) => {
  const barrier = open(t).barrier('b', { parties: 2 });
  const abort = new AbortController();
  const aborted = assert.rejects(barrier.waitAsync({ signal: abort.signal }), { message: 'no' });
  abort.abort(new Error('no'));
  await aborted;
  assert.equal(await barrier.waitAsync({ timeoutMs: 1 }), null);
  assert.equal(barrier.wait({ timeoutMs: 1 }), null);
  assert.equal(barrier.tryWait(), null);
  assert.equal(barrier.arrived, 0);
  const first = barrier.waitAsync({ timeoutMs: 30_000 });
  assert.equal(barrier.wait({ timeoutMs: 0 }), 1);
  assert.equal(await first, 0);
  const gone = AbortSignal.abort(new Error('before'));
  await assert.rejects(barrier.waitAsync({ signal: gone }), { message: 'before' });
  assert.equal(barrier.arrived, 0);
});

test('who comes when all seats have living owners is told who they are', async (t) => {
  const span = open(t);
  const barrier = span.barrier('b', { parties: 2 });
  const other = await party(span, 'b');
  barrier.join();
  barrier.join();
  const pending = barrier.waitAsync();
  const refused = ['wait', 'tryWait', 'waitAsync'] as const;
  const outcomes = refused.map(async (form) => barrier[form]());
  for (const [i, outcome] of (await Promise.allSettled(outcomes)).entries()) {
    assert.equal(outcome.status, 'rejected', refused[i]);
    const { code, message, found } = (outcome as PromiseRejectedResult).reason as MemspanError;
    assert.equal(code, 'ERR_MEMSPAN_LIMIT');
    assert.match(message, /other \(pid \d+\)/);
    assert.equal((found as string[]).length, 2);
  }
  await other.run(({ kept }) => kept.span.barrier('b').wait());
  await pending;
});

test('who leaves is no party: another comes in its place, and its death breaks nothing', async (t) => {
  const span = open(t);
  const barrier = span.barrier('b', { parties: 2 });
  const [first, second] = [await party(span, 'b'), await startWorker()];
  const waiting = barrier.waitAsync();
  await first.run(({ kept }) => kept.span.barrier('b').leave());
  await first.kill();
  assert.equal(barrier.broken, false);
  const order = await second.run(({ memspan }, name) => {
    const span = memspan.Span.join(name);
    const barrier = span.barrier('b');
    const order = barrier.wait();
    barrier.leave();
    span.close();
    return order;
  }, span.name as string);
  assert.deepEqual([order, await waiting], [1, 0]);
  assert.equal(barrier.broken, false);
});

test('who closes its span, or ends, without leaving has died', async (t) => {
  const span = open(t);
  for (const how of ['closes', 'ends'] as const) {
    const barrier = span.barrier(how, { parties: 2 });
    const other = await party(span, how);
    const told = assert.rejects(barrier.waitAsync(), {
      code: 'ERR_MEMSPAN_BROKEN',
      message: /other|somebody/,
    });
    if (how === 'closes') await other.run(({ kept }) => kept.span.close());
    else await other.kill();
    await told;
    assert.equal(barrier.broken, true);
    assert.equal(
      codeOf(() => barrier.join()),
      'ERR_MEMSPAN_BROKEN',
    );
    assert.equal(
      codeOf(() => barrier.tryWait()),
      'ERR_MEMSPAN_BROKEN',
    );
    barrier.reset();
    assert.equal(barrier.wait({ timeoutMs: 0 }), null);
  }
});

test('reset ends all waits of now; parties stay parties', async (t) => {
  const span = open(t);
  const barrier = span.barrier('b', { parties: 3 });
  const other = await party(span, 'b');
  const theirs = other.run(({ kept }) => kept.span.barrier('b').wait());
  const ours = barrier.waitAsync();
  await until(() => barrier.arrived === 2, 'both');
  barrier.reset();
  const ends = [theirs, ours].map((wait) => assert.rejects(wait, { code: 'ERR_MEMSPAN_BROKEN' }));
  await Promise.all(ends);
  assert.deepEqual([barrier.arrived, barrier.phase, barrier.broken], [0, 2, false]);
  const again = [barrier.waitAsync(), barrier.waitAsync()];
  assert.equal(await other.run(({ kept }) => kept.span.barrier('b').wait()), 2);
  await Promise.all(again);
});

test('what is pending when the span is closed is told so', async () => {
  const span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const barrier = span.barrier('b', { parties: 2 });
  const pending = assert.rejects(barrier.waitAsync(), { code: 'ERR_MEMSPAN_CLOSED' });
  span.close();
  await pending;
  const uses = [
    () => barrier.wait(),
    () => barrier.tryWait(),
    () => barrier.join(),
    () => barrier.leave(),
    () => barrier.reset(),
    () => barrier.arrived,
    () => barrier.phase,
    () => barrier.broken,
  ];
  for (const use of uses) assert.equal(codeOf(use), 'ERR_MEMSPAN_CLOSED', use.toString());
  await assert.rejects(barrier.waitAsync(), { code: 'ERR_MEMSPAN_CLOSED' });
});

test('misuse is a TypeError or a RangeError', async (t) => {
  const span = open(t);
  const wrong = (value: unknown) => value as { parties: number };
  for (const options of [null, 3, {}, { parties: '3' }]) {
    assert.throws(() => span.barrier('b', wrong(options)), TypeError);
    assert.throws(() => Barrier.at(span, 0, wrong(options)), TypeError);
  }
  for (const parties of [0, -1, 1.5, 4095, Number.NaN, 2 ** 32]) {
    assert.throws(() => span.barrier('b', { parties }), RangeError);
    assert.throws(() => Barrier.sizeOf({ parties }), RangeError);
  }
  const barrier = span.barrier('b', { parties: 2 });
  assert.throws(() => barrier.wait({ timeoutMs: -1 }), RangeError);
  assert.throws(() => barrier.wait({ timeoutMs: '1' as unknown as number }), TypeError);
  await assert.rejects(barrier.waitAsync({ signal: {} as AbortSignal }), TypeError);
  assert.equal(barrier.arrived, 0);
});

test('all who open it mean as many parties; who does not say opens what is there', (t) => {
  const span = open(t);
  assert.equal(
    codeOf(() => span.barrier('b')),
    'ERR_MEMSPAN_NOT_FOUND',
  );
  span.barrier('b', { parties: 4094 });
  assert.equal(span.barrier('b').parties, 4094);
  const code = codeOf(() => span.barrier('b', { parties: 3 }));
  assert.equal(code, 'ERR_MEMSPAN_OPTIONS_MISMATCH');
  const [object] = span.objects('b');
  assert.equal(object?.kind, 'barrier');
  assert.equal((object.open() as Barrier).parties, 4094);
});

test('embedded: zeros are a fresh barrier, and all that are made for the same bytes are one', async (t) => {
  const span = open(t);
  const size = Barrier.sizeOf({ parties: 2 });
  assert.equal(size, 12);
  const bytes = span.bytes('room', { size: size + 8 });
  const at = bytes.byteOffset + 4;
  const [barrier, same] = [0, 1].map(() => Barrier.at(span, at, { parties: 2 })) as [
    Barrier,
    Barrier,
  ];
  assert.equal(barrier.name, 'room+4');
  const waiting = barrier.waitAsync();
  assert.equal(same.wait(), 1);
  assert.equal(await waiting, 0);
  assert.ok([...bytes.subarray(0, 4), ...bytes.subarray(16)].every((byte) => byte === 0));
  for (const offset of [at + 1, bytes.byteOffset + 12, 0]) {
    assert.throws(() => Barrier.at(span, offset, { parties: 2 }), RangeError);
  }
});

test('500 waits that are aborted or time out leave nothing behind, and keep neither libuv nor the event loop', async (t) => {
  const span = open(t);
  const barrier = span.barrier('b', { parties: 501 });
  const { byteOffset } = span.bytes('end', { size: 4 });
  await fs.promises.stat('.');
  const threads = (): number => fs.readdirSync('/proc/self/task').length;
  const before = threads();
  const abort = new AbortController();
  const { signal } = abort;
  setMaxListeners(500, signal);
  const outcomes = Array.from({ length: 500 }, async (_, i) => {
    if (i % 2 === 0) assert.equal(await barrier.waitAsync({ timeoutMs: 1 + i / 10 }), null);
    else await assert.rejects(barrier.waitAsync({ signal }), (reason) => reason === signal.reason);
  });
  await Promise.all(Array.from({ length: 8 }, () => fs.promises.stat('.')));
  await Promise.all(outcomes.filter((_, i) => i % 2 === 0));
  assert.equal(barrier.arrived, 250);
  assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
  abort.abort(new Error('enough'));
  await Promise.all(outcomes);
  assert.equal(barrier.arrived, 0);
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
  assert.deepEqual(span.threads()[0]?.waitingOn, []);
  barrier.leave();
  const size = Barrier.sizeOf(barrier);
  const start = byteOffset - 64 * Math.ceil(size / 64);
  const words = new Int32Array(span.segment.buffer, start, size / 4);
  assert.ok(words.every((word) => word === 0));
  await until(() => threads() <= before + 1, 'the helper to end');
});
