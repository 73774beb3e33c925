// What locks tell to node:diagnostics_channel: each step of a mutex with its name, and nothing when nobody listens.
import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { type TestContext, test } from 'node:test';
import { type DeadlockMember, type LockEvent, Mutex, Span } from '../../src/index.ts';
import { lockEvents } from '../../src/sync/events.ts';
import { startChild, startWorker, type Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

const steps = ['request', 'grant', 'release', 'abandoned', 'deadlock'] as const;
type Step = (typeof steps)[number];

/** What is published until the test is over, of all steps or of some. */
function listen(t: TestContext, ...only: readonly Step[]): { step: Step; event: LockEvent }[] {
  const heard: { step: Step; event: LockEvent }[] = [];
  for (const step of only.length > 0 ? only : steps) {
    const hear = (event: unknown): void => {
      heard.push({ step, event: event as LockEvent });
    };
    diagnostics.subscribe(`memspan:lock:${step}`, hear);
    t.after(() => diagnostics.unsubscribe(`memspan:lock:${step}`, hear));
  }
  return heard;
}

type Heard = ReturnType<typeof listen>;

/** The steps heard since the last time, all of them of that mutex. */
function stepsOf(heard: Heard, { name, fullName }: Mutex): Step[] {
  for (const { step, event } of heard) {
    const { waitedMs, details: _, ...who } = event;
    assert.deepEqual(who, { kind: 'mutex', name, fullName });
    assert.equal(typeof waitedMs, step === 'grant' ? 'number' : 'undefined');
    if (waitedMs !== undefined) assert.ok(waitedMs >= 0 && waitedMs < 60_000);
  }
  return heard.splice(0).map(({ step }) => step);
}

function openNamed(t: TestContext): { span: Span; mutex: Mutex } {
  const span = Span.create(uniqueName());
  t.after(() => {
    span.unlink();
    span.close();
  });
  return { span, mutex: span.mutex('door') };
}

for (const how of ['lock', 'lock with a timeout', 'tryLock', 'lockAsync'] as const) {
  const acquire = async (mutex: Mutex): Promise<Disposable | null> => {
    if (how === 'lock') return mutex.lock();
    if (how === 'lock with a timeout') return mutex.lock({ timeoutMs: 1 });
    return how === 'tryLock' ? mutex.tryLock() : mutex.lockAsync({ timeoutMs: 1 });
  };

  test(`${how} of a free mutex: request, grant, release`, async (t) => {
    const { mutex } = openNamed(t);
    const heard = listen(t);
    const guard = await acquire(mutex);
    assert.deepEqual(stepsOf(heard, mutex), ['request', 'grant']);
    guard?.[Symbol.dispose]();
    assert.deepEqual(stepsOf(heard, mutex), ['release']);
    guard?.[Symbol.dispose]();
    assert.deepEqual(stepsOf(heard, mutex), []);
  });

  if (how !== 'lock') {
    test(`${how} that comes to nothing: request alone`, async (t) => {
      const { span, mutex } = openNamed(t);
      const worker = await startWorker();
      await worker.run(hold, span.name as string);
      const heard = listen(t);
      assert.equal(await acquire(mutex), null);
      assert.deepEqual(stepsOf(heard, mutex), ['request']);
    });
  }

  test(`${how} is heard by who listens to one step only`, async (t) => {
    const { mutex } = openNamed(t);
    const grants = listen(t, 'grant');
    (await acquire(mutex))?.[Symbol.dispose]();
    assert.deepEqual(stepsOf(grants, mutex), ['grant']);
  });
}

/** Holds the mutex `door` of that span. */
function hold({ memspan, kept }: Tools, span: string): void {
  kept.span = memspan.Span.join(span);
  kept.span.mutex('door').lock();
}

test('a grant tells how long it took, and comes after the release that made it possible', async (t) => {
  const { mutex } = openNamed(t);
  const heard = listen(t);
  const guard = mutex.lock();
  const start = performance.now();
  const pending = mutex.lockAsync();
  setTimeout(() => guard.release(), 20);
  (await pending).release();
  const end = performance.now();
  const [, , , , grant] = heard;
  const waitedMs = grant?.event.waitedMs ?? Number.NaN;
  assert.deepEqual(stepsOf(heard, mutex), [
    'request',
    'grant',
    'request',
    'release',
    'grant',
    'release',
  ]);
  assert.ok(waitedMs >= 15 && waitedMs <= end - start, `${waitedMs} ms`);
});

test('a mutex of an anonymous span and one embedded in an object have names, too', (t) => {
  using span = Span.anonymous();
  const { byteOffset } = span.bytes('records', { size: 64 });
  const heard = listen(t, 'grant');
  span.mutex('door').lock().release();
  Mutex.at(span, byteOffset + 8)
    .lock()
    .release();
  assert.deepEqual(
    heard.map(({ event: { name, fullName } }) => [name, fullName]),
    [
      ['door', '/door'],
      ['records+8', '/records+8'],
    ],
  );
});

test('two mutexes tell two names', (t) => {
  const { span, mutex } = openNamed(t);
  const other = span.mutex('window');
  const heard = listen(t);
  using _ = mutex.lock();
  using __ = other.lock();
  assert.deepEqual(
    heard.map(({ event }) => event.fullName),
    [mutex.fullName, mutex.fullName, other.fullName, other.fullName],
  );
  assert.equal(other.fullName, `${span.name}/window`);
});

for (const how of ['lock', 'tryLock', 'lockAsync'] as const) {
  test(`abandoned: told to ${how} between request and grant, before recover is called`, async (t) => {
    const { span } = openNamed(t);
    const heard = listen(t);
    const mutex = span.mutex('door', {
      recover: () => assert.equal(heard.at(-1)?.step, 'abandoned'),
    });
    const child = await startChild();
    await child.run(hold, span.name as string);
    await child.kill();
    const guard = await mutex[how]();
    assert.equal(guard?.ownerDied, true);
    assert.deepEqual(stepsOf(heard, mutex), ['request', 'abandoned', 'grant']);
    guard.release();
    mutex.lock().release();
    assert.deepEqual(stepsOf(heard, mutex), ['release', 'request', 'grant', 'release']);
  });
}

test('a recover that throws: abandoned is told, a grant is not', async (t) => {
  const { span, mutex } = openNamed(t);
  const broken = span.mutex('door', {
    recover() {
      throw new Error('not today');
    },
  });
  const child = await startChild();
  await child.run(hold, span.name as string);
  await child.kill();
  const heard = listen(t);
  assert.throws(() => broken.lock(), /not today/);
  assert.deepEqual(stepsOf(heard, mutex), ['request', 'abandoned']);
  assert.equal(mutex.lock().ownerDied, true);
  assert.deepEqual(stepsOf(heard, mutex), ['request', 'abandoned', 'grant']);
});

test('deadlock: two threads lock in opposite order, the one that is told publishes the circle', async (t) => {
  const { span } = openNamed(t);
  const name = span.name as string;
  const takeFirst = ({ memspan, kept }: Tools, span: string, as: string, first: string): void => {
    const heard: LockEvent[] = [];
    process
      .getBuiltinModule('node:diagnostics_channel')
      .subscribe('memspan:lock:deadlock', (event) => heard.push(event as LockEvent));
    kept.span = memspan.Span.join(span, { as });
    kept.span.mutex(first).lock();
    Object.assign(kept, { heard });
  };
  const takeSecond = ({ kept }: Tools, second: string): { code?: string; heard: LockEvent[] } => {
    const { heard } = kept as unknown as { heard: LockEvent[] };
    try {
      kept.span.mutex(second).lock();
      return { heard };
    } catch (error) {
      return { code: (error as { code: string }).code, heard };
    } finally {
      kept.span.close();
    }
  };
  const [a, b] = await Promise.all([startWorker(), startWorker()]);
  await Promise.all([a.run(takeFirst, name, 'a', 'left'), b.run(takeFirst, name, 'b', 'right')]);
  const came = await Promise.all([a.run(takeSecond, 'right'), b.run(takeSecond, 'left')]);
  assert.deepEqual(came.map(({ heard }) => heard.length).sort(), [0, 1]);
  const told = came.findIndex(({ code }) => code === 'ERR_MEMSPAN_DEADLOCK');
  const event = came[told]?.heard[0] as LockEvent;
  const waitsFor = told === 0 ? 'right' : 'left';
  assert.equal(event.kind, 'mutex');
  assert.equal(event.name, waitsFor);
  assert.equal(event.fullName, `${name}/${waitsFor}`);
  const members = event.details as DeadlockMember[];
  assert.deepEqual(members.map(({ thread, waitsFor }) => `${thread}→${waitsFor}`).sort(), [
    'a→right',
    'b→left',
  ]);
  assert.ok(members.every(({ pid }) => pid === process.pid));
});

test('nobody listens: nothing is made or published', async (t) => {
  const { mutex } = openNamed(t);
  const published: Step[] = [];
  for (const step of steps) {
    const publish = (): void => void published.push(step);
    Object.defineProperty(lockEvents[step], 'publish', { value: publish, configurable: true });
    t.after(() => Reflect.deleteProperty(lockEvents[step], 'publish'));
  }
  mutex.lock().release();
  mutex.tryLock()?.release();
  mutex.lock({ timeoutMs: 1 })?.release();
  const guard = await mutex.lockAsync();
  assert.equal(mutex.tryLock(), null);
  assert.equal(await mutex.lockAsync({ timeoutMs: 1 }), null);
  assert.throws(() => mutex.lock(), { code: 'ERR_MEMSPAN_DEADLOCK' });
  guard.release();
  assert.deepEqual(published, []);
});

test('who stops listening hears no more', (t) => {
  const { mutex } = openNamed(t);
  const heard: unknown[] = [];
  const hear = (event: unknown): void => void heard.push(event);
  diagnostics.subscribe('memspan:lock:release', hear);
  mutex.lock().release();
  diagnostics.unsubscribe('memspan:lock:release', hear);
  mutex.lock().release();
  assert.equal(heard.length, 1);
});

test('each grant of a recursive mutex has its release', (t) => {
  const { span } = openNamed(t);
  const mutex = span.mutex('rooms', { recursive: true });
  const heard = listen(t);
  const outer = mutex.lock();
  const inner = mutex.lock();
  inner.release();
  outer.release();
  const expected = ['request', 'grant', 'request', 'grant', 'release', 'release'];
  assert.deepEqual(stepsOf(heard, mutex), expected);
});

test('a thread that would wait for itself: request, deadlock', (t) => {
  const { mutex } = openNamed(t);
  const guard = mutex.lock();
  const heard = listen(t);
  assert.throws(() => mutex.lock(), { code: 'ERR_MEMSPAN_DEADLOCK' });
  assert.deepEqual(stepsOf(heard, mutex), ['request', 'deadlock']);
  guard.release();
});
