// The rules of events: both kinds, order, generations, reset, misuse, options, embedding, what is left behind.
import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Event, find, Span } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { codeOf, shmPath, uniqueName, until } from '../support/segments.ts';

function open(t: TestContext, lifetime: 'last-close' | 'until-unlinked' = 'last-close'): Span {
  const span = Span.create(uniqueName(), { lifetime, as: 'main' });
  t.after(() => span.close());
  return span;
}

const waits = (span: Span): number =>
  span.threads().reduce((sum, { waitingOn }) => sum + waitingOn.length, 0);

const BOTH = ['manual', 'auto'] as const;

test('manual: set lets everybody through until it is reset', async (t) => {
  const event = open(t).event('e');
  assert.equal(event.tryWait(), false);
  assert.equal(event.wait({ timeoutMs: 1 }), null);
  assert.equal(await event.waitAsync({ timeoutMs: 1 }), null);
  const pending = [event.waitAsync(), event.waitAsync()];
  event.set();
  assert.deepEqual(await Promise.all(pending), [true, true]);
  event.set();
  assert.deepEqual([event.wait(), event.tryWait(), await event.waitAsync()], [true, true, true]);
  assert.equal(event.isSet, true);
  event.reset();
  event.reset();
  assert.deepEqual([event.isSet, event.tryWait()], [false, false]);
});

test('manual: set and reset at once let through all who waited, blocking or not, and nobody who comes then', async (t) => {
  const span = open(t);
  const event = span.event('e');
  const puppets = await Promise.all([startWorker(), startChild()]);
  for (let round = 0; round < 20; round++) {
    const theirs = puppets.map((puppet, i) =>
      puppet.run(
        async ({ memspan, kept }, name, form) => {
          kept.span ??= memspan.Span.join(name);
          return kept.span.event('e')[form]();
        },
        span.name as string,
        i === round % 2 ? ('wait' as const) : ('waitAsync' as const),
      ),
    );
    const own = Array.from({ length: 3 }, () => event.waitAsync());
    await until(() => waits(span) === 3, 'all, the tasks of one thread with one cell');
    event.set();
    event.reset();
    const late = event.waitAsync({ timeoutMs: 1 });
    assert.deepEqual(await Promise.all([...own, ...theirs]), Array(5).fill(true));
    assert.equal(await late, null);
  }
  await Promise.all(puppets.map((puppet) => puppet.run(({ kept }) => kept.span.close())));
});

test('manual: of 300 tasks that wait, 300 go on, although some yield to the event loop', async (t) => {
  const event = open(t).event('e');
  const pending = Array.from({ length: 300 }, () => event.waitAsync());
  event.set();
  event.reset();
  const more = Array.from({ length: 300 }, () => event.waitAsync());
  assert.ok((await Promise.all(pending)).every((value) => value));
  event.set();
  assert.ok((await Promise.all(more)).every((value) => value));
});

test('auto: each set lets one through, in the order of arrival, however late it looks', async (t) => {
  const span = open(t);
  const event = span.event('e', { reset: 'auto' });
  event.set();
  event.set();
  assert.deepEqual([event.isSet, event.tryWait(), event.tryWait()], [true, true, false]);
  const order: string[] = [];
  const puppets = await Promise.all([startWorker(), startChild(), startChild()]);
  const done: Promise<unknown>[] = [];
  for (const [i, puppet] of puppets.entries()) {
    const theirs = puppet.run(
      async ({ memspan, kept }, name, form) => {
        kept.span = memspan.Span.join(name);
        return kept.span.event('e', { reset: 'auto' })[form]();
      },
      span.name as string,
      i === 1 ? ('waitAsync' as const) : ('wait' as const),
    );
    done.push(theirs.then(() => order.push(`thread ${i}`)));
    await until(() => waits(span) === 2 * i + 1, 'a thread');
    done.push(event.waitAsync().then(() => order.push(`task ${i}`)));
  }
  for (let set = 1; set <= 4; set++) {
    event.set();
    await until(() => order.length === set, 'one to go through');
  }
  event.set();
  event.set();
  await Promise.all(done);
  const expected = [...puppets.keys()].flatMap((i) => [`thread ${i}`, `task ${i}`]);
  assert.deepEqual(order.slice(0, 4), expected.slice(0, 4));
  assert.deepEqual(order.toSorted(), expected.toSorted());
  assert.equal(event.isSet, false);
  await Promise.all(puppets.map((puppet) => puppet.run(({ kept }) => kept.span.close())));
});

test('auto: whoever is let through at the end of its time says so, and a reset is not undone', async (t) => {
  const event = open(t).event('e', { reset: 'auto' });
  for (let round = 0; round < 50; round++) {
    const pending = event.waitAsync({ timeoutMs: 1 });
    for (const end = performance.now() + 0.5 + Math.random(); performance.now() < end; );
    const abort = new AbortController();
    const aborted = event.waitAsync({ signal: abort.signal }).catch(() => null);
    event.set();
    event.set();
    abort.abort();
    const went = (await Promise.all([pending, aborted])).filter((value) => value).length;
    assert.equal(went + Number(event.tryWait()), Math.max(went, 2), `${went} went through`);
    event.reset();
    assert.equal(event.tryWait(), false);
  }
});

