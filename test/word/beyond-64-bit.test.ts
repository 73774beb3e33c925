// 64-bit waits over a futex that compares 32 bits: nothing that test262 looks at. A waiter must compare all bits,
// must not miss a notify that follows a store to the upper half, and must not be reached through that half.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { notify, wait, waitAsync } from '../../src/index.ts';
import { startWorker } from '../support/puppets.ts';
import { seededRandom } from '../support/segments.ts';
import { type Agent, isPending, Stage } from './agents.ts';

const HIGH = 1n << 32n;
const stage = new Stage();
const { int32, int64 } = stage;
let agents: Agent[] = [];

before(async () => {
  agents = await stage.enter(2);
});

test('a value that differs in one half alone is another one', async () => {
  const [agent] = agents as [Agent];
  int64[0] = 0x1234_5678_0000_0000n;
  for (const other of [0n, 1n, HIGH, int64[0] ^ HIGH, int64[0] ^ 1n, int64[0] ^ (1n << 63n)]) {
    assert.equal(wait(int64, 0, other), 'not-equal');
    assert.deepEqual(waitAsync(int64, 0, other), { async: false, value: 'not-equal' });
    assert.equal((await agent.wait('int64', 0, other)).result, 'not-equal');
  }
  stage.clear();
});

test('a store to either half wakes nobody; a notify after it does', async () => {
  const [agent] = agents as [Agent];
  for (const half of [0, 1]) {
    stage.clear();
    const there = agent.wait('int64', 0, 0n);
    await agent.asleep();
    const here = waitAsync(int64, 0, 0n).value as Promise<string>;
    Atomics.add(int32, half, 1);
    assert.equal(await isPending(Promise.race([there, here])), true);
    assert.equal(notify(int64, 0), 2);
    assert.equal((await there).result, 'ok');
    assert.equal(await here, 'ok');
  }
  stage.clear();
});

test('one list for a place: an Int32Array over the lower half notifies, over the upper half it does not', async () => {
  const [agent] = agents as [Agent];
  const there = agent.wait('int64', 0, 0n);
  await agent.asleep();
  const here = waitAsync(int64, 0, 0n).value as Promise<string>;
  assert.equal(notify(int32, 1), 0);
  assert.equal(await isPending(Promise.race([there, here])), true);
  assert.equal(notify(int32, 0, 1), 1);
  assert.equal((await there).result, 'ok');
  assert.equal(notify(int32, 0), 1);
  assert.equal(await here, 'ok');

  const lower = waitAsync(int32, 0, 0).value;
  const upper = waitAsync(int32, 1, 0).value as Promise<string>;
  assert.equal(notify(int64, 0), 1);
  assert.equal(await lower, 'ok');
  assert.equal(await isPending(upper), true);
  assert.equal(notify(int32, 1), 1);
  assert.equal(await upper, 'ok');
});

test('an element that goes from (1, 0) to (0, 1) and back never was (0, 0)', async () => {
  const worker = await startWorker();
  int64[0] = HIGH;
  const turning = worker.run((_tools, buffer) => {
    const int64 = new BigInt64Array(buffer, 0, 512);
    while (Atomics.load(int64, 1) === 0n) {
      for (let i = 0; i < 1000; i++) {
        Atomics.store(int64, 0, 1n);
        for (let rest = i % 40; rest > 0; rest--);
        Atomics.store(int64, 0, 1n << 32n);
        for (let rest = i % 37; rest > 0; rest--);
      }
    }
  }, stage.segment.buffer);
  const results = new Set<string>();
  const end = performance.now() + 700;
  for (let i = 0; performance.now() < end; i++) {
    results.add(wait(int64, 0, 0n, 5));
    if (i % 16 === 0) results.add((await waitAsync(int64, 0, 0n, 5).value) as string);
  }
  int64[1] = 1n;
  await turning;
  await worker.kill();
  assert.deepEqual([...results], ['not-equal']);
  stage.clear();
});

const GOAL = 8; // 64-bit index: the round that the agents may play
const DONE = 9; // how many have played it

test('a store to the upper half and a notify in the middle of going to sleep: nobody is missed', async (t) => {
  const random = seededRandom(t);
  const plays = agents.map(({ child }, i) =>
    child.run(
      async ({ memspan, kept }, isAsync, GOAL, DONE) => {
        const { int64 } = kept as unknown as Stage;
        let woken = 0;
        for (let round = 0n; ; round++) {
          while (Atomics.load(int64, GOAL) === round);
          if (Atomics.load(int64, GOAL) < 0n) return woken;
          const expected = round << 32n;
          const result = isAsync
            ? await memspan.waitAsync(int64, 0, expected).value
            : memspan.wait(int64, 0, expected);
          if (result === 'ok') woken++;
          else if (result !== 'not-equal') throw new Error(result);
          Atomics.add(int64, DONE, 1n);
        }
      },
      i === 1,
      GOAL,
      DONE,
    ),
  );
  let notified = 0;
  const end = performance.now() + 2500;
  let round = 1n;
  for (; performance.now() < end; round++) {
    Atomics.store(int64, DONE, 0n);
    Atomics.store(int64, GOAL, round);
    for (let rest = random() ** 3 * 200_000; rest > 0; rest--);
    Atomics.add(int32, 1, 1);
    notified += notify(int64, 0);
    // Who has not been counted comes too late, and sees that the value is another.
    while (Atomics.load(int64, DONE) < 2n) {
      const limit = performance.now() + 20_000; // a watchdog
      for (let i = 0; Atomics.load(int64, DONE) < 2n; i++) {
        assert.ok(
          i % 1024 !== 0 || performance.now() < limit,
          `round ${round}: somebody sleeps on`,
        );
      }
    }
  }
  Atomics.store(int64, GOAL, -1n);
  const woken = (await Promise.all(plays)).reduce((sum, count) => sum + count, 0);
  t.diagnostic(`${round} rounds, ${notified} woken`);
  assert.equal(woken, notified);
  assert.ok(notified > 0);
});
