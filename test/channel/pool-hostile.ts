// A pool whose words somebody writes over without end: every call comes back or throws an error that says why.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MemspanError, Span } from '../../src/index.ts';
import { stateAt } from './pools.ts';

const SCRIBBLER = new URL('../fixtures/sync/scribbler.js', import.meta.url);
const CHUNKS = 3;

/** Fails when something else is thrown; a call that never came back would be ended by the test's own limit. */
export async function scribble(forMs: number): Promise<number> {
  using span = Span.anonymous({ size: 2 ** 18 });
  const pool = span.pool('p', { chunks: CHUNKS, chunkSize: 64, readers: 2 });
  const entry = [...span.attachment('test').view.entries()][0];
  const length = stateAt(CHUNKS);
  const words = new Int32Array(span.segment.buffer, entry?.offset, length);
  const over = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(SCRIBBLER, { workerData: { words, length, over } });
  await once(worker, 'online');
  let calls = 0;
  const attempt = async <T>(act: () => T | Promise<T>): Promise<T | undefined> => {
    calls++;
    try {
      return await act();
    } catch (error) {
      assert.ok(error instanceof MemspanError, `${error}`);
      return undefined;
    }
  };
  const deadline = performance.now() + forMs;
  while (performance.now() < deadline) {
    const writer = await attempt(() => pool.writer());
    const reader = await attempt(() => pool.reader());
    await attempt(() => writer?.trySend('x'));
    const loan = await attempt(() => writer?.loan({ timeoutMs: 0.1 }));
    await attempt(() => loan?.publish());
    const taken = await attempt(() => reader?.take({ timeoutMs: 0.1 }));
    if (taken) assert.ok(taken.bytes.length <= 64);
    await attempt(() => taken?.release());
    await attempt(() => reader?.readBatch(9));
    await attempt(() => pool.counters);
    await attempt(() => pool.used);
    await attempt(() => span.pool('p'));
    const late = await attempt(() => writer?.loanAsync({ timeoutMs: 1 }));
    await attempt(() => late?.abort());
    await attempt(() => reader?.takeAsync({ timeoutMs: 1 }));
    await attempt(() => reader?.close());
    await attempt(() => writer?.close());
  }
  Atomics.store(over, 0, 1);
  await once(worker, 'exit');
  for (const { waitingOn } of span.threads()) assert.deepEqual(waitingOn, []);
  return calls;
}
