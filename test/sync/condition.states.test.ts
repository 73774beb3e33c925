// The rules of conditions: who goes on, in which order, and what the guard says then.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Span } from '../../src/index.ts';
import { type Puppet, startChild, startWorker } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

function open(t: TestContext): Span {
  const span = Span.create(uniqueName(), { lifetime: 'last-close', as: 'main' });
  t.after(() => span.close());
  return span;
}

/** Waits there, blocking or not; resolves with what that said, and releases. */
function wait(puppet: Puppet, span: Span, form: 'wait' | 'waitAsync'): Promise<boolean | null> {
  return puppet.run(
    async ({ memspan, kept }, name, form) => {
      kept.span ??= memspan.Span.join(name);
      const guard = kept.span.mutex('m').lock();
      const notified = await kept.span.condition('c')[form](guard, { timeoutMs: 30_000 });
      guard.release();
      return notified;
    },
    span.name as string,
    form,
  );
}

test('who waits is let go on in the order of arrival, tasks and threads and processes mixed', async (t) => {
  const span = open(t);
  const [mutex, condition] = [span.mutex('m'), span.condition('c')];
  const puppets = await Promise.all([startWorker(), startChild(), startChild()]);
  const order: string[] = [];
  const done: Promise<unknown>[] = [];
  const arrive = async (name: string, waits: () => Promise<unknown>): Promise<void> => {
    const before = condition.waiters;
    done.push(waits().then(() => order.push(name)));
    await until(() => condition.waiters === before + 1, name);
  };
  const task = async (): Promise<void> => {
    using guard = await mutex.lockAsync();
    assert.equal(await condition.waitAsync(guard), true);
  };
  for (const [i, puppet] of puppets.entries()) {
    await arrive(`task ${i}`, task);
    await arrive(`thread ${i}`, () => wait(puppet, span, i === 1 ? 'waitAsync' : 'wait'));
  }
  await arrive('a last task', task);
  const expected = [...puppets.keys()].flatMap((i) => [`task ${i}`, `thread ${i}`]);
  for (const [count, name] of expected.entries()) {
    assert.equal(condition.notifyOne(), true);
    await until(() => order.length === count + 1, name);
    assert.equal(order[count], name);
  }
  assert.equal(condition.notifyAll(), 1);
  await Promise.all(done);
  assert.equal(condition.notifyAll(), 0);
  assert.equal(condition.notifyOne(), false);
  await Promise.all(puppets.map((puppet) => puppet.run(({ kept }) => kept.span.close())));
});

test('several notifications at once let as many go on, and no more; it is not for who comes later', async (t) => {
  const span = open(t);
  const [mutex, condition] = [span.mutex('m'), span.condition('c')];
  const done: number[] = [];
  const waits = Array.from({ length: 5 }, async (_, i) => {
    using guard = await mutex.lockAsync();
    await condition.waitAsync(guard);
    done.push(i);
  });
  await until(() => condition.waiters === 5, 'all of them');
  assert.deepEqual([condition.notifyOne(), condition.notifyOne()], [true, true]);
  assert.equal(condition.waiters, 3);
  using guard = await mutex.lockAsync();
  const late = condition.waitAsync(guard, { timeoutMs: 50 });
  assert.equal(condition.waiters, 4);
  assert.equal(await late, null);
  guard.release();
  await until(() => done.length === 2, 'those who were notified');
  assert.equal(condition.waiters, 3);
  assert.equal(condition.notifyAll(), 3);
  await Promise.all(waits);
  assert.deepEqual(done, [0, 1, 2, 3, 4]);
});

test('the guard holds the mutex again: when notified, when the time is over, when aborted', async (t) => {
  const span = open(t);
  const [mutex, condition] = [span.mutex('m'), span.condition('c')];
  const guard = mutex.lock();
  const held = (): void => {
    assert.equal(guard.held, true);
    assert.equal(guard.ownerDied, false);
    assert.equal(mutex.tryLock(), null);
  };
  assert.equal(condition.wait(guard, { timeoutMs: 1 }), null);
  held();
  assert.equal(await condition.waitAsync(guard, { timeoutMs: 1 }), null);
  held();
  const notified = condition.waitAsync(guard);
  assert.equal(guard.held, false);
  mutex.lock().release();
  condition.notifyOne();
  assert.equal(await notified, true);
  held();
  const abort = new AbortController();
  const aborted = condition.waitAsync(guard, { signal: abort.signal });
  const other = mutex.lock();
  abort.abort(new Error('enough'));
  // Not before it has the mutex.
  let isSettled = false;
  const settled = aborted
    .catch(() => {})
    .finally(() => {
      isSettled = true;
    });
  await new Promise(setImmediate);
  assert.equal(isSettled, false);
  other.release();
  await assert.rejects(aborted, (reason) => reason === abort.signal.reason);
  await settled;
  held();
  const gone = AbortSignal.abort(new Error('before'));
  await assert.rejects(condition.waitAsync(guard, { signal: gone }), { message: 'before' });
  held();
  guard.release();
  assert.equal(mutex.owner, null);
});

