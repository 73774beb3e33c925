// Nothing native on the way of a lock that is free: every function of the addon is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native } from '../../src/binding.ts';
import { Mutex, type MutexGuard, Span } from '../../src/index.ts';

let calls = 0;
const functions = native as unknown as Record<string, (...args: unknown[]) => unknown>;
const names = Object.keys(functions);
for (const name of names) {
  const original = functions[name] as (...args: unknown[]) => unknown;
  functions[name] = (...args) => {
    calls++;
    return original(...args);
  };
}

const TURNS = 100_000;

test('every function of the addon is counted', () => {
  assert.ok(['wait', 'notify', 'probeBytes'].every((name) => names.includes(name)));
  using span = Span.anonymous();
  const before = calls;
  span.threads()[0]?.alive;
  assert.ok(calls > before);
});

for (const fair of [false, true]) {
  for (const recursive of [false, true]) {
    test(`${TURNS} locks and releases of a free mutex make no native call (fair: ${fair}, recursive: ${recursive})`, async () => {
      using span = Span.anonymous();
      const options = { fair, recursive };
      const bytes = span.bytes('embedding', { size: 8 });
      const mutexes = [span.mutex('m', options), Mutex.at(span, bytes.byteOffset + 4, options)];
      for (const mutex of mutexes) {
        const before = calls;
        for (let i = 0; i < TURNS; i++) mutex.lock().release();
        for (let i = 0; i < 100; i++) (mutex.tryLock() as MutexGuard).release();
        for (let i = 0; i < 100; i++) (await mutex.lockAsync()).release();
        for (let i = 0; i < 100; i++) mutex.lock({ timeoutMs: 1000 })?.release();
        assert.equal(calls - before, 0);
      }
    });
  }
}
