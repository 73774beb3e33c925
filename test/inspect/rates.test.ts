// Rates between two looks: every channel by its own count, in a span and in a raw ring; counts that wrap, go backwards or
// belong to another object.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring, Segment, Span } from '../../src/index.ts';
import { dissect } from '../../src/inspect/anatomy.ts';
import { isRing } from '../../src/inspect/glance.ts';
import { type Counted, type Counts, countsOf, ratesBetween } from '../../src/inspect/rates.ts';
import { uniqueName } from '../support/segments.ts';

test('each object that counts has its rate, and the span has all of them together', () => {
  using span = Span.create(uniqueName(), { size: 2 ** 20, lifetime: 'last-close' });
  const [orders, jobs] = [span.ring('orders', { capacity: 4096 }), queueOf(span)];
  const [toRing, toQueue, fromQueue] = [orders.writer(), jobs.writer(), jobs.reader()];
  const fromRing = orders.reader();
  const toAll = span.broadcast('news', { capacity: 4096 }).writer();
  const pose = span.latest('pose', { size: 16 }).writer();
  const frames = span.pool('frames', { chunks: 4, chunkSize: 64 });
  const [toPool, fromPool] = [frames.writer(), frames.reader()];
  const bell = span.event('bell');
  const ledger = span.mutex('ledger');
  const bytes = new Uint8Array(10);
  const before = countsOf(dissect(span.name!), 1000);
  for (let i = 0; i < 6; i++) toRing.trySend(bytes);
  // More often than it has cells.
  for (let i = 0; i < 7; i++) {
    toQueue.trySend(bytes);
    fromQueue.tryReceive();
  }
  for (let i = 0; i < 3; i++) toAll.trySend(bytes);
  for (let i = 0; i < 5; i++) pose.send(bytes);
  for (let i = 0; i < 2; i++) toPool.trySend(bytes);
  bell.set();
  ledger.lock().release();
  const rates = ratesBetween(before, countsOf(dissect(span.name!), 3000))!;
  const found = [...rates.objects.values()].map(({ name, operations }) => [name, operations]);
  assert.deepEqual(found, [
    ['orders', 3],
    ['jobs', 3.5],
    ['news', 1.5],
    ['pose', 2.5],
    ['frames', 1],
    ['bell', 0.5],
  ]);
  assert.equal(rates.operations, 12);
  assert.equal([...rates.objects.values()][0]?.bytes, 30);
  void [fromRing, fromPool];
});

function queueOf(span: Span): ReturnType<Span['queue']> {
  return span.queue('jobs', { capacity: 4, messageMax: 20 });
}

test('waits are counted of the whole span, and only they of one with nothing but locks', async () => {
  using span = Span.create(uniqueName(), { size: 2 ** 18, lifetime: 'last-close' });
  const permits = span.semaphore('permits', { initial: 0 });
  const before = countsOf(dissect(span.name!), 0);
  await Promise.allSettled([permits.acquireAsync({ timeoutMs: 1 })]);
  const rates = ratesBetween(before, countsOf(dissect(span.name!), 500))!;
  assert.deepEqual([rates.operations, rates.waits], [undefined, 2]);
});

test('a raw segment that is a ring, which a glance tells', () => {
  const name = uniqueName();
  const segment = Segment.create(name, { size: Ring.bytesFor(1024) });
  assert.deepEqual(
    [isRing(name), isRing(`${name}-not`)],
    [false, false],
    'not used yet, not there',
  );
  const writer = new Ring(segment).writer();
  writer.trySend(new Uint8Array(8));
  assert.equal(isRing(name), true);
  const before = countsOf(dissect(name), 0);
  for (let i = 0; i < 4; i++) writer.trySend(new Uint8Array(8));
  const { operations, bytes, waits } = ratesBetween(before, countsOf(dissect(name), 1000))!;
  assert.deepEqual([operations, bytes, waits], [4, 32, undefined]);
  segment.close();
  Segment.unlink(name);
});

const plainly = (before: number, after: number): number => after - before;

function counts(atMs: number, waits: number, ...objects: Partial<Counted>[]): Counts {
  const all = objects.map((each, index): [number, Counted] => [
    index,
    { name: 'a', kind: 'ring', count: 0, bytes: undefined, between: plainly, ...each },
  ]);
  return { atMs, waits, objects: new Map(all) };
}

test('what wraps goes on; what went backwards, is new or is another object has no rate', () => {
  const cases: [before: Counts, after: Counts, operations: number | undefined, waits?: number][] = [
    [counts(0, 0xffff_fffe), counts(1000, 3), undefined, 5],
    [counts(0, 7), counts(1000, 5), undefined],
    [counts(0, 0, { count: 9 }), counts(1000, 0, { count: 8 }), undefined, 0],
    [counts(0, 0, { count: 1 }), counts(1000, 0, { count: 8, name: 'b' }), undefined, 0],
    [counts(0, 0, { count: 1 }), counts(1000, 0, { count: 8, kind: 'pool' }), undefined, 0],
    [counts(0, 0), counts(1000, 0, { count: 8 }), undefined, 0],
    [counts(0, 0, { count: 1 }, { count: 5 }), counts(1000, 0, { count: 8 }, { count: 1 }), 7, 0],
    [counts(0, 0, { bytes: 9 }), counts(1000, 0, { count: 2, bytes: 5 }), 2, 0],
  ];
  for (const [before, after, operations, waits] of cases) {
    const rates = ratesBetween(before, after)!;
    assert.deepEqual([rates.operations, rates.waits, rates.bytes], [operations, waits, undefined]);
  }
  assert.equal(ratesBetween(counts(5, 0), counts(5, 9)), undefined, 'no time has passed');
});
