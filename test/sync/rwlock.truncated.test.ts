// A reader-writer lock whose file is cut short under it: nobody is told that they have it, and nothing ends the process.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type RwLock, Segment, Span } from '../../src/index.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

interface Stage {
  readonly lock: RwLock;
  cut(): void;
}

/** With `held`, somebody alive writes. */
function stage(t: TestContext, held: boolean): Stage {
  const name = uniqueName();
  const span = Span.create(name, { participants: 4, objects: 4 });
  const lock = span.rwlock('x');
  const other = Segment.open(name);
  const lifeline = other.lifeline(0x7004);
  assert.ok(lifeline !== null);
  if (held) {
    const [objectsOffset = 0] = new Uint32Array(other.buffer, 52, 1);
    new Uint32Array(other.buffer)[objectsOffset / 4] = 0x7004;
  }
  t.after(() => {
    lifeline.release();
    other.close();
    span.close();
    Span.unlink(name);
  });
  return { lock, cut: () => fs.truncateSync(shmPath(name)) };
}

const WAYS: readonly ((lock: RwLock) => unknown)[] = [
  (lock) => lock.tryRead(),
  (lock) => lock.read(),
  (lock) => lock.read({ timeoutMs: 5 }),
  (lock) => lock.readAsync(),
  (lock) => lock.tryWrite(),
  (lock) => lock.write(),
  (lock) => lock.write({ timeoutMs: 5 }),
  (lock) => lock.writeAsync(),
];

test('a free lock that is cut off is not taken', async (t) => {
  for (const way of WAYS) {
    const { lock, cut } = stage(t, false);
    cut();
    for (let again = 0; again < 3; again++) {
      await assert.rejects(async () => way(lock), { code: 'ERR_MEMSPAN_TRUNCATED' });
    }
  }
});

test('guards of a lock that is cut off can be released', (t) => {
  const { lock, cut } = stage(t, false);
  const reading = lock.read();
  const second = lock.read();
  const other = stage(t, false);
  const writing = other.lock.write();
  cut();
  other.cut();
  reading.release();
  assert.equal(
    codeOf(() => lock.readers),
    'ERR_MEMSPAN_TRUNCATED',
  );
  assert.equal(
    codeOf(() => other.lock.owner),
    'ERR_MEMSPAN_TRUNCATED',
  );
  assert.equal(
    codeOf(() => second.tryUpgrade()),
    'ERR_MEMSPAN_TRUNCATED',
  );
  assert.equal(
    codeOf(() => writing.downgrade()),
    'ERR_MEMSPAN_TRUNCATED',
  );
  second.release();
  writing.release();
  assert.deepEqual([reading.held, second.held, writing.held], [false, false, false]);
});

test('who waits asynchronously for a lock that is cut off is told', async (t) => {
  for (const how of ['readAsync', 'writeAsync'] as const) {
    const { lock, cut } = stage(t, true);
    const waits = [lock[how](), lock[how]({ timeoutMs: 60_000 })];
    cut();
    for (const wait of waits) await assert.rejects(wait, { code: 'ERR_MEMSPAN_TRUNCATED' });
  }
});
