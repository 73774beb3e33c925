// The rules of a reader-writer lock's guards: reading again, downgrading, upgrading, repair, limits and embedding.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { Mutex, RwLock, Span, type WriteGuard } from '../../src/index.ts';
import { BARRED } from '../../src/sync/rwlock.layout.ts';
import { codeOf, uniqueName } from '../support/segments.ts';
import { letGo, takeElsewhere, worker } from './rwlock-elsewhere.ts';

const fresh = (): { span: Span; lock: RwLock } => {
  const span = Span.anonymous();
  return { span, lock: span.rwlock('l') };
};

test('a thread that reads reads again at once, also when a writer waits; its tasks wait for the writer', async () => {
  const { span, lock } = fresh();
  const first = lock.read();
  const writing = lock.writeAsync();
  const again = lock.read();
  assert.equal(lock.tryRead()?.held, true);
  const order: string[] = [];
  const later = lock.readAsync().then((guard) => {
    order.push('read');
    guard.release();
  });
  first.release();
  again.release();
  // The guard of tryRead is still there: a thread's entry goes with the last of them.
  assert.equal(await lock.writeAsync({ timeoutMs: 5 }), null);
  assert.deepEqual(order, []);
  span.close();
  await assert.rejects(writing, { code: 'ERR_MEMSPAN_CLOSED' });
  await assert.rejects(later, { code: 'ERR_MEMSPAN_CLOSED' });
});

test('tasks of one thread have it in the order in which they asked for it', async () => {
  const { span, lock } = fresh();
  const order: string[] = [];
  const guards = [await lock.readAsync(), await lock.readAsync()];
  const task = async (use: 'read' | 'write', name: string): Promise<void> => {
    using _ = await lock[`${use}Async`]();
    order.push(name);
    await turnOfLoop();
  };
  const tasks = [task('write', 'w1'), task('read', 'r1'), task('read', 'r2'), task('write', 'w2')];
  for (const guard of guards) {
    await turnOfLoop();
    assert.deepEqual(order, []);
    guard.release();
  }
  await Promise.all(tasks);
  assert.deepEqual(order, ['w1', 'r1', 'r2', 'w2']);
  assert.deepEqual([lock.owner, lock.readers], [null, []]);
  span.close();
});

test('a writer’s task that waits for readers makes way for its own thread', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const lock = span.rwlock('l');
  await takeElsewhere(span, 'read', false);
  const writing = lock.writeAsync();
  // Elsewhere it is as if a writer were there; here, nobody could ever end the wait.
  assert.equal(
    await worker.run(({ kept }) => {
      const { theirs } = kept as unknown as { theirs: Span };
      const other = theirs.rwlock('l').tryRead();
      other?.release();
      return other !== null;
    }),
    true,
    'a thread that reads reads again',
  );
  lock.read().release();
  assert.equal(lock.tryWrite(), null);
  assert.equal(lock.write({ timeoutMs: 1 }), null);
  // Afterwards its task waits as before, at once: nobody comes in.
  const isBarred = (): boolean => {
    const words = new Int32Array(span.segment.buffer);
    const [{ offset = 0 } = {}] = span.attachment('test').view.entries();
    return ((words[offset / 4] ?? 0) & BARRED) !== 0;
  };
  for (const makeWay of [
    () => lock.read().release(),
    () => lock.tryRead()?.release(),
    () => assert.equal(lock.write({ timeoutMs: 0 }), null),
    async () => assert.equal(await lock.writeAsync({ timeoutMs: 1 }), null),
  ]) {
    await makeWay();
    assert.ok(isBarred(), `${makeWay}`);
  }
  await letGo();
  const guard = await writing;
  assert.equal(lock.owner?.pid, process.pid);
  guard.release();
  assert.equal(lock.owner, null);
});

test('downgrade: from writing to reading; tryUpgrade: back, when nobody else reads', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const lock = span.rwlock('l');
  const writing = lock.write();
  const waiting = lock.writeAsync({ timeoutMs: 1 });
  const reading = writing.downgrade();
  assert.deepEqual(
    [writing.held, reading.held, lock.owner, lock.readers.length],
    [false, true, null, 1],
  );
  writing.release();
  assert.equal(await waiting, null);
  const second = lock.read();
  assert.equal(reading.tryUpgrade(), null, 'another task of this thread reads');
  second.release();
  await takeElsewhere(span, 'read', false);
  assert.equal(reading.tryUpgrade(), null, 'another thread reads');
  assert.equal(reading.held, true);
  await letGo();
  using upgraded = reading.tryUpgrade() as WriteGuard;
  assert.deepEqual([reading.held, upgraded.held, lock.readers.length], [false, true, 0]);
  assert.equal(lock.owner?.pid, process.pid);
  assert.equal(reading.tryUpgrade(), null);
  reading.release();
  assert.equal(upgraded.held, true);
});

