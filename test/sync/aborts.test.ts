// Many waits with one signal: one listener, taken away with the last of them, and each told once.
import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { onAbort } from '../../src/sync/aborts.ts';

const WAITS = 20;

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test(`${WAITS} waits of each kind with one signal have one listener, and Node warns of nothing`, async () => {
  const span = Span.anonymous();
  const abort = new AbortController();
  const { signal } = abort;
  const held = [span.mutex('m').lock(), span.rwlock('l').write()];
  const waits = Array.from({ length: WAITS }, () => [
    span.mutex('m').lockAsync({ signal }),
    span.rwlock('l').readAsync({ signal }),
    span.semaphore('s', { initial: 0 }).acquireAsync({ signal }),
    span.event('e').waitAsync({ signal }),
    span.barrier('b', { parties: WAITS + 1 }).waitAsync({ signal }),
  ]).flat();
  const warned = once(process, 'warning').then(([warning]) => assert.fail(warning));
  await Promise.race([warned, turnOfLoop()]);
  assert.equal(listeners(signal), 1);
  const reason = new Error('enough');
  abort.abort(reason);
  for (const wait of await Promise.allSettled(waits)) {
    assert.equal(wait.status === 'rejected' && wait.reason, reason);
  }
  assert.equal(listeners(signal), 0);
  for (const guard of held) guard.release();
  span.close();
});

test('the listener goes with the last wait, and comes back with the next', async () => {
  const span = Span.anonymous();
  const semaphore = span.semaphore('s', { initial: 0 });
  const { signal } = new AbortController();
  for (let round = 0; round < 3; round++) {
    const waits = [semaphore.acquireAsync({ signal }), semaphore.acquireAsync({ signal })];
    assert.equal(listeners(signal), 1);
    semaphore.release();
    await waits[0];
    assert.equal(listeners(signal), 1);
    semaphore.release();
    await waits[1];
    assert.equal(listeners(signal), 0);
  }
  span.close();
});

test('those who are told before others may take them away; to take away again is harmless', () => {
  const abort = new AbortController();
  const { signal } = abort;
  const told: number[] = [];
  const stale = onAbort(signal, () => told.push(0));
  stale();
  onAbort(signal, () => {
    told.push(1);
    second();
  });
  const second = onAbort(signal, () => told.push(2));
  onAbort(signal, () => told.push(3));
  stale();
  abort.abort();
  assert.deepEqual(told, [1, 3]);
  second();
  assert.equal(listeners(signal), 0);
});
