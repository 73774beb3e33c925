// Asynchronous waits for a mutex: hundreds in one process, aborted, timed out or granted, leave nothing behind, and
// while they are pending, the event loop and libuv's threads do their other work.
import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay, setImmediate as turnOfLoop } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { uniqueName, until } from '../support/segments.ts';
import { Party } from './mutex-holders.ts';

const PENDING = 500;

const threads = (): number => fs.readdirSync('/proc/self/task').length;

for (const fair of [false, true]) {
  test(`${PENDING} pending, ${fair ? 'fair' : 'not fair'}: some time out, some are aborted, the rest are granted in order`, async () => {
    using span = Span.create(uniqueName(), { lifetime: 'last-close' });
    const { byteOffset: objects } = span.bytes('zeros', { size: 64 });
    const mutex = span.mutex('m', { fair });
    const party = await Party.start(span.name as string, fair);
    await party.lock('lock');
    await fs.promises.stat('.');
    const before = threads();
    const abort = new AbortController();
    const { signal: other } = new AbortController();
    setMaxListeners(PENDING, abort.signal, other);
    const order: number[] = [];
    const outcomes = Array.from({ length: PENDING }, async (_, i) => {
      if (i % 3 === 0) {
        const guard = await mutex.lockAsync({ timeoutMs: 1 + (i % 50) });
        assert.equal(guard, null);
      } else if (i % 3 === 1) {
        const { signal } = abort;
        await assert.rejects(mutex.lockAsync({ signal }), (reason) => reason === signal.reason);
      } else {
        const guard = await mutex.lockAsync({ timeoutMs: 30_000, signal: other });
        assert.equal(guard?.ownerDied, false);
        order.push(i);
        guard?.release();
      }
    });
    // One thread of the library's sleeps for all of them, and one hears of deaths.
    assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
    await Promise.all(outcomes.filter((_, i) => i % 3 === 0));
    assert.ok(mutex.owner?.pid === party.child.pid);
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
    const words = new Int32Array(span.segment.buffer, objects);
    assert.ok(
      words.every((word) => word === 0),
      'the word is 0 again',
    );
    await until(() => threads() <= before + 1, 'the helper to end');
    await party.child.kill();
  });
}

test('under full contention by another process, timers, fs and the event loop go on', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const mutex = span.mutex('m');
  const party = await Party.start(span.name as string);
  await party.lock('lock');
  await party.release();
  let isOver = false;
  const rival = party.contend();
  let turns = 0;
  const tasks = Array.from({ length: 20 }, async () => {
    while (!isOver) {
      const guard = await mutex.lockAsync();
      turns++;
      guard.release();
      // A chain of promises that are resolved already would keep every event loop from its work.
      await turnOfLoop();
    }
  });
  let ticks = 0;
  const ticker = setInterval(() => ticks++, 10);
  let files = 0;
  for (let i = 0; i < 20; i++) {
    await fs.promises.readFile(new URL(import.meta.url));
    files++;
    await delay(5);
  }
  await until(() => ticks >= 20, 'the timer');
  clearInterval(ticker);
  isOver = true;
  await Promise.all(tasks);
  assert.ok(turns > 0);
  assert.equal(files, 20);
  await party.child.kill();
  await assert.rejects(rival);
});

test('while a hundred wait for a lock that another process keeps, fs and timers work', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const mutex = span.mutex('m');
  const party = await Party.start(span.name as string);
  await party.lock('lock');
  const pending = Array.from({ length: 100 }, () =>
    mutex.lockAsync().then((guard) => guard.release()),
  );
  const reads = Array.from({ length: 16 }, () => fs.promises.readFile(new URL(import.meta.url)));
  await Promise.all([...reads, delay(10)]);
  assert.equal(mutex.owner?.pid, party.child.pid);
  await party.release();
  await Promise.all(pending);
  await party.child.kill();
});

test('tasks that take it again and again do not keep the event loop from everything else', async () => {
  using span = Span.anonymous();
  const mutex = span.mutex('m');
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, 1);
  const task = async (): Promise<void> => {
    while (!isOver) (await mutex.lockAsync()).release();
  };
  await Promise.all([task(), task(), task()]);
  assert.equal(mutex.owner, null);
});
