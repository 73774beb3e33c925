// A semaphore whose words somebody writes over without end: every call comes back or throws an error that says why.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MemspanError, type Permit, Semaphore, Span } from '../../src/index.ts';

const SCRIBBLER = new URL('../fixtures/sync/scribbler.js', import.meta.url);

/** Fails when something else is thrown; a call that never came back would be ended by the test's own limit. */
export async function scribble(undo: boolean, forMs: number): Promise<number> {
  using span = Span.anonymous();
  const options = { initial: 4, max: 4, undo };
  const length = Semaphore.sizeOf(options) / 4;
  const semaphore = span.semaphore('s', options);
  const { byteOffset } = span.bytes('end', { size: 4 });
  const words = new Int32Array(span.segment.buffer, byteOffset - 64, length);
  const over = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(SCRIBBLER, { workerData: { words, length, over } });
  await once(worker, 'online');
  let calls = 0;
  const attempt = async (act: () => unknown): Promise<void> => {
    calls++;
    try {
      ((await act()) as Permit | null | undefined)?.release?.();
    } catch (error) {
      assert.ok(error instanceof MemspanError, `${error}`);
    }
  };
  const deadline = performance.now() + forMs;
  while (performance.now() < deadline) {
    await attempt(() => semaphore.tryAcquire());
    await attempt(() => semaphore.acquire({ timeoutMs: 0.1 }));
    await attempt(() => void semaphore.value);
    await attempt(() => semaphore.release());
    await attempt(() => semaphore.release(3));
    await attempt(() => void span.semaphore('s'));
    await attempt(() => void span.semaphore('s', options));
    const abort = new AbortController();
    const waits = [
      semaphore.acquireAsync({ timeoutMs: 1 }),
      semaphore.acquireAsync({ signal: abort.signal, timeoutMs: 1 }),
    ];
    setImmediate(() => abort.abort());
    for (const each of waits) {
      await each.then(
        (permit) => attempt(() => permit),
        (error) => assert.ok(error === abort.signal.reason || error instanceof MemspanError),
      );
    }
  }
  Atomics.store(over, 0, 1);
  await once(worker, 'exit');
  for (const { waitingOn } of span.threads()) assert.deepEqual(waitingOn, []);
  return calls;
}
