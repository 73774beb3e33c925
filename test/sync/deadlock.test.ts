// Deadlocks are found: exactly one of a cycle is told, with the whole cycle, and the others go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeadlockMember, type MemspanError, Mutex, Span } from '../../src/index.ts';
import { startChild, startWorker, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { inOrder } from './in-order.ts';

interface Came {
  readonly code?: string;
  readonly message?: string;
  readonly found?: unknown;
  readonly tookMs: number;
}

type Puppet = Awaited<ReturnType<typeof startWorker>>;

/** Joins as `as`, takes `first`, and says so. */
function takeFirst({ memspan, kept }: Tools, span: string, as: string, first: string): number {
  kept.span = memspan.Span.join(span, { as });
  kept.span.mutex(first).lock();
  return process.pid;
}

/** Blocks for `second` while it holds `first`. What it came to. */
function takeSecond({ kept }: Tools, second: string, timeoutMs?: number): Came {
  const start = performance.now();
  const tookMs = (): number => performance.now() - start;
  try {
    kept.span.mutex(second).lock({ timeoutMs });
    kept.span.close();
    return { tookMs: tookMs() };
  } catch (error) {
    const { code, message, found } = error as MemspanError;
    kept.span.close();
    return { code, message, found, tookMs: tookMs() };
  }
}

async function circle(puppets: readonly Puppet[], name: string): Promise<Came[]> {
  const lock = (i: number): string => `lock-${i % puppets.length}`;
  await Promise.all(puppets.map((puppet, i) => puppet.run(takeFirst, name, `t-${i}`, lock(i))));
  return Promise.all(puppets.map((puppet, i) => puppet.run(takeSecond, lock(i + 1))));
}

function checkCircle(name: string, results: readonly Came[]): DeadlockMember[] {
  const told = results.filter(({ code }) => code !== undefined);
  assert.equal(told.length, 1, `${told.length} were told`);
  const [{ code, message = '', found } = {} as Came] = told;
  assert.equal(code, 'ERR_MEMSPAN_DEADLOCK');
  const members = found as DeadlockMember[];
  const steps = members.map(({ thread, waitsFor }) => `${thread} waits for ${waitsFor}`).sort();
  const n = results.length;
  assert.deepEqual(
    steps,
    results.map((_, i) => `t-${i} waits for lock-${(i + 1) % n}`),
  );
  for (const { thread, pid, waitsFor } of members) {
    assert.ok(message.includes(`${thread} (pid ${pid}) waits for '${waitsFor}'`), message);
  }
  assert.ok(message.includes(name), message);
  return members;
}

for (const parties of [2, 3]) {
  test(`${parties} processes that lock in a circle: one is told the whole circle, the others go on`, async (t) => {
    const name = uniqueName();
    using span = Span.create(name, { lifetime: 'last-close' });
    const puppets = await Promise.all(Array.from({ length: parties }, () => startChild()));
    const results = await circle(puppets, name);
    const members = checkCircle(name, results);
    assert.deepEqual(members.map(({ pid }) => pid).sort(), puppets.map(({ pid }) => pid).sort());
    t.diagnostic(`the last went on after ${Math.max(...results.map((r) => r.tookMs))} ms`);
    assert.equal(span.threads('t-*').filter(({ alive }) => alive).length, 0);
  });
}

test('threads of one process are told apart', async () => {
  const name = uniqueName();
  using _ = Span.create(name, { lifetime: 'last-close' });
  const members = checkCircle(
    name,
    await circle(await Promise.all([startWorker(), startWorker()]), name),
  );
  assert.equal(new Set(members.map(({ tid }) => tid)).size, 2);
  assert.equal(new Set(members.map(({ pid }) => pid)).size, 1);
});

test('who waits for a circle without being in it is not told', async () => {
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close' });
  // Its id is the highest of all, which would make it the one to be told if it were a member.
  const [a, b, outsider] = await Promise.all([startChild(), startChild(), startChild()]);
  await a.run(takeFirst, name, 't-0', 'lock-0');
  await b.run(takeFirst, name, 't-1', 'lock-1');
  await outsider.run(takeFirst, name, 'outsider', 'lock-2');
  const outside = outsider.run(takeSecond, 'lock-0');
  await until(() => span.threads('outsider')[0]?.waitingOn.length === 1, 'the outsider');
  const results = await Promise.all([a.run(takeSecond, 'lock-1'), b.run(takeSecond, 'lock-0')]);
  checkCircle(name, results);
  assert.equal((await outside).code, undefined);
});

test('a circle with a dead member is no deadlock: its lock is taken over', async () => {
  const name = uniqueName();
  using _ = Span.create(name, { lifetime: 'last-close' });
  const [a, b] = await Promise.all([startChild(), startChild()]);
  await a.run(takeFirst, name, 't-0', 'lock-0');
  await b.run(takeFirst, name, 't-1', 'lock-1');
  const first = a.run(takeSecond, 'lock-1');
  await b.kill();
  assert.equal((await first).code, undefined);
});

test('a thread that blocks for what one of its own tasks holds is told at once', async () => {
  using span = Span.anonymous();
  const mutex = span.mutex('lock');
  using _ = await mutex.lockAsync();
  assert.throws(() => mutex.lock(), { code: 'ERR_MEMSPAN_DEADLOCK', message: /holds it already/ });
  assert.equal(mutex.tryLock(), null);
});

test('embedded mutexes are named by what they are embedded in', async () => {
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close' });
  const { byteOffset } = span.bytes('records', { size: 64 });
  const take = ({ memspan, kept }: Tools, span: string, as: string, offset: number): void => {
    kept.span = memspan.Span.join(span, { as });
    memspan.Mutex.at(kept.span, offset).lock();
  };
  const takeOther = ({ memspan, kept }: Tools, offset: number): string | undefined => {
    try {
      memspan.Mutex.at(kept.span, offset).lock();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    } finally {
      kept.span.close();
    }
  };
  const [a, b] = await Promise.all([startWorker(), startWorker()]);
  await a.run(take, name, 'a', byteOffset);
  await b.run(take, name, 'b', byteOffset + 4);
  const told = await Promise.all([a.run(takeOther, byteOffset + 4), b.run(takeOther, byteOffset)]);
  assert.match(told.join(), /a \(pid \d+\) waits for 'records\+4', which b \(pid \d+\) holds/);
  assert.match(told.join(), /b \(pid \d+\) waits for 'records', which a /);
  assert.equal(Mutex.at(span, byteOffset).owner?.alive, false);
});

test('locks taken in order never raise a false alarm', async () => {
  const name = uniqueName();
  using _ = Span.create(name, { lifetime: 'last-close' });
  const puppets = await Promise.all([startChild(), startChild(), startWorker(), startWorker()]);
  const counts = await Promise.all(puppets.map((puppet) => puppet.run(inOrder, name, 700)));
  assert.ok(counts.every((count) => count > 0));
});
