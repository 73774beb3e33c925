// A mutex whose file is cut short under it: nobody is told that they have it, and nothing ends the process.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type AsyncOptions, type Mutex, Segment, Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

interface Stage {
  readonly name: string;
  readonly mutex: Mutex;
  cut(): void;
}

/** With `held`, somebody alive holds it. */
function stage(t: TestContext, held: boolean): Stage {
  const name = uniqueName();
  const span = Span.create(name, { participants: 4, objects: 4 });
  const mutex = span.mutex('x');
  const other = Segment.open(name);
  const lifeline = other.lifeline(0x7004);
  assert.ok(lifeline !== null);
  if (held) {
    const [, objectsOffset = 0] = new Uint32Array(other.buffer, 48, 2);
    new Uint32Array(other.buffer)[objectsOffset / 4] = 0x7004;
  }
  t.after(() => {
    lifeline.release();
    other.close();
    span.close();
    Span.unlink(name);
  });
  return { name, mutex, cut: () => fs.truncateSync(shmPath(name)) };
}

test('a free mutex that is cut off is not taken', async (t) => {
  const ways: ((mutex: Mutex) => unknown)[] = [
    (mutex) => mutex.tryLock(),
    (mutex) => mutex.lock(),
    (mutex) => mutex.lock({ timeoutMs: 5 }),
  ];
  for (const way of ways) {
    const { mutex, cut } = stage(t, false);
    cut();
    for (let again = 0; again < 3; again++) {
      assert.equal(
        codeOf(() => way(mutex)),
        'ERR_MEMSPAN_TRUNCATED',
      );
    }
  }
  const { mutex, cut } = stage(t, false);
  cut();
  await assert.rejects(mutex.lockAsync(), { code: 'ERR_MEMSPAN_TRUNCATED' });
});

test('a guard of a mutex that is cut off can be released', (t) => {
  const { mutex, cut } = stage(t, false);
  const guard = mutex.lock();
  cut();
  guard.release();
  assert.equal(guard.held, false);
});

test('who waits asynchronously for a mutex that is cut off is told, or has given up by then', async (t) => {
  const given = new AbortController();
  const options: AsyncOptions[] = [{}, { timeoutMs: 60_000 }, { signal: given.signal }];
  for (const each of options) {
    const { mutex, cut } = stage(t, true);
    const waits = mutex.lockAsync(each);
    cut();
    await assert.rejects(waits, { code: 'ERR_MEMSPAN_TRUNCATED' });
  }
  const ending = stage(t, true);
  const aborted = assert.rejects(ending.mutex.lockAsync({ signal: given.signal }), {
    name: 'AbortError',
  });
  ending.cut();
  given.abort();
  await aborted;
  const elapsing = stage(t, true);
  const settled = elapsing.mutex.lockAsync({ timeoutMs: 1 }).then(
    (guard) => assert.equal(guard, null),
    ({ code }) => assert.equal(code, 'ERR_MEMSPAN_TRUNCATED'),
  );
  elapsing.cut();
  await settled;
});

test('who blocks on a mutex that is cut off is told', async (t) => {
  const { name, cut } = stage(t, true);
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
  }, name);
  const blocked = child.run(({ kept }) => void kept.span.mutex('x').lock());
  await (await startChild()).kill();
  cut();
  await assert.rejects(blocked, { code: 'ERR_MEMSPAN_TRUNCATED' });
});