test('set at first: as an option, which all must mean', async (t) => {
  const span = open(t);
  for (const reset of BOTH) {
    const event = span.event(reset, { reset, initial: true });
    assert.equal(event.isSet, true);
    assert.equal(await event.waitAsync(), true);
    event.reset();
    assert.equal(event.isSet, false);
    event.set();
    assert.equal(event.wait(), true);
    for (const other of [
      { reset },
      { reset: reset === 'auto' ? 'manual' : 'auto', initial: true },
    ] as const) {
      assert.throws(() => span.event(reset, other), { code: 'ERR_MEMSPAN_OPTIONS_MISMATCH' });
    }
  }
});

for (const reset of BOTH) {
  test(`500 aborted waits leave nothing behind, and keep neither libuv nor the event loop (${reset})`, async (t) => {
    const span = open(t);
    const bytes = span.bytes('here', { size: 8 });
    const event = Event.at(span, bytes.byteOffset, { reset });
    await fs.promises.stat('.');
    const threads = (): number => fs.readdirSync('/proc/self/task').length;
    const before = threads();
    const abort = new AbortController();
    const { signal: never } = new AbortController();
    setMaxListeners(500, abort.signal, never);
    const pending = Array.from({ length: 500 }, (_, i) => {
      const timeoutMs = i % 2 === 0 ? undefined : 1 + (i % 20);
      return event.waitAsync({ signal: i % 2 === 0 ? abort.signal : never, timeoutMs }).then(
        (value) => assert.equal(value, null),
        (error) => assert.equal(error, abort.signal.reason),
      );
    });
    await Promise.all(Array.from({ length: 8 }, () => fs.promises.stat('.')));
    assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
    await Promise.all(pending.filter((_, i) => i % 2 === 1));
    abort.abort();
    await Promise.all(pending);
    for (const signal of [abort.signal, never]) {
      assert.deepEqual(getEventListeners(signal, 'abort'), []);
    }
    assert.equal(waits(span), 0);
    event.set();
    event.reset();
    const [word = 0] = new Uint32Array(bytes.buffer, bytes.byteOffset, 1);
    assert.equal(reset === 'auto' ? word : word >>> 30, 0, 'no mark, nothing set');
    await until(() => threads() <= before + 1, 'the helper to end');
  });

  test(`who waits again and again does not keep the event loop from everything else (${reset})`, async (t) => {
    const event = open(t).event('e', { reset, initial: true });
    let isOver = false;
    setTimeout(() => {
      isOver = true;
    }, 1);
    while (!isOver) {
      await event.waitAsync();
      event.set();
    }
  });

  test(`of a closed span, and of one that is cut off, everybody is told (${reset})`, async (t) => {
    const closing = open(t);
    const event = closing.event('e', { reset });
    const pending = assert.rejects(event.waitAsync(), { code: 'ERR_MEMSPAN_CLOSED' });
    closing.close();
    await pending;
    for (const form of ['wait', 'tryWait', 'set', 'reset'] as const) {
      assert.equal(
        codeOf(() => event[form]()),
        'ERR_MEMSPAN_CLOSED',
      );
    }
    assert.equal(
      codeOf(() => event.isSet),
      'ERR_MEMSPAN_CLOSED',
    );
    await assert.rejects(event.waitAsync(), { code: 'ERR_MEMSPAN_CLOSED' });

    const cut = open(t, 'until-unlinked');
    const name = cut.name as string;
    t.after(() => Span.unlink(name));
    const child = await startChild();
    const told = { code: 'ERR_MEMSPAN_TRUNCATED' };
    const blocked = assert.rejects(
      child.run(
        ({ memspan }, name, reset) => memspan.Span.join(name).event('e', { reset }).wait(),
        name,
        reset,
      ),
      told,
    );
    const waiting = assert.rejects(cut.event('e', { reset }).waitAsync(), told);
    await until(() => waits(cut) === 2, 'the child');
    fs.truncateSync(shmPath(name));
    await Promise.all([waiting, blocked]);
  });
}

test('misuse is refused; by name, embedded, and found', async (t) => {
  const span = open(t);
  const event = span.event('e', { reset: 'auto' });
  for (const wrong of [7, null, { reset: 'never' }, { initial: 1 }]) {
    assert.throws(() => span.event('x', wrong as never), TypeError);
  }
  for (const form of ['wait', 'waitAsync'] as const) {
    const call = async (options: unknown): Promise<unknown> => event[form](options as never);
    for (const wrong of [7, null, { timeoutMs: '1' }]) await assert.rejects(call(wrong), TypeError);
    for (const timeoutMs of [-1, Number.NaN]) {
      await assert.rejects(call({ timeoutMs }), RangeError);
    }
  }
  await assert.rejects(event.waitAsync({ signal: 7 as never }), TypeError);
  const gone = AbortSignal.abort(new Error('before'));
  event.set();
  await assert.rejects(event.waitAsync({ signal: gone }), { message: 'before' });
  assert.equal(event.isSet, true);
  assert.throws(() => Event.at(span, 2), RangeError);
  assert.throws(() => Event.at(7 as never, 0), TypeError);
  const { byteOffset } = span.bytes('game', { size: 64 });
  assert.equal(Event.at(span, byteOffset + 4).name, 'game+4');
  const [found, ...more] = find({ kind: 'event', name: `${span.name}/*` });
  assert.deepEqual([found?.fullName, more.length], [`${span.name}/e`, 0]);
  const opened = found?.open() as Event;
  assert.equal(opened.tryWait(), true);
  opened.span.close();
  assert.equal(event.isSet, false);
});
