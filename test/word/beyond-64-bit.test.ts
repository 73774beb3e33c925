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
  const end = performance.now() + 300;
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

const GOAL = 8; // 64-bit index: the round that the agent may play
const DONE = 9; // how many it has played
const LATE = 10; // in how many it found another value

for (const form of ['wait', 'waitAsync'] as const) {
  test(`${form}: a store to the upper half and a notify in the middle of going to sleep are not missed`, async (t) => {
    const random = seededRandom(t);
    const [{ child }] = agents as [Agent];
    const play = child.run(
      async ({ memspan, kept }, form, GOAL, DONE, LATE) => {
        const { int64 } = kept as unknown as Stage;
        let woken = 0;
        for (let round = 0n; ; round++) {
          while (Atomics.load(int64, GOAL) === round);
          if (Atomics.load(int64, GOAL) < 0n) return woken;
          const result =
            form === 'wait'
              ? memspan.wait(int64, 0, round << 32n)
              : await memspan.waitAsync(int64, 0, round << 32n).value;
          if (result === 'ok') woken++;
          else if (result === 'not-equal') Atomics.add(int64, LATE, 1n);
          else throw new Error(result);
          Atomics.store(int64, DONE, round + 1n);
        }
      },
      form,
      GOAL,
      DONE,
      LATE,
    );
    let notified = 0;
    let pause = 0;
    let round = 0n;
    for (const end = performance.now() + 1500; performance.now() < end; ) {
      const lateBefore = int64[LATE];
      Atomics.store(int64, GOAL, ++round);
      for (let rest = pause * (0.8 + 0.4 * random()); rest > 0; rest--);
      Atomics.add(int32, 1, 1);
      notified += notify(int64, 0);
      // If it has not been counted it comes too late, and sees that the value is another.
      const limit = performance.now() + 20_000; // a watchdog
      for (let i = 1; Atomics.load(int64, DONE) < round; i++) {
        assert.ok(i % 1024 !== 0 || performance.now() < limit, `round ${round}: it sleeps on`);
      }
      // The pause is steered to where it comes in time as often as too late.
      pause = Math.max(0, pause + (int64[LATE] === lateBefore ? -50 : 50));
    }
    Atomics.store(int64, GOAL, -1n);
    const woken = await play;
    t.diagnostic(`${round} rounds, ${notified} woken, ${int64[LATE]} late`);
    assert.equal(woken, notified);
    assert.equal(int64[LATE], round - BigInt(woken));
    stage.clear();
  });
}
