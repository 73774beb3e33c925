// How much one thread can ask for: about 500 claims, a queue of its own behind them, and an error beyond that.
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { test } from 'node:test';
import { CHUNKS } from '../../src/locks/claims.layout.ts';
import { startChild } from '../support/puppets.ts';
import { ask, open, release } from './deeds.ts';
import { claimsIn, type Holding, hold, managerFor, pendingCount, reasonOf } from './spaces.ts';

const count = (length: number): number[] => Array.from({ length }, (_, i) => i);

test('requests beyond the claims of a thread wait in the thread, and come in their order', async (t) => {
  const locks = managerFor(t);
  const held = await hold(locks, 'a');
  const order: number[] = [];
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const all = count(1500).map((i) => {
    const signal = i % 100 === 50 ? controller.signal : undefined;
    const mode = i % 3 === 0 ? 'shared' : 'exclusive';
    return locks.request('a', { signal, mode }, () => order.push(i)).catch((reason) => reason);
  });
  assert.equal(await pendingCount(locks), 1500);
  assert.ok(claimsIn(locks.space) <= CHUNKS);
  const another = await startChild();
  await another.run(open, locks.space);
  // Whoever comes now is behind those with claims, and before those without.
  await another.run(ask, 'a', 'exclusive', false, false);
  // There is a reserve for other names.
  const others = await Promise.all(count(20).map((i) => hold(locks, `other-${i}`)));
  for (const { release } of others) release();
  controller.abort('aborted');
  held.release();
  const settled = Promise.all(all);
  await another.run(release);
  const results = await settled;
  assert.equal(results.filter((result) => result === 'aborted').length, 15);
  assert.deepEqual(
    order,
    count(1500).filter((i) => i % 100 !== 50),
  );
  assert.equal(claimsIn(locks.space), 0);
});

test('a thread that has all its claims is told so, and nothing is lost', async (t) => {
  const locks = managerFor(t);
  const holders: Holding[] = [];
  for (let i = 0; i < CHUNKS; i++) holders.push(await hold(locks, `name-${i}`));
  const full = await reasonOf(locks.request('one more', () => {}));
  assert.equal(full.code, 'ERR_MEMSPAN_LIMIT');
  const behind = hold(locks, 'name-0');
  assert.equal((await reasonOf(behind)).code, 'ERR_MEMSPAN_LIMIT');
  assert.equal((await locks.query()).held.length, CHUNKS);
  holders[1]?.release();
  await holders[1]?.done;
  assert.equal(await locks.request('one more', () => 'has room'), 'has room');
  for (const { release } of holders) release();
  await Promise.all(holders.map(({ done }) => done));
  assert.equal(claimsIn(locks.space), 0);
});

test('long names take more room; what does not fit waits for it, if it may', async (t) => {
  const locks = managerFor(t);
  const long = 'x'.repeat(1024);
  const first = await hold(locks, long);
  const order: number[] = [];
  const all = count(200).map((i) => locks.request(long, () => order.push(i)));
  assert.equal(await pendingCount(locks), 200);
  first.release();
  await Promise.all(all);
  assert.deepEqual(order, count(200));
});