test('a reader is alone with what a dead writer has left until it says that it is consistent', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const lock = span.rwlock('l');
  await takeElsewhere(span, 'write', true);
  const guard = lock.read();
  assert.equal(guard.ownerDied, true);
  const tryElsewhere = (): Promise<boolean> =>
    worker.run(({ memspan }, name) => {
      const theirs = memspan.Span.join(name);
      const guard = theirs.rwlock('l').tryRead();
      theirs.close();
      return guard !== null;
    }, span.name as string);
  assert.equal(await tryElsewhere(), false);
  guard.markConsistent();
  guard.markConsistent();
  assert.equal(await tryElsewhere(), true);
  guard.release();
  await takeElsewhere(span, 'write', true);
  const upgraded = lock.read().tryUpgrade() as WriteGuard;
  assert.equal(upgraded.ownerDied, true);
  const downgraded = upgraded.downgrade();
  assert.equal(downgraded.ownerDied, true);
  assert.equal(await tryElsewhere(), false, 'still alone');
  downgraded.markConsistent();
  assert.equal(await tryElsewhere(), true);
  downgraded.release();
});

test('so many locks can one thread read at once, and no more', async () => {
  using span = Span.anonymous();
  const { byteOffset } = span.bytes('locks', { size: 4 * 64 });
  const locks = Array.from({ length: 48 }, (_, i) => RwLock.at(span, byteOffset + 4 * i));
  const last = locks.pop() as RwLock;
  const guards = locks.map((lock) => lock.read());
  const limit = { code: 'ERR_MEMSPAN_LIMIT' };
  assert.throws(() => last.read(), limit);
  assert.throws(() => last.tryRead(), limit);
  await assert.rejects(last.readAsync(), limit);
  const writing = last.write();
  assert.throws(() => writing.downgrade(), limit);
  assert.equal(writing.held, true);
  writing.release();
  for (const lock of locks) lock.read().release();
  guards[20]?.release();
  last.read().release();
  for (const guard of guards) guard.release();
  for (const lock of [...locks, last]) lock.write().release();
});

test('embedded: zeros are a fresh lock, and all that are made for the same bytes are one', async () => {
  using span = Span.anonymous();
  const bytes = span.bytes('rows', { size: 64 });
  const lock = RwLock.at(span, bytes.byteOffset + 8);
  assert.equal(lock.name, 'rows+8');
  const guard = lock.write();
  assert.equal(RwLock.at(span, bytes.byteOffset + 8).tryRead(), null);
  RwLock.at(span, bytes.byteOffset + 12)
    .write()
    .release();
  guard.release();
  // Bytes that somebody takes for a mutex, too, are used as both.
  Mutex.at(span, bytes.byteOffset + 16)
    .lock()
    .release();
  RwLock.at(span, bytes.byteOffset + 16)
    .read()
    .release();
  assert.ok(bytes.every((byte) => byte === 0));
  assert.equal(
    codeOf(() => RwLock.at(span, bytes.byteOffset + 2)),
    'ERR_MEMSPAN_OUT_OF_RANGE',
  );
  assert.equal(
    codeOf(() => RwLock.at({} as Span, 64)),
    'ERR_MEMSPAN_INVALID_ARGUMENT',
  );
  for (const options of [null, 1, { recover: 1 }]) {
    assert.throws(() => span.rwlock('l', options as object), TypeError);
    assert.throws(() => RwLock.at(span, bytes.byteOffset, options as object), TypeError);
  }
  for (const use of ['read', 'write'] as const) {
    assert.throws(() => span.rwlock('l')[use]({ timeoutMs: Number.NaN }), RangeError);
    assert.throws(() => span.rwlock('l')[use](1 as unknown as object), TypeError);
    const options = { signal: {} as AbortSignal };
    await assert.rejects(span.rwlock('l')[`${use}Async`](options), TypeError);
  }
  span.mutex('m');
  assert.throws(() => span.rwlock('m'), { code: 'ERR_MEMSPAN_OPTIONS_MISMATCH' });
  assert.ok(span.object('rows')?.open() instanceof Uint8Array);
  span.rwlock('named');
  assert.ok(span.object('named')?.open() instanceof RwLock);
});

test('what was held or awaited when its span was closed', async () => {
  const { span, lock } = fresh();
  const guard = lock.write();
  const pending = assert.rejects(lock.readAsync(), { code: 'ERR_MEMSPAN_CLOSED' });
  span.close();
  await pending;
  guard.release();
  assert.equal(
    codeOf(() => guard.downgrade()),
    'ERR_MEMSPAN_NOT_HELD',
  );
  assert.equal(
    codeOf(() => lock.readers),
    'ERR_MEMSPAN_CLOSED',
  );
});
