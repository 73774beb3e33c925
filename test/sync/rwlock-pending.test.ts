// Asynchronous waits for a reader-writer lock: hundreds in one thread, aborted, timed out or granted, leave nothing behind,
// and while they are pending, the event loop and libuv's threads do their other work.
import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { READS } from '../../src/span/participant.layout.ts';
import { uniqueName, until } from '../support/segments.ts';
import { Party } from './rwlock-party.ts';

const PENDING = 500;

const threads = (): number => fs.readdirSync('/proc/self/task').length;

for (const [held, uses] of [
  ['write', ['read']],
  ['write', ['write']],
  ['write', ['read', 'write']],
  ['read', ['write']],
] as const) {
  test(`${PENDING} want to ${uses.join(' and ')} what somebody has to ${held}: some time out, some are aborted, the rest are granted in order`, async () => {
    using span = Span.create(uniqueName(), { lifetime: 'last-close' });
    const { byteOffset: objects } = span.bytes('zeros', { size: 64 });
    const lock = span.rwlock('l');
    const party = await Party.start(span.name as string);
    await party.take(held);
    await fs.promises.stat('.');
    const before = threads();
    const abort = new AbortController();
    const { signal: other } = new AbortController();
    setMaxListeners(PENDING, abort.signal, other);
    const order: number[] = [];
    const outcomes = Array.from({ length: PENDING }, async (_, i) => {
      const use = (uses as readonly ('read' | 'write')[])[(i >> 2) % uses.length];
      const how = `${use ?? 'read'}Async` as const;
      if (i % 3 === 0) assert.equal(await lock[how]({ timeoutMs: 1 + (i % 50) }), null);
      else if (i % 3 === 1) {
        const { signal } = abort;
        await assert.rejects(lock[how]({ signal }), (reason) => reason === signal.reason);
      } else {
        const guard = await lock[how]({ timeoutMs: 30_000, signal: other });
        assert.equal(guard?.ownerDied, false);
        order.push(i);
        guard?.release();
      }
    });
    // One thread of the library's sleeps for all of them, and one hears of deaths.
    assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
    const reads = Array.from({ length: 16 }, () => fs.promises.readFile(new URL(import.meta.url)));
    await Promise.all([...reads, delay(10)]);
    await Promise.all(outcomes.filter((_, i) => i % 3 === 0));
    abort.abort(new Error('enough'));
    await Promise.all(outcomes.filter((_, i) => i % 3 === 1));
    await party.release();
    await Promise.all(outcomes);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    for (const signal of [abort.signal, other]) {
      assert.deepEqual(getEventListeners(signal, 'abort'), []);
    }
    for (const thread of span.threads()) assert.deepEqual(thread.waitingOn, []);
    assert.deepEqual([lock.owner, lock.readers], [null, []]);
    const words = new Int32Array(span.segment.buffer, objects);
    assert.ok(
      words.every((word) => word === 0),
      'the word is 0 again',
    );
    // Every entry is to be had again.
    const locks = Array.from({ length: READS }, (_, i) => span.rwlock(`after-${i}`));
    const guards = locks.map((each) => each.read());
    for (const guard of guards) guard.release();
    await until(() => threads() <= before + 1, 'the helper to end');
    await party.child.kill();
  });
}

test('waits that block and give up, hundreds of them, leave nothing behind', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const { byteOffset: objects } = span.bytes('zeros', { size: 64 });
  const lock = span.rwlock('l');
  const party = await Party.start(span.name as string);
  await party.take('write');
  for (let i = 0; i < PENDING / 2; i++) {
    assert.equal(lock.read({ timeoutMs: 0.1 }), null);
    assert.equal(lock.write({ timeoutMs: 0.1 }), null);
  }
  await party.release();
  await party.take('read');
  for (let i = 0; i < PENDING / 2; i++) {
    assert.equal(lock.write({ timeoutMs: 0.1 }), null);
    lock.read().release();
  }
  assert.equal(lock.readers.length, 1);
  await party.release();
  lock.write().release();
  for (const thread of span.threads()) assert.deepEqual(thread.waitingOn, []);
  const words = new Int32Array(span.segment.buffer, objects);
  assert.ok(words.every((word) => word === 0));
  await party.child.kill();
});

test('tasks that take it again and again do not keep the event loop from everything else', async () => {
  using span = Span.anonymous();
  const lock = span.rwlock('l');
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, 1);
  const task = async (use: 'readAsync' | 'writeAsync'): Promise<void> => {
    while (!isOver) (await lock[use]()).release();
  };
  await Promise.all([task('readAsync'), task('readAsync'), task('writeAsync'), task('writeAsync')]);
  assert.deepEqual([lock.owner, lock.readers], [null, []]);
});
