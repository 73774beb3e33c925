// The rules of Once: who throws, who waits for itself, who is told what; misuse, embedding, what is left behind.
import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { Once, Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, shmPath, uniqueName, until } from '../support/segments.ts';
import { outcome, stage } from './once-stage.ts';

const DIED = 0x1000_0000;

test('an init that throws is not done: the next one tries, and is told of the dead who came before', async (t) => {
  const { once, words, ids } = stage(t);
  const no = () => {
    throw Object.assign(new Error('no'), { code: 'NO' });
  };
  for (const word of [0, ids.dead]) {
    words[0] = word;
    assert.equal(
      codeOf(() => once.run(no)),
      'NO',
    );
    assert.equal(
      codeOf(() => once.tryRun(no)),
      'NO',
    );
    await assert.rejects(once.runAsync(no), { code: 'NO' });
    await assert.rejects(
      once.runAsync(async () => no()),
      { code: 'NO' },
    );
    assert.equal(words[0], word === 0 ? 0 : DIED);
    assert.equal(once.owner, null);
    assert.equal(await outcome((init) => once.run(init)), word === 0 ? 'true' : 'true died');
  }
});

test('who waits goes on when an init throws, or is done', async (t) => {
  const { once } = stage(t);
  let fail: (error: Error) => void = () => {};
  const first = once.runAsync(
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  const others = [outcome((init) => once.runAsync(init)), outcome((init) => once.runAsync(init))];
  assert.equal(once.owner?.pid, process.pid);
  assert.equal(
    once.tryRun(() => {}),
    null,
  );
  assert.equal(await once.runAsync(() => {}, { timeoutMs: 2 }), null);
  fail(new Error('no'));
  await assert.rejects(first, { message: 'no' });
  assert.deepEqual(await Promise.all(others), ['true', 'false']);
  assert.equal(once.done, true);
});

test('who asks for it while making it is told at once that it would wait for itself', async (t) => {
  const { once } = stage(t);
  const nested = codeOf(() => once.run(() => once.run(() => {})));
  assert.equal(nested, 'ERR_MEMSPAN_DEADLOCK');
  const made = once.runAsync(async () => {
    assert.equal(
      codeOf(() => once.run(() => {})),
      'ERR_MEMSPAN_DEADLOCK',
    );
    assert.equal(
      once.tryRun(() => {}),
      null,
    );
    assert.equal(await once.runAsync(() => {}, { timeoutMs: 1 }), null);
  });
  assert.equal(await made, true);
});

test('a promise of an init belongs to runAsync: run does not take it for done', async (t) => {
  const { once } = stage(t);
  const init = async (): Promise<void> => {};
  for (const form of ['run', 'tryRun'] as const) {
    assert.throws(() => once[form](init as unknown as () => void), { name: 'TypeError' });
    assert.equal(once.done, false);
  }
  assert.equal(await once.runAsync(init), true);
});

test('misuse is a TypeError or a RangeError, and nothing has begun', async (t) => {
  const { span, once, words } = stage(t);
  const none = undefined as unknown as () => void;
  assert.throws(() => once.run(none), TypeError);
  assert.throws(() => once.tryRun(none), TypeError);
  await assert.rejects(once.runAsync(none), TypeError);
  assert.throws(() => once.run(() => {}, { timeoutMs: -1 }), RangeError);
  await assert.rejects(
    once.runAsync(() => {}, { signal: {} as AbortSignal }),
    TypeError,
  );
  await assert.rejects(
    once.runAsync(() => {}, { signal: { aborted: false } as AbortSignal }),
    TypeError,
  );
  assert.throws(() => Once.at(span, words.byteOffset + 2), RangeError);
  assert.throws(() => Once.at(span, words.byteOffset + 8), RangeError);
  assert.throws(() => Once.at({} as Span, 0), TypeError);
  assert.throws(() => span.once(''), TypeError);
  assert.deepEqual([...words], [0, 0]);
  once.run(() => {});
  assert.throws(() => once.run(none), TypeError, 'also when nobody would call it');
  assert.throws(() => once.tryRun(none), TypeError);
  await assert.rejects(once.runAsync(none), TypeError);
  assert.throws(() => once.run(() => {}, { timeoutMs: -1 }), RangeError);
});

test('by name and embedded: all that are made for the same bytes are one', (t) => {
  const { span, once, words } = stage(t);
  assert.equal(once.name, 'room');
  const next = Once.at(span, words.byteOffset + 4);
  assert.equal(next.name, 'room+4');
  assert.equal(
    next.run(() => {}),
    true,
  );
  assert.equal(once.done, false);
  assert.equal(
    span.once('o').run(() => {}),
    true,
  );
  assert.equal(
    span.once('o').run(() => assert.fail('again')),
    false,
  );
  const [object] = span.objects('o');
  assert.equal(object?.kind, 'once');
  assert.equal((object.open() as Once).done, true);
});

test('aborted, before and while it waits; 500 of them leave nothing behind, and keep neither libuv nor the event loop', async (t) => {
  const { span, once, words, ids } = stage(t);
  await assert.rejects(
    once.runAsync(() => {}, { signal: AbortSignal.abort(new Error('no')) }),
    { message: 'no' },
  );
  words[0] = ids.alive;
  await fs.promises.stat('.');
  const threads = (): number => fs.readdirSync('/proc/self/task').length;
  const before = threads();
  const abort = new AbortController();
  setMaxListeners(500, abort.signal);
  const pending = Array.from({ length: 500 }, (_, i) =>
    i % 2 === 0
      ? once.runAsync(() => {}, { timeoutMs: 1 + i / 20 }).then((made) => assert.equal(made, null))
      : assert.rejects(
          once.runAsync(() => {}, { signal: abort.signal }),
          { message: 'enough' },
        ),
  );
  // One thread of the library's sleeps for all of them, one hears of deaths, and those of libuv are free.
  assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
  await Promise.all(Array.from({ length: 8 }, () => fs.promises.stat('.')));
  await Promise.all(pending.filter((_, i) => i % 2 === 0));
  abort.abort(new Error('enough'));
  await Promise.all(pending);
  assert.deepEqual(getEventListeners(abort.signal, 'abort'), []);
  assert.deepEqual(span.threads()[0]?.waitingOn, []);
  words[0] = 0;
  assert.equal(
    once.run(() => {}),
    true,
  );
});

test('in a span that is closed, or whose memory is gone, nothing is done', async (t) => {
  const { span, once, ids, words } = stage(t);
  words[0] = ids.alive;
  const pending = assert.rejects(
    once.runAsync(() => {}),
    { code: 'ERR_MEMSPAN_CLOSED' },
  );
  span.close();
  await pending;
  for (const use of [
    () => once.run(() => {}),
    () => once.tryRun(() => {}),
    () => once.done,
    () => once.owner,
  ]) {
    assert.equal(codeOf(use), 'ERR_MEMSPAN_CLOSED');
  }
  const other = stage(t);
  const cut = (): void => fs.truncateSync(shmPath(other.span.name as string));
  assert.equal(
    codeOf(() => other.once.run(cut)),
    'ERR_MEMSPAN_TRUNCATED',
  );
  assert.equal(
    codeOf(() => other.once.run(() => {})),
    'ERR_MEMSPAN_TRUNCATED',
  );
  const third = stage(t);
  const closing = third.once.runAsync(async () => third.span.close());
  await assert.rejects(closing, { code: 'ERR_MEMSPAN_CLOSED' });
});

test('an init that somebody writes over is not told that it is done', (t) => {
  const { once, words, ids } = stage(t);
  const code = codeOf(() =>
    once.run(() => {
      words[0] = ids.alive;
    }),
  );
  assert.equal(code, 'ERR_MEMSPAN_NOT_HELD');
  assert.equal(words[0], ids.alive);
});

test('two that wait for what the other one is making: one of them is told of the deadlock', async (t) => {
  const span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const children = await Promise.all([startChild(), startChild()]);
  t.after(async () => {
    for (const child of children) await child.kill();
    span.close();
  });
  const outcomes = children.map((child, i) =>
    child.run(
      ({ memspan }, name, own, other) => {
        const span = memspan.Span.join(name);
        const [mine, theirs] = [span.once(own), span.once(other)];
        try {
          return mine.run(() => {
            while (theirs.owner === null && !theirs.done);
            theirs.run(() => {});
          });
        } catch (error) {
          return (error as { code: string }).code;
        }
      },
      span.name as string,
      `${i}`,
      `${1 - i}`,
    ),
  );
  const found = (await Promise.all(outcomes)).map(String).sort();
  assert.deepEqual(found, ['ERR_MEMSPAN_DEADLOCK', 'true']);
  await until(() => span.once('0').done || span.once('1').done, 'one of them');
});
