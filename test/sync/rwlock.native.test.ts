// Nothing native on the way of a reader-writer lock that nobody waits for: every function of the addon is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native } from '../../src/binding.ts';
import { RwLock, Span, type WriteGuard } from '../../src/index.ts';

let calls = 0;
const functions = native as unknown as Record<string, (...args: unknown[]) => unknown>;
for (const name of Object.keys(functions)) {
  const original = functions[name] as (...args: unknown[]) => unknown;
  functions[name] = (...args) => {
    calls++;
    return original(...args);
  };
}

const TURNS = 100_000;

test(`${TURNS} times reading, writing, downgrading and upgrading make no native call`, async () => {
  using span = Span.anonymous();
  const bytes = span.bytes('embedding', { size: 8 });
  for (const lock of [span.rwlock('l'), RwLock.at(span, bytes.byteOffset + 4)]) {
    const before = calls;
    for (let i = 0; i < TURNS; i++) lock.read().release();
    for (let i = 0; i < TURNS; i++) lock.write().release();
    for (let i = 0; i < 100; i++) lock.tryRead()?.release();
    for (let i = 0; i < 100; i++) lock.tryWrite()?.release();
    for (let i = 0; i < 100; i++) (await lock.readAsync()).release();
    for (let i = 0; i < 100; i++) (await lock.writeAsync()).release();
    for (let i = 0; i < 100; i++) {
      const reading = lock.write().downgrade();
      (reading.tryUpgrade() as WriteGuard).release();
    }
    assert.equal(calls - before, 0);
  }
});
