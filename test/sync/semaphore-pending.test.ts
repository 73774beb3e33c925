// Asynchronous waits for a semaphore: hundreds in one process, aborted, timed out or let through, leave nothing behind;
// while they are pending, the event loop and libuv's threads do their other work; a thread does not wait for itself.
import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const PENDING = 500;

const threads = (): number => fs.readdirSync('/proc/self/task').length;

for (const undo of [false, true]) {
  const which = undo ? 'undo' : 'plain';
  test(`${PENDING} pending: some time out, some are aborted, the rest go in order (${which})`, async () => {
    using span = Span.anonymous();
    const semaphore = span.semaphore('s', { initial: 1, max: 1, undo });
    const held = semaphore.acquire();
    await fs.promises.stat('.');
    const before = threads();
    const abort = new AbortController();
    const { signal: other } = new AbortController();
    setMaxListeners(PENDING, abort.signal, other);
    const order: number[] = [];
    const outcomes = Array.from({ length: PENDING }, async (_, i) => {
      if (i % 3 === 0) {
        assert.equal(await semaphore.acquireAsync({ timeoutMs: 1 + (i % 50) }), null);
      } else if (i % 3 === 1) {
        const { signal } = abort;
        await assert.rejects(semaphore.acquireAsync({ signal }), (why) => why === signal.reason);
      } else {
        const permit = await semaphore.acquireAsync({ timeoutMs: 30_000, signal: other });
        order.push(i);
        permit?.release();
      }
    });
    // One thread of the library's sleeps for all of them, and one hears of deaths.
    assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
    // Those of libuv are free.
    const reads = Array.from({ length: 16 }, () => fs.promises.readFile(new URL(import.meta.url)));
    await Promise.all([...reads, delay(10)]);
    await Promise.all(outcomes.filter((_, i) => i % 3 === 0));
    assert.deepEqual(order, []);
    abort.abort(new Error('enough'));
    await Promise.all(outcomes.filter((_, i) => i % 3 === 1));
    held.release();
    await Promise.all(outcomes);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    for (const signal of [abort.signal, other]) {
      assert.deepEqual(getEventListeners(signal, 'abort'), []);
    }
    for (const { waitingOn } of span.threads()) assert.deepEqual(waitingOn, []);
    assert.equal(semaphore.value, 1);
    const { byteOffset } = span.bytes('end', { size: 4 });
    const words = new Int32Array(span.segment.buffer, byteOffset - 64, 4);
    assert.ok((words[0] as number) >= 0, 'nobody has left a mark');
    assert.ok(undo || words[0] === 0, 'the count is as at first');
    assert.equal(words[3], 0);
    await until(() => threads() <= before + 1, 'the helper to end');
  });
}

test('500 that are aborted one after the other, among them one that is let through at that moment', async () => {
  using span = Span.anonymous();
  const semaphore = span.semaphore('s', { initial: 1, max: 1 });
  let passed = 0;
  for (let i = 0; i < PENDING; i++) {
    const held = semaphore.acquire();
    const abort = new AbortController();
    const waits = semaphore.acquireAsync({ signal: abort.signal });
    if (i % 2 === 0) held.release();
    abort.abort();
    held.release();
    const permit = await waits.catch((error: Error) => {
      assert.equal(error.name, 'AbortError');
      return null;
    });
    if (permit !== null) passed++;
    permit?.release();
    assert.equal(semaphore.value, 1);
  }
  assert.equal(passed, PENDING / 2, 'released first, aborted second: it has it');
});

test('a thread that blocks does not wait for its own task, which came before and cannot go on', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const semaphore = span.semaphore('s', { initial: 0 });
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
  }, span.name as string);
  const task = semaphore.acquireAsync();
  assert.equal(semaphore.acquire({ timeoutMs: 5 }), null, 'there is none');
  const released = child.run(({ kept }) => kept.span.semaphore('s').release());
  // A watchdog: if it waited for the task, that would never be let through.
  const permit = semaphore.acquire({ timeoutMs: 20_000 });
  assert.notEqual(permit, null);
  await released;
  permit?.release();
  (await task).release();
  assert.equal(semaphore.value, 1);
  await child.kill();
});

test('tasks that take it again and again do not keep the event loop from everything else', async () => {
  using span = Span.anonymous();
  const semaphore = span.semaphore('s', { initial: 1 });
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, 1);
  const task = async (): Promise<void> => {
    while (!isOver) (await semaphore.acquireAsync()).release();
  };
  await Promise.all([task(), task(), task()]);
  assert.equal(semaphore.value, 1);
});

test('a process ends by itself when nothing is pending, and not before', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const semaphore = span.semaphore('s', { initial: 0 });
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
    const waits = kept.span.semaphore('s').acquireAsync();
    // Nothing else keeps it open from here on.
    setImmediate(() => {
      process.removeAllListeners('disconnect');
      process.disconnect();
    });
    void waits.then((permit) => permit.release());
  }, span.name as string);
  await until(() => span.threads().some(({ waitingOn }) => waitingOn.length > 0), 'the child');
  await until(() => !child.process.connected, 'the child to be on its own');
  for (let i = 0; i < 3; i++) await delay(10);
  assert.equal(child.process.exitCode, null);
  semaphore.release();
  assert.deepEqual(await child.exited, { code: 0, signal: null });
  assert.equal(semaphore.value, 1);
});
