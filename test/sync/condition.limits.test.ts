// What conditions refuse, and what they leave behind: limits, aborted waits, ends of processes and spans, misuse.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getEventListeners, once, setMaxListeners } from 'node:events';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Condition, find, type MutexGuard, Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, shmPath, uniqueName, until } from '../support/segments.ts';

function open(t: TestContext, lifetime: 'last-close' | 'until-unlinked' = 'last-close'): Span {
  const span = Span.create(uniqueName(), { lifetime, as: 'main' });
  t.after(() => span.close());
  return span;
}

test('as many tasks of one thread wait as it has cells; one more is refused, with the mutex held', async (t) => {
  const span = open(t);
  const [mutex, condition] = [span.mutex('m'), span.condition('c')];
  const guards = Array.from({ length: 95 }, () => {
    const guard = mutex.lock();
    return { guard, done: condition.waitAsync(guard).then(() => guard.release()) };
  });
  const guard = mutex.lock();
  await assert.rejects(condition.waitAsync(guard), { code: 'ERR_MEMSPAN_LIMIT' });
  assert.equal(
    codeOf(() => condition.wait(guard)),
    'ERR_MEMSPAN_LIMIT',
  );
  assert.equal(guard.held, true);
  assert.equal(condition.notifyAll(), 95);
  guard.release();
  await Promise.all(guards.map(({ done }) => done));
});

test('500 waits that are aborted leave nothing behind, and keep neither libuv nor the event loop', async (t) => {
  const span = open(t);
  const bytes = span.bytes('here', { size: 8 });
  const mutex = span.mutex('m');
  const condition = Condition.at(span, bytes.byteOffset);
  await fs.promises.stat('.');
  const threads = (): number => fs.readdirSync('/proc/self/task').length;
  const before = threads();
  const { signal: never } = new AbortController();
  setMaxListeners(500, never);
  for (let round = 0; round < 10; round++) {
    const abort = new AbortController();
    setMaxListeners(50, abort.signal);
    const waits = Array.from({ length: 50 }, async (_, i) => {
      using guard = mutex.lock();
      const signal = i % 2 === 0 ? abort.signal : never;
      const timeoutMs = i % 2 === 0 ? undefined : 1 + (i % 5);
      await condition.waitAsync(guard, { signal, timeoutMs }).then(
        (value) => assert.equal(value, null),
        (error) => assert.equal(error, abort.signal.reason),
      );
    });
    assert.equal(condition.waiters, 50);
    await Promise.all(Array.from({ length: 8 }, () => fs.promises.stat('.')));
    assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
    abort.abort();
    await Promise.all(waits);
    assert.deepEqual(getEventListeners(abort.signal, 'abort'), []);
  }
  assert.deepEqual(getEventListeners(never, 'abort'), []);
  assert.deepEqual(span.threads()[0]?.waitingOn, []);
  assert.ok(
    bytes.every((byte) => byte === 0),
    'the word is 0 again',
  );
  assert.equal(mutex.owner, null);
});

test('a process does not end while something waits, and does when nothing does', async (t) => {
  const span = open(t);
  const library = new URL('../../src/index.js', import.meta.url).href;
  const program = `
    import { Span } from '${library}';
    const span = Span.join('${span.name}');
    const guard = span.mutex('m').lock();
    span.condition('c').waitAsync(guard).then(() => { guard.release(); span.close(); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await until(() => span.condition('c').waiters === 1, 'it to wait');
  assert.equal(child.exitCode, null);
  assert.equal(span.condition('c').notifyOne(), true);
  assert.deepEqual(await ended, [0, null]);
});

test('misuse is refused before anything is given up', async (t) => {
  const span = open(t);
  const [mutex, condition] = [span.mutex('m'), span.condition('c')];
  const guard: MutexGuard = mutex.lock();
  for (const form of ['wait', 'waitAsync'] as const) {
    const call = async (...args: unknown[]): Promise<unknown> =>
      (condition[form] as (...args: unknown[]) => unknown)(...args);
    for (const wrong of [undefined, null, {}, mutex, 7]) {
      await assert.rejects(call(wrong), TypeError);
    }
    for (const wrong of [7, 'soon', { timeoutMs: '1' }, null]) {
      await assert.rejects(call(guard, wrong), TypeError);
    }
    for (const timeoutMs of [-1, Number.NaN]) {
      await assert.rejects(call(guard, { timeoutMs }), RangeError);
    }
    assert.equal(guard.held, true);
  }
  const released = mutex.lockAsync();
  guard.release();
  (await released).release();
  await assert.rejects(condition.waitAsync(guard), { code: 'ERR_MEMSPAN_NOT_HELD' });
  assert.equal(
    codeOf(() => condition.wait(guard)),
    'ERR_MEMSPAN_NOT_HELD',
  );
  assert.throws(() => Condition.at(span, 2), RangeError);
  assert.throws(() => Condition.at(span, 0), RangeError);
  assert.throws(() => Condition.at(7 as never, 0), TypeError);
});

test('by name, embedded, and found', (t) => {
  const span = open(t);
  const condition = span.condition('c');
  assert.equal(condition.fullName, `${span.name}/c`);
  const { byteOffset } = span.bytes('game', { size: 64 });
  const embedded = Condition.at(span, byteOffset + 8);
  assert.equal(embedded.name, 'game+8');
  const [found, ...more] = find({ kind: 'condition', name: `${span.name}/*` });
  assert.deepEqual([found?.name, more.length], ['c', 0]);
  const opened = found?.open() as Condition;
  assert.ok(opened instanceof Condition);
  assert.equal(opened.notifyOne(), false);
  opened.span.close();
});

test('of a closed span, and of one that is cut off, everybody is told', async (t) => {
  const closing = open(t);
  const [mutex, condition] = [closing.mutex('m'), closing.condition('c')];
  const pending = assert.rejects(condition.waitAsync(mutex.lock()), { code: 'ERR_MEMSPAN_CLOSED' });
  const guard = mutex.lock();
  closing.close();
  await pending;
  await assert.rejects(condition.waitAsync(guard), { code: 'ERR_MEMSPAN_CLOSED' });
  for (const act of [
    () => condition.wait(guard),
    () => condition.notifyOne(),
    () => condition.notifyAll(),
    () => condition.waiters,
  ]) {
    assert.equal(codeOf(act), 'ERR_MEMSPAN_CLOSED');
  }

  const cut = open(t, 'until-unlinked');
  const name = cut.name as string;
  t.after(() => Span.unlink(name));
  const child = await startChild();
  const told = { code: 'ERR_MEMSPAN_TRUNCATED' };
  const blocked = assert.rejects(
    child.run(({ memspan }, name) => {
      const span = memspan.Span.join(name);
      span.condition('c').wait(span.mutex('m').lock());
    }, name),
    told,
  );
  await until(() => cut.condition('c').waiters === 1, 'the child');
  const waits = assert.rejects(cut.condition('c').waitAsync(cut.mutex('m').lock()), told);
  fs.truncateSync(shmPath(name));
  await Promise.all([waits, blocked]);
});
