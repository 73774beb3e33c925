// wait across processes: its three results, how long it waits, what wakes it and what does not, and in which
// order waiters are woken. Every claim is made for both kinds of array.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { notify } from '../../src/index.ts';
import { type Agent, asleep, element, kinds, Stage } from './agents.ts';

const stage = new Stage();
let agents: Agent[] = [];
let agent: Agent;

before(async () => {
  agents = await stage.enter(4);
  agent = agents[0] as Agent;
});

for (const kind of kinds) {
  const view = stage[kind];
  const zero = element(kind, 0);

  test(`${kind}: 'timed-out', and not before its time`, async () => {
    for (const timeout of [1, true, 2.5, 20, '30', [4]]) {
      const { result, lapseMs } = await agent.wait(kind, 0, zero, timeout);
      assert.equal(result, 'timed-out');
      assert.ok(lapseMs >= Number(timeout), `${lapseMs} < ${timeout}`);
    }
    assert.equal(notify(view, 0), 0);
  });

  test(`${kind}: 'ok' when notified, long before the timeout`, async () => {
    const waited = agent.wait(kind, 0, zero, 600_000);
    await agent.asleep();
    assert.equal(notify(view, 0), 1);
    const { result, lapseMs } = await waited;
    assert.equal(result, 'ok');
    assert.ok(lapseMs < 600_000);
    assert.equal(notify(view, 0), 0);
  });

  test(`${kind}: 'not-equal' at once, for what this process or the agent has stored`, async () => {
    Atomics.store(view as Int32Array, 0, element(kind, 42) as number);
    for (const timeout of [[], [1000], [0]]) {
      assert.equal((await agent.wait(kind, 0, zero, ...timeout)).result, 'not-equal');
      assert.equal((await agent.wait(kind, 0, element(kind, 44), ...timeout)).result, 'not-equal');
    }
    const result = await agent.child.run(
      ({ memspan, kept }, kind, stored, zero) => {
        const view = (kept as unknown as Stage)[kind] as Int32Array;
        Atomics.store(view, 0, stored as number);
        return memspan.wait(view, 0, zero as number);
      },
      kind,
      element(kind, 7),
      zero,
    );
    assert.equal(result, 'not-equal');
    assert.equal(notify(view, 0), 0);
    stage.clear();
  });

  const forEver = [
    [],
    [undefined],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ['text'],
    [{}],
    [1e300],
  ];
  test(`${kind}: no timeout, undefined, NaN and Infinity wait until notified`, async () => {
    for (const timeout of forEver) {
      const waited = agent.wait(kind, 0, zero, ...timeout);
      await agent.asleep();
      assert.equal(notify(view, 0), 1, String(timeout));
      assert.equal((await waited).result, 'ok');
    }
  });

  test(`${kind}: an undefined index is 0`, async () => {
    const waited = agent.wait(kind, undefined, zero, 600_000);
    await agent.asleep();
    assert.equal(notify(view, 0), 1);
    assert.equal(notify(view, 0), 0);
    assert.equal((await waited).result, 'ok');
  });

  test(`${kind}: no operation on the element wakes a waiter, only notify does`, async () => {
    const one = element(kind, 1) as number;
    const operations: Record<string, () => unknown> = {
      add: () => Atomics.add(view as Int32Array, 0, one),
      and: () => Atomics.and(view as Int32Array, 0, one),
      compareExchange: () => Atomics.compareExchange(view as Int32Array, 0, zero as number, one),
      exchange: () => Atomics.exchange(view as Int32Array, 0, one),
      or: () => Atomics.or(view as Int32Array, 0, one),
      store: () => Atomics.store(view as Int32Array, 0, one),
      sub: () => Atomics.sub(view as Int32Array, 0, one),
      xor: () => Atomics.xor(view as Int32Array, 0, one),
      'a plain write': () => view.fill(one as never, 0, 1),
      'a write to its neighbours': () => view.fill(one as never, 1, 3),
      'notifying its neighbours': () => [notify(view, 1), notify(view, 2)],
      'Atomics.notify': () => assert.equal(Atomics.notify(view as Int32Array, 0), 0),
      nothing: () => {},
    };
    for (const [name, operate] of Object.entries(operations)) {
      stage.clear();
      const waited = agent.wait(kind, 0, zero);
      await agent.asleep();
      operate();
      await asleep(agent.pid);
      assert.equal(notify(view, 0), 1, name);
      assert.equal((await waited).result, 'ok', name);
    }
    stage.clear();
  });

  test(`${kind}: a waiter whose element is changed times out, and not before its time`, async () => {
    for (let timeout = 50; ; timeout *= 4) {
      stage.clear();
      let over = false;
      const waited = agent.wait(kind, 0, zero, timeout).finally(() => {
        over = true;
      });
      await agent.asleep();
      view.fill(element(kind, 0x111111) as never, 0, 1);
      // On a slow machine the time may have been over before the change: once more, with more of it.
      if (over) continue;
      const { result, lapseMs } = await waited;
      assert.equal(result, 'timed-out');
      assert.ok(lapseMs >= timeout, `${lapseMs} < ${timeout}`);
      break;
    }
    assert.equal(notify(view, 0), 0);
    stage.clear();
  });

  test(`${kind}: a waiter hears its own element alone`, async () => {
    const [first, second] = agents as [Agent, Agent];
    const onFirst = first.wait(kind, 0, zero, Number.POSITIVE_INFINITY);
    const onThird = second.wait(kind, 2, zero, Number.POSITIVE_INFINITY);
    await Promise.all([first.asleep(), second.asleep()]);
    assert.equal(notify(view, 1), 0);
    assert.equal(notify(view, 3), 0);
    assert.equal(notify(view, 2), 1);
    assert.equal((await onThird).result, 'ok');
    assert.equal(notify(view, 2), 0);
    assert.equal(notify(view, 0), 1);
    assert.equal((await onFirst).result, 'ok');
  });

  test(`${kind}: waiters are woken in the order in which they came`, async () => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 1, 0, 2],
    ]) {
      const woken: number[] = [];
      const waits: Promise<unknown>[] = [];
      for (const place of order) {
        const waiter = agents[place] as Agent;
        waits.push(waiter.wait(kind, 0, zero).then(() => woken.push(place)));
        await waiter.asleep();
      }
      for (const wait of waits) {
        assert.equal(notify(view, 0, 1), 1);
        await wait;
      }
      assert.deepEqual(woken, order);
      assert.equal(notify(view, 0), 0);
    }
  });

  test(`${kind}: several agents wait on several elements of one array`, async () => {
    const waits = agents.map((waiter, i) => waiter.wait(kind, 10 + (i >> 1), zero));
    for (const waiter of agents) await waiter.asleep();
    assert.equal(notify(view, 11), 2);
    assert.equal(notify(view, 10), 2);
    for (const waited of waits) assert.equal((await waited).result, 'ok');
  });
}

test('int64: a value beyond 32 bits is waited on', async () => {
  const { int64 } = stage;
  for (const value of [2n ** 32n, -1n, -(2n ** 63n), 2n ** 63n - 1n, 0x1234_5678_9abc_def0n]) {
    int64[5] = value;
    const waited = agent.wait('int64', 5, value);
    await agent.asleep();
    assert.equal(notify(int64, 5), 1);
    assert.equal((await waited).result, 'ok');
    assert.equal((await agent.wait('int64', 5, value ^ (1n << 40n))).result, 'not-equal');
    assert.equal((await agent.wait('int64', 5, value ^ 1n)).result, 'not-equal');
  }
});
