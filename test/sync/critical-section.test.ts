// CriticalSection as one thread sees it: guards, waiting tasks, their ends, and what is refused.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CriticalSection } from '../../src/index.ts';
import { codeOf } from '../support/segments.ts';
import { isPending } from '../word/agents.ts';

function held(section: CriticalSection): boolean {
  const guard = section.tryLock();
  guard?.release();
  return guard === null;
}

/** How many keep the event loop open. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
}

test('zero-filled memory at an offset is a free section; neighbours are strangers', () => {
  const buffer = new SharedArrayBuffer(24);
  const sections = [0, 8, 16].map((byteOffset) => new CriticalSection(buffer, byteOffset));
  using _ = sections[1]!.lock();
  assert.deepEqual(sections.map(held), [false, true, false]);
  assert.equal(sections[1]!.buffer, buffer);
  assert.equal(sections[1]!.byteOffset, 8);
});

test('two objects of one thread over the same bytes are the same section', async () => {
  const one = new CriticalSection();
  const other = new CriticalSection(one.buffer);
  const guard = one.lock();
  assert.equal(other.tryLock(), null);
  assert.equal(
    codeOf(() => other.lock()),
    'ERR_MEMSPAN_DEADLOCK',
  );
  const pending = other.lockAsync();
  assert.ok(await isPending(pending));
  guard.release();
  (await pending).release();
  assert.equal(held(one), false);
});

test('a guard says whether it is held, ends with using, and releases once', () => {
  const section = new CriticalSection();
  const first = section.lock();
  assert.equal(first.section, section);
  assert.equal(first.held, true);
  first.release();
  assert.equal(first.held, false);
  {
    using second = section.lock();
    first.release();
    first[Symbol.dispose]();
    assert.equal(second.held, true);
    assert.equal(held(section), true);
  }
  assert.equal(held(section), false);
});

test('who blocks for what its thread holds is told at once, also with a timeout', async () => {
  const section = new CriticalSection();
  {
    using _ = await section.lockAsync();
    const deadlock = { code: 'ERR_MEMSPAN_DEADLOCK', message: /holds it already/ };
    assert.throws(() => section.lock(), deadlock);
    assert.throws(() => section.lock({ timeoutMs: 1 }), deadlock);
    assert.equal(section.tryLock(), null);
  }
  section.lock().release();
});

test('tasks of one thread get it in the order in which they came', async () => {
  const section = new CriticalSection();
  const guard = section.lock();
  const order: number[] = [];
  const tasks = Array.from({ length: 50 }, async (_, i) => {
    using _guard = await section.lockAsync(i % 2 === 0 ? {} : { timeoutMs: 60_000 });
    order.push(i);
    await null;
  });
  assert.ok(await isPending(tasks[0]!));
  guard.release();
  await Promise.all(tasks);
  assert.deepEqual(
    order,
    tasks.map((_, i) => i),
  );
});

test('who comes later queues up behind those who wait, though it is free for a moment', async () => {
  const section = new CriticalSection();
  const guard = section.lock();
  const first = section.lockAsync();
  guard.release();
  const second = section.lockAsync();
  const winner = await Promise.race([first.then(() => 'first'), second.then(() => 'second')]);
  assert.equal(winner, 'first');
  (await first).release();
  (await second).release();
});

test('a signal ends the wait with its reason, before or during it', async () => {
  const section = new CriticalSection();
  const reason = new Error('enough');
  await assert.rejects(section.lockAsync({ signal: AbortSignal.abort(reason) }), reason);
  assert.equal(held(section), false);
  const guard = section.lock();
  const abort = new AbortController();
  const pending = section.lockAsync({ signal: abort.signal, timeoutMs: 60_000 });
  const behind = section.lockAsync();
  abort.abort(reason);
  await assert.rejects(pending, reason);
  guard.release();
  (await behind).release();
  assert.equal(held(section), false);
});

for (const how of ['aborted', 'over in time'] as const) {
  test(`200 pending that are ${how} leave no waiter, timer or listener`, async () => {
    const section = new CriticalSection();
    const words = new Int32Array(section.buffer);
    const before = timers();
    const guard = section.lock();
    const abort = new AbortController();
    const listeners = (): number => getEventListeners(abort.signal, 'abort').length;
    const timeoutMs = how === 'aborted' ? 60_000 : 5;
    const pending = Array.from({ length: 200 }, () =>
      section.lockAsync({ signal: abort.signal, timeoutMs }),
    );
    assert.equal(listeners(), 1);
    if (how === 'aborted') {
      abort.abort('enough');
      const results = await Promise.allSettled(pending);
      assert.ok(results.every((result) => result.status === 'rejected'));
    } else {
      assert.ok((await Promise.all(pending)).every((guard) => guard === null));
    }
    assert.equal(listeners(), 0);
    assert.equal(Atomics.notify(words, 0) + Atomics.notify(words, 1), 0);
    assert.ok(timers() <= before); // fewer when the test runner's own has ended meanwhile
    guard.release();
    assert.equal(held(section), false);
  });
}

test('what is pending keeps the event loop open; what was aborted does not', () => {
  const program = fileURLToPath(new URL('../fixtures/sync/pending-section.js', import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: 30_000, // a watchdog
  });
  assert.equal(stdout, 'granted, aborted\n');
  assert.equal(status, 0);
});

test('a section whose word was written over says so to its owner, and stays as it is', () => {
  const section = new CriticalSection();
  const guard = section.lock();
  const words = new Int32Array(section.buffer);
  words[0] = 77;
  assert.throws(() => guard.release(), { code: 'ERR_MEMSPAN_NOT_HELD' });
  assert.equal(words[0], 77);
});

const TypeOf = { name: 'TypeError', code: 'ERR_MEMSPAN_INVALID_ARGUMENT' };
const RangeOf = { name: 'RangeError', code: 'ERR_MEMSPAN_OUT_OF_RANGE' };

test('what cannot be a section is refused', () => {
  const make = (...args: unknown[]) => Reflect.construct(CriticalSection, args);
  for (const buffer of [null, 8, 'x', {}, new ArrayBuffer(8), new Int32Array(2)]) {
    assert.throws(() => make(buffer), TypeOf);
  }
  const buffer = new SharedArrayBuffer(16);
  for (const offset of [null, '0', 0n]) assert.throws(() => make(buffer, offset), TypeOf);
  for (const offset of [-4, 2, 4.5, 12, 16, Number.NaN, 2 ** 32, Number.POSITIVE_INFINITY]) {
    assert.throws(() => make(buffer, offset), RangeOf);
  }
  assert.throws(() => make(new SharedArrayBuffer(4)), RangeOf);
  make(buffer, 8);
});

test('options that cannot be are refused, whether it is free or held', async () => {
  const section = new CriticalSection();
  for (const isHeld of [false, true]) {
    const lock = (options: unknown) => section.lock(options as object);
    const lockAsync = (options: unknown) => section.lockAsync(options as object);
    for (const options of [null, 5, 'x', { timeoutMs: '5' }, { timeoutMs: null }]) {
      assert.throws(() => lock(options), TypeOf);
      await assert.rejects(lockAsync(options), TypeOf);
    }
    for (const timeoutMs of [-1, Number.NaN]) {
      assert.throws(() => lock({ timeoutMs }), RangeOf);
      await assert.rejects(lockAsync({ timeoutMs }), RangeOf);
    }
    await assert.rejects(lockAsync({ signal: {} }), TypeOf);
    assert.equal(held(section), isHeld);
    section.tryLock();
  }
});
