// waitAsync with an AbortSignal: before, during and after the wait, what is left of it, and the race with notify,
// in which no notification may be lost.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { notify, waitAsync } from '../../src/index.ts';
import { seededRandom } from '../support/segments.ts';
import { type Agent, isPending, Stage } from './agents.ts';

const stage = new Stage();
const { int32 } = stage;

type Value = Promise<'ok' | 'timed-out'>;
const waiting = (signal: AbortSignal, timeout?: number): Value =>
  waitAsync(int32, 0, 0, timeout, { signal }).value as Value;
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('a signal that is aborted already: the promise rejects with its reason, nobody waits', async () => {
  for (const reason of [new Error('enough'), 'enough', undefined, null, 0]) {
    const signal = AbortSignal.abort(reason);
    for (const value of [0, 1]) {
      const result = waitAsync(int32, 0, value, undefined, { signal });
      assert.equal(result.async, true);
      await assert.rejects(result.value as Value, (error) => error === signal.reason);
    }
    assert.equal(listeners(signal), 0);
  }
  assert.equal(notify(int32, 0), 0);
});

test('an abort ends the wait with its reason and gives up the place', async () => {
  for (const reason of [new Error('enough'), 'enough', undefined, 0]) {
    const controller = new AbortController();
    const { signal } = controller;
    const first = waiting(signal);
    const second = waitAsync(int32, 0, 0).value as Value;
    assert.equal(listeners(signal), 1);
    assert.equal(await isPending(Promise.race([first, second])), true);
    controller.abort(reason);
    await assert.rejects(first, (error) => error === signal.reason);
    assert.equal(listeners(signal), 0);
    assert.equal(await isPending(second), true);
    assert.equal(notify(int32, 0), 1);
    assert.equal(await second, 'ok');
  }
});

test('one signal ends many waits', async () => {
  const controller = new AbortController();
  const waits = Array.from({ length: 30 }, () =>
    assert.rejects(waiting(controller.signal), { name: 'AbortError' }),
  );
  const other = waitAsync(int32, 0, 0).value;
  controller.abort();
  await Promise.all(waits);
  assert.equal(listeners(controller.signal), 0);
  assert.equal(notify(int32, 0), 1);
  assert.equal(await other, 'ok');
});

test('AbortSignal.timeout works', async () => {
  await assert.rejects(waiting(AbortSignal.timeout(5)), { name: 'TimeoutError' });
});

test('an abort after the end does nothing, and no listener is left', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const timed = waiting(signal, 2);
  const woken = waiting(signal);
  assert.equal(listeners(signal), 2);
  assert.equal(await timed, 'timed-out');
  assert.equal(notify(int32, 0), 1);
  assert.equal(await woken, 'ok');
  assert.equal(listeners(signal), 0);
  assert.equal(waitAsync(int32, 0, 1, undefined, { signal }).async, false);
  assert.equal(waitAsync(int32, 0, 0, 0, { signal }).async, false);
  assert.equal(listeners(signal), 0);
  controller.abort();
  assert.equal(await timed, 'timed-out');
  assert.equal(await woken, 'ok');
});

test('abort and notify in one tick: who was counted is woken, who was not is aborted', async () => {
  const tally = { ok: 0, aborted: 0 };
  for (let i = 0; i < 300; i++) {
    const controller = new AbortController();
    const first = waiting(controller.signal);
    const second = waitAsync(int32, 0, 0).value as Value;
    let count = 0;
    const abort = (): void => controller.abort();
    const wake = (): void => {
      count = notify(int32, 0, 1);
    };
    for (const act of i % 2 === 0 ? [abort, wake] : [wake, abort]) act();
    assert.equal(count, 1);
    const result = await first.catch(() => 'aborted' as const);
    if (result === 'ok') {
      assert.equal(await isPending(second), true);
      assert.equal(notify(int32, 0), 1);
    } else {
      // The notification was not for the aborted one: it has reached the next in the queue.
      assert.equal(result, 'aborted');
      assert.equal(notify(int32, 0), 0);
    }
    assert.equal(await second, 'ok');
    tally[result as 'ok' | 'aborted']++;
  }
  assert.ok(tally.ok >= 150, JSON.stringify(tally));
});

test('aborts while another process notifies: as many are woken as it was told', async (t) => {
  const random = seededRandom(t);
  const [agent] = (await stage.enter(1)) as [Agent];
  const GO = 100;
  stage.int32[GO] = 1;
  const notifying = agent.child.run(({ memspan, kept }, GO) => {
    const { int32 } = kept as unknown as Stage;
    let count = 0;
    for (let i = 0; Atomics.load(int32, GO) === 1; i++) {
      count += memspan.notify(int32, 0, 1 + (i % 3));
      for (let rest = (i * 7919) % 4000; rest > 0; rest--);
    }
    return count;
  }, GO);
  let [woken, aborted] = [0, 0];
  const end = performance.now() + 800;
  const keepWaiting = async (): Promise<void> => {
    while (performance.now() < end) {
      const controller = new AbortController();
      const value = waiting(controller.signal);
      if (random() < 0.5) await new Promise(setImmediate);
      controller.abort();
      await value.then(
        () => woken++,
        () => aborted++,
      );
    }
  };
  await Promise.all(Array.from({ length: 5 }, keepWaiting));
  Atomics.store(stage.int32, GO, 0);
  const count = await notifying;
  t.diagnostic(`${woken} woken, ${aborted} aborted`);
  assert.equal(woken, count);
  assert.ok(woken > 0 && aborted > 0);
});