test('notified and aborted at once: whichever came first; what was for one that is aborted is the next one’s', async (t) => {
  const span = open(t);
  const [mutex, condition] = [span.mutex('m'), span.condition('c')];
  const abort = new AbortController();
  const begin = (signal?: AbortSignal): Promise<true> => {
    const guard = mutex.lock();
    return condition.waitAsync(guard, { signal }).finally(() => guard.release());
  };
  const notified = begin(abort.signal);
  assert.equal(condition.notifyOne(), true);
  const aborted = assert.rejects(begin(abort.signal), { name: 'AbortError' });
  const next = begin();
  abort.abort();
  // Its cell still says that it waits.
  assert.equal(condition.notifyOne(), true);
  assert.equal(await notified, true);
  await aborted;
  assert.equal(await next, true);
  assert.equal(condition.notifyOne(), false);
});

test('a recursive mutex is given up as a whole, and is as deep as before then', async (t) => {
  const span = open(t);
  const mutex = span.mutex('m', { recursive: true });
  const condition = span.condition('c');
  const [outer, inner] = [mutex.lock(), mutex.lock()];
  const waits = condition.waitAsync(inner);
  const other = await startChild();
  await other.run(({ memspan }, name) => {
    const span = memspan.Span.join(name);
    const guard = span.mutex('m', { recursive: true }).tryLock();
    span.condition('c').notifyOne();
    guard?.release();
    span.close();
    if (guard === null) throw new Error('it was held');
  }, span.name as string);
  assert.equal(await waits, true);
  inner.release();
  assert.notEqual(mutex.owner, null);
  outer.release();
  assert.equal(mutex.owner, null);
});

test('the owner died meanwhile: the guard says so, and without a repair the mutex is lost', async (t) => {
  const span = open(t);
  const [mutex, condition] = [span.mutex('m'), span.condition('c')];
  const die = async (): Promise<void> => {
    const victim = await startChild();
    await victim.run(({ memspan, kept }, name) => {
      kept.span = memspan.Span.join(name);
      kept.span.mutex('m').lock();
      kept.span.condition('c').notifyAll();
    }, span.name as string);
    await victim.kill();
  };
  const guard = mutex.lock();
  const repaired = condition.waitAsync(guard);
  await die();
  assert.equal(await repaired, true);
  assert.equal(guard.ownerDied, true);
  guard.markConsistent();
  assert.equal(await condition.waitAsync(guard, { timeoutMs: 1 }), null);
  assert.equal(guard.ownerDied, false);

  const other = await mutex.lockAsync({ timeoutMs: 0 });
  assert.equal(other, null);
  const lost = [condition.waitAsync(guard)];
  const second = mutex.lock();
  lost.push(condition.waitAsync(second));
  await die();
  assert.equal(await Promise.race(lost), true);
  guard.release();
  second.release();
  const outcomes = await Promise.allSettled(lost);
  const rejected = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  assert.equal(rejected.reason.code, 'ERR_MEMSPAN_NOT_RECOVERABLE');
  assert.deepEqual(span.threads()[0]?.waitingOn, []);
});

test('a thread that blocks goes in the place of its own tasks, which go on when they are notified, too', async (t) => {
  const span = open(t);
  const [mutex, condition] = [span.mutex('m'), span.condition('c')];
  const task = condition.waitAsync(mutex.lock());
  const other = await startChild();
  await other.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
  }, span.name as string);
  const notifying = other.run(async ({ kept }) => {
    const condition = kept.span.condition('c');
    while (condition.waiters < 2) await new Promise(setImmediate);
    return condition.notifyOne();
  });
  const guard = mutex.lock();
  assert.equal(condition.wait(guard), true);
  assert.equal(await notifying, true);
  guard.release();
  assert.equal(condition.waiters, 1);
  assert.equal(condition.notifyOne(), true);
  assert.equal(await task, true);
  await other.kill();
});
