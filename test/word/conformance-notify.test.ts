// notify across processes: how many it wakes for which count, which ones, and what it returns. Every claim is
// made for both kinds of array.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { notify, waitAsync } from '../../src/index.ts';
import { type Agent, element, type Kind, kinds, Stage, type Waited } from './agents.ts';

const stage = new Stage();
let agents: Agent[] = [];

before(async () => {
  agents = await stage.enter(4);
});

/** All agents wait on that element; their results, in the agents' order. */
async function allWait(kind: Kind, index: number, ...rest: unknown[]): Promise<Promise<Waited>[]> {
  const waits = agents.map((agent) => agent.wait(kind, index, element(kind, 0), ...rest));
  for (const agent of agents) await agent.asleep();
  return waits;
}

async function assertAll(waits: Promise<Waited>[], result: string): Promise<void> {
  for (const waited of waits) assert.equal((await waited).result, result);
}

const BIG = [Number.POSITIVE_INFINITY, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53, 1e300];
const ALL: unknown[] = [undefined, 'Infinity', '1e300', ...BIG, { valueOf: () => 4 }, 4.9, 5];
const NONE: unknown[] = [
  0,
  -0,
  -1,
  -3,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  null,
  false,
  '',
  'text',
  {},
  0.9,
  -0.9,
];
const ONE: unknown[] = [
  1,
  1.9,
  '1',
  true,
  [1],
  { valueOf: () => 1 },
  { toString: () => '1', valueOf: false },
];
const THREE: unknown[] = [3, '3', 3.5, { [Symbol.toPrimitive]: () => 3 }];
const counts: [number, unknown[]][] = [
  [4, ALL],
  [0, NONE],
  [1, ONE],
  [3, THREE],
];

for (const kind of kinds) {
  const view = stage[kind];
  const zero = element(kind, 0);

  test(`${kind}: without a count it wakes all`, async () => {
    const waits = await allWait(kind, 0);
    assert.equal(notify(view, 0), 4);
    await assertAll(waits, 'ok');
  });

  test(`${kind}: the count is converted as ToIntegerOrInfinity does, below 0 is 0`, async () => {
    for (const [woken, same] of counts) {
      for (const count of same) {
        const waits = await allWait(kind, 0);
        assert.equal(notify(view, 0, count as number), woken, `of 4 for ${String(count)}`);
        assert.equal(notify(view, 0), 4 - woken);
        await assertAll(waits, 'ok');
      }
    }
  });

  test(`${kind}: any count of nobody is 0`, () => {
    for (const count of counts.flatMap(([, same]) => same)) {
      assert.equal(notify(view, 0, count as number), 0);
      assert.equal(notify(view, undefined as never, count as number), 0);
    }
    assert.equal(notify(view, undefined as never), 0);
  });

  test(`${kind}: waiters beyond the count go on waiting, and time out in their time`, async () => {
    for (const count of [0, -1, Number.NaN, 1, 2]) {
      for (let timeout = 60; ; timeout *= 4) {
        const waits = await allWait(kind, 0, timeout);
        const woken = notify(view, 0, count);
        const most = Math.max(count || 0, 0);
        const results = (await Promise.all(waits)).map(({ result }) => result);
        // On a slow machine their time may have been over before: once more, with more of it.
        if (woken < most && timeout < 20_000) continue;
        assert.equal(woken, most);
        const expected = [...Array(woken).fill('ok'), ...Array(4 - woken).fill('timed-out')];
        assert.deepEqual(results.sort(), expected);
        break;
      }
    }
  });

  test(`${kind}: it wakes all on its element and nobody on another`, async () => {
    const [other, ...same] = agents as [Agent, Agent, Agent, Agent];
    const elsewhere = other.wait(kind, 1, zero);
    const waits = same.map((agent) => agent.wait(kind, 0, zero));
    for (const agent of agents) await agent.asleep();
    assert.equal(notify(view, 2), 0);
    assert.equal(notify(view, 0), 3);
    await assertAll(waits, 'ok');
    await other.asleep();
    assert.equal(notify(view, 1), 1);
    await assertAll([elsewhere], 'ok');
  });

  test(`${kind}: who has been woken is not woken again`, async () => {
    const [agent] = agents as [Agent];
    const waited = agent.wait(kind, 0, zero);
    await agent.asleep();
    assert.equal(notify(view, 0, 1), 1);
    assert.equal(notify(view, 0, 1), 0);
    assert.equal((await waited).result, 'ok');
    assert.equal(notify(view, 0, 1), 0);
  });

  test(`${kind}: one by one, it wakes in the order in which they came`, async () => {
    const order = [2, 0, 3, 1];
    const waits: Promise<Waited>[] = [];
    for (const place of order) {
      const agent = agents[place] as Agent;
      waits.push(agent.wait(kind, 0, zero));
      await agent.asleep();
    }
    const woken: number[] = [];
    waits.forEach((waited, i) => void waited.then(() => woken.push(order[i] as number)));
    for (const waited of waits) {
      assert.equal(notify(view, 0, 1), 1);
      await waited;
    }
    assert.deepEqual(woken, order);
  });

  test(`${kind}: two at a time, the two that came first`, async () => {
    const waits: Promise<Waited>[] = [];
    for (const agent of agents) {
      waits.push(agent.wait(kind, 0, zero));
      await agent.asleep();
    }
    assert.equal(notify(view, 0, 2), 2);
    await assertAll(waits.slice(0, 2), 'ok');
    await (agents[2] as Agent).asleep();
    await (agents[3] as Agent).asleep();
    assert.equal(notify(view, 0, 2), 2);
    await assertAll(waits.slice(2), 'ok');
  });

  test(`${kind}: an undefined or missing index is 0`, async () => {
    const waits = await allWait(kind, 0);
    assert.equal(notify(view, undefined as never, 1), 1);
    assert.equal((notify as (view: unknown) => number)(view), 3);
    await assertAll(waits, 'ok');
  });

  test(`${kind}: an agent may notify, too`, async () => {
    const [first, second, third] = agents as [Agent, Agent, Agent];
    const there = second.wait(kind, 3, zero);
    await second.asleep();
    const elsewhere = third.waitAsync(kind, 3, zero);
    await third.queued();
    const here = waitAsync(view, 3, zero).value;
    assert.equal(await first.notify(kind, 3, 1), 1);
    assert.equal((await there).result, 'ok');
    assert.equal(await first.notify(kind, 3), 2);
    assert.equal((await elsewhere).result, 'ok');
    assert.equal(await here, 'ok');
    assert.equal(await first.notify(kind, 3), 0);
  });
}
