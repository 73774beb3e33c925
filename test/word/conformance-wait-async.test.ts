// waitAsync, in this process and across processes: it stands in the queue when it returns, never settles early,
// and settles as wait would return. Every claim is made for both kinds of array.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { notify, waitAsync } from '../../src/index.ts';
import { type Agent, element, isPending, kinds, Stage } from './agents.ts';

const stage = new Stage();
let agents: Agent[] = [];
let agent: Agent;

before(async () => {
  agents = await stage.enter(3);
  agent = agents[0] as Agent;
});

for (const kind of kinds) {
  const view = stage[kind];
  const zero = element(kind, 0);

  test(`${kind}: it is in the queue when it returns: a notify in the same tick finds it`, async () => {
    for (let i = 0; i < 100; i++) {
      const { value } = waitAsync(view, 0, zero);
      assert.equal(notify(view, 0), 1);
      assert.equal(await value, 'ok');
    }
  });

  const forEver = [[], [undefined], [Number.NaN], [Number.POSITIVE_INFINITY], ['text'], [{}]];
  const objects: unknown[] = [
    { valueOf: () => undefined },
    { [Symbol.toPrimitive]: () => undefined },
  ];
  test(`${kind}: no timeout, undefined, NaN and Infinity wait until notified`, async () => {
    const timeouts: unknown[][] = [...forEver, ...objects.map((object) => [object])];
    const waits = timeouts.map((rest) => waitAsync(view, 0, zero, ...(rest as [number])).value);
    assert.equal(await isPending(Promise.race(waits as Promise<string>[])), true);
    assert.equal(notify(view, 0), waits.length);
    assert.deepEqual(new Set(await Promise.all(waits)), new Set(['ok']));
  });

  test(`${kind}: the same in agents`, async () => {
    for (const timeout of forEver) {
      const waits = agents.map((agent) => agent.waitAsync(kind, 0, zero, ...timeout));
      for (const agent of agents) await agent.queued();
      assert.equal(notify(view, 0), agents.length, String(timeout));
      for (const waited of waits) assert.equal((await waited).result, 'ok');
    }
  });

  test(`${kind}: 'timed-out', and not before its time`, async () => {
    for (const timeout of [1, true, 2.5, 20, '30', { valueOf: () => 5 }, { toString: () => '5' }]) {
      const start = performance.now();
      const { async, value } = waitAsync(view, 0, zero, timeout as number);
      assert.equal(async, true);
      assert.equal(await value, 'timed-out');
      const least = typeof timeout === 'object' ? 5 : Number(timeout);
      assert.ok(performance.now() - start >= least);
    }
    for (const timeout of [true, 20]) {
      const { result, lapseMs } = await agent.waitAsync(kind, 0, zero, timeout);
      assert.equal(result, 'timed-out');
      assert.ok(lapseMs >= Number(timeout), `${lapseMs} < ${timeout}`);
    }
    assert.equal(notify(view, 0), 0);
  });

  test(`${kind}: no time, however little: a promise; none at all: 'timed-out' without one`, async () => {
    const least = waitAsync(view, 0, zero, Number.MIN_VALUE);
    assert.equal(least.async, true);
    assert.equal(await least.value, 'timed-out');
    for (const timeout of [0, -0, -1, Number.NEGATIVE_INFINITY, false, null]) {
      const none = { async: false, value: 'timed-out' };
      assert.deepEqual(waitAsync(view, 0, zero, timeout as number), none);
      assert.equal((await agent.waitAsync(kind, 0, zero, timeout)).result, 'timed-out');
    }
  });

  test(`${kind}: 'ok' long before the timeout`, async () => {
    const waited = agent.waitAsync(kind, 0, zero, 600_000);
    await agent.queued();
    assert.equal(notify(view, 0), 1);
    const { result, lapseMs } = await waited;
    assert.equal(result, 'ok');
    assert.ok(lapseMs < 600_000);
    assert.equal(notify(view, 0), 0);
  });

  test(`${kind}: 'not-equal' for what this process or an agent has stored`, async () => {
    view.fill(element(kind, 42) as never, 0, 1);
    assert.deepEqual(waitAsync(view, 0, zero), { async: false, value: 'not-equal' });
    assert.equal((await agent.waitAsync(kind, 0, zero)).result, 'not-equal');
    await agent.child.run(
      ({ kept }, kind, stored) => {
        Atomics.store((kept as unknown as Stage)[kind] as Int32Array, 1, stored as number);
      },
      kind,
      element(kind, 7),
    );
    assert.deepEqual(waitAsync(view, 1, zero), { async: false, value: 'not-equal' });
    assert.equal(notify(view, 0), 0);
    stage.clear();
  });

  test(`${kind}: an undefined index is 0`, async () => {
    const waits = agents.map((agent) => agent.waitAsync(kind, undefined, zero));
    for (const agent of agents) await agent.queued();
    assert.equal(notify(view, 0, 2), 2);
    assert.equal(notify(view, 0, 2), 1);
    for (const waited of waits) assert.equal((await waited).result, 'ok');
  });

  test(`${kind}: no operation on the element settles it, only notify does`, async () => {
    const one = element(kind, 1) as number;
    const words = view as Int32Array;
    const operations: Record<string, () => unknown> = {
      add: () => Atomics.add(words, 0, one),
      and: () => Atomics.and(words, 0, one),
      compareExchange: () => Atomics.compareExchange(words, 0, zero as number, one),
      exchange: () => Atomics.exchange(words, 0, one),
      or: () => Atomics.or(words, 0, one),
      store: () => Atomics.store(words, 0, one),
      sub: () => Atomics.sub(words, 0, one),
      xor: () => Atomics.xor(words, 0, one),
      'a plain write': () => view.fill(one as never, 0, 1),
      'notifying its neighbours': () => [notify(view, 1), notify(view, 2)],
      'Atomics.notify': () => assert.equal(Atomics.notify(words, 0), 0),
      nothing: () => {},
    };
    for (const [name, operate] of Object.entries(operations)) {
      stage.clear();
      const there = agent.waitAsync(kind, 0, zero);
      const here = waitAsync(view, 0, zero).value as Promise<string>;
      await agent.queued();
      operate();
      assert.equal(await isPending(Promise.race([there, here])), true, name);
      assert.equal(notify(view, 0), 2, name);
      assert.equal((await there).result, 'ok', name);
      assert.equal(await here, 'ok', name);
    }
    stage.clear();
  });

  test(`${kind}: one whose element is changed times out, and not before its time`, async () => {
    const start = performance.now();
    const { async, value } = waitAsync(view, 0, zero, 60);
    view.fill(element(kind, 0x111111) as never, 0, 1);
    assert.equal(async, true);
    assert.equal(await value, 'timed-out');
    assert.ok(performance.now() - start >= 60);
    assert.equal(notify(view, 0), 0);
    stage.clear();
  });

  test(`${kind}: each hears its own element alone`, async () => {
    const [first, second] = agents as [Agent, Agent];
    const onFirst = first.waitAsync(kind, 0, zero, Number.POSITIVE_INFINITY);
    const onThird = second.waitAsync(kind, 2, zero, Number.POSITIVE_INFINITY);
    await Promise.all([first.queued(), second.queued()]);
    assert.equal(notify(view, 1), 0);
    assert.equal(notify(view, 3), 0);
    assert.equal(notify(view, 2), 1);
    assert.equal((await onThird).result, 'ok');
    assert.equal(await isPending(onFirst), true);
    assert.equal(notify(view, 0), 1);
    assert.equal((await onFirst).result, 'ok');
  });

  test(`${kind}: many in one thread settle in the order in which they came`, async () => {
    const settled: number[] = [];
    const waits = Array.from({ length: 20 }, async (_, i) => {
      assert.equal(await waitAsync(view, 0, zero).value, 'ok');
      settled.push(i);
    });
    for (let i = 0; i < 20; i++) {
      assert.equal(notify(view, 0, 1), 1);
      await waits[i];
    }
    assert.deepEqual(settled, [...settled.keys()]);
  });
}
