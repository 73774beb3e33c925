// Locks among processes and worker threads: order, modes, what a query tells, thefts, deaths, and who is merely paused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import type { LockManager } from '../../src/locks/locks.ts';
import { type Child, startChild, startWorker, type Tools } from '../support/puppets.ts';
import { leftovers, uniqueName, until } from '../support/segments.ts';
import { arm, ask, close, ending, type KeptLocks, open, perform, release } from './deeds.ts';
import {
  claimsIn,
  heldAndPending,
  hold,
  managerFor,
  pendingCount,
  reasonOf,
  turn,
} from './spaces.ts';

/** Asks, and writes down when it is granted; counts itself once it has given the lock back. */
function enlist(
  { memspan, kept }: Tools,
  name: string,
  mode: 'exclusive' | 'shared',
  log: string,
  tag: number,
): void {
  const { manager } = kept as unknown as KeptLocks;
  const segment = memspan.Segment.open(log);
  const words = new Int32Array(segment.buffer);
  const turn = manager.request(name, { mode }, async () => {
    const place = Atomics.add(words, 0, 1);
    words[1 + place] = tag;
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
  void turn.then(() => {
    Atomics.add(words, 31, 1);
    segment.close();
  });
}

test('three processes and a worker have it in the order of their requests', async (t) => {
  const locks = managerFor(t);
  const log = Segment.create(uniqueName(), { size: 128 });
  t.after(() => {
    log.unlink();
    log.close();
  });
  const puppets = await Promise.all([startChild(), startChild(), startWorker()]);
  await Promise.all(puppets.map((puppet) => puppet.run(open, locks.space)));
  const first = await hold(locks, 'a');
  const words = new Int32Array(log.buffer);
  for (let tag = 0; tag < 20; tag++) {
    const puppet = puppets[Math.floor(Math.random() * puppets.length)];
    const mode = tag % 5 === 4 ? 'shared' : 'exclusive';
    await puppet?.run(enlist, 'a', mode, log.name as string, tag);
    assert.equal(await pendingCount(locks), tag + 1);
  }
  first.release();
  await until(() => words[31] === 20, 'all of them');
  assert.deepEqual(
    [...words.subarray(1, 21)],
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.deepEqual(await heldAndPending(locks), [[], []]);
  assert.equal(claimsIn(locks.space), 0);
});

test('a query tells of all processes, in the order of the requests', async (t) => {
  const locks = managerFor(t);
  const [one, two] = await Promise.all([startChild(), startChild()]);
  const ids = [await one.run(open, locks.space), await two.run(open, locks.space)];
  await one.run(ask, 'a', 'shared');
  await two.run(ask, 'a', 'shared');
  const mine = await hold(locks, 'b');
  await one.run(ask, 'b', 'exclusive', false, false);
  await two.run(ask, 'a', 'exclusive', false, false);
  const snapshot = await locks.query();
  const own = { pid: process.pid, clientId: locks.clientId };
  const [of1, of2] = [one, two].map(({ pid }, i) => ({ pid, clientId: ids[i] }));
  const [thread, shared, exclusive] = ['puppet.js', 'shared', 'exclusive'];
  const { thread: name, ...ours } = snapshot.held[2] as NonNullable<(typeof snapshot.held)[2]>;
  assert.ok(name.length > 0);
  assert.deepEqual(
    [snapshot.held[0], snapshot.held[1], ours],
    [
      { name: 'a', mode: shared, ...of1, thread },
      { name: 'a', mode: shared, ...of2, thread },
      { name: 'b', mode: exclusive, ...own },
    ],
  );
  assert.deepEqual(snapshot.pending, [
    { name: 'b', mode: exclusive, ...of1, thread },
    { name: 'a', mode: exclusive, ...of2, thread },
  ]);
  mine.release();
});

test('shared in several processes at once; exclusive when the last of them has gone, however it went', async (t) => {
  const locks = managerFor(t);
  const [one, two] = await Promise.all([startChild(), startChild()]);
  for (const child of [one, two]) {
    await child.run(open, locks.space);
    await child.run(ask, 'a', 'shared');
  }
  const shared = await hold(locks, 'a', { mode: 'shared' });
  const waiting = hold(locks, 'a');
  assert.equal(
    await locks.request('a', { mode: 'shared', ifAvailable: true }, (lock) => lock),
    null,
  );
  shared.release();
  await one.kill();
  assert.deepEqual(await heldAndPending(locks), [['a:shared'], ['a:exclusive']]);
  assert.equal(await two.run(release), 'released');
  (await waiting).release();
});

test('a theft from another process: its request rejects, its callback goes on, the queue stays', async (t) => {
  const locks = managerFor(t);
  const [one, two] = await Promise.all([startChild(), startChild()]);
  await Promise.all([one, two].map((child) => child.run(open, locks.space)));
  await one.run(ask, 'a');
  const ours = hold(locks, 'a');
  await two.run(ask, 'a', 'exclusive', true);
  assert.equal(await one.run(ending), 'AbortError');
  assert.equal(await one.run(release), 'AbortError');
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], ['a:exclusive']]);
  assert.equal(await two.run(release), 'released');
  const held = await ours;
  const lost = reasonOf(held.done);
  await one.run(ask, 'a', 'exclusive', true);
  assert.equal((await lost).name, 'AbortError');
});

test('a holder that is stopped keeps it; who waits can give up, and has it when that one goes on', async (t) => {
  const locks = managerFor(t);
  const child = await startChild();
  await child.run(open, locks.space);
  await child.run(ask, 'a');
  stop(child);
  assert.equal(await locks.request('a', { timeoutMs: 250 }, (lock) => lock), null);
  assert.equal(await locks.request('a', { ifAvailable: true }, (lock) => lock), null);
  const waiting = hold(locks, 'a');
  assert.deepEqual(await heldAndPending(locks), [['a:exclusive'], ['a:exclusive']]);
  child.process.kill('SIGCONT');
  assert.equal(await child.run(release), 'released');
  (await waiting).release();
});

const stop = (child: Child): void => void child.process.kill('SIGSTOP');

for (const [deed, step] of [
  ['take', 'claim-held'],
  ['wait', 'claim-published'],
  ['steal', 'steal-published'],
  ['steal', 'steal-robbed'],
] as const) {
  test(`stopped at ${step}, and then going on: never two at once, and everybody has it`, async (t) => {
    const locks = managerFor(t);
    const [child, other] = await Promise.all([
      startChild({ env: { MEMSPAN_STEPS: '1' } }),
      startChild(),
    ]);
    await child.run(open, locks.space);
    await other.run(open, locks.space);
    if (deed !== 'take') await other.run(ask, 'x');
    await child.run(arm, step, 'SIGSTOP', new Int32Array(1));
    const performed = child.run(perform, deed);
    await until(() => statusOf(child) === 'T', 'it to stop');
    const ours = hold(locks, 'x');
    const none = await locks.request('x', { ifAvailable: true }, (lock) => lock);
    assert.equal(none, null, 'it is in the way, whether it has it or not');
    if (deed !== 'take') await other.run(release);
    child.process.kill('SIGCONT');
    await holders(locks, 1);
    const { held } = await locks.query();
    assert.equal(held[0]?.pid, child.pid, 'it came first');
    await child.run(release);
    assert.equal(await performed, 'released');
    (await ours).release();
  });
}

/** 'T' is stopped: proc_pid_stat(5). */
function statusOf({ pid }: Child): string | undefined {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

async function holders(locks: LockManager, count: number): Promise<void> {
  const deadline = Date.now() + 30_000; // a watchdog
  while ((await locks.query()).held.length !== count) {
    assert.ok(Date.now() < deadline, 'waited in vain for the holders');
    await turn();
  }
}

test('when all have been killed, the next one finds everything free; when the last has left, nothing', async () => {
  const space = uniqueName();
  const children = await Promise.all([startChild(), startChild(), startChild()]);
  for (const [i, child] of children.entries()) {
    await child.run(open, space);
    await child.run(ask, 'a', 'exclusive', false, i === 0);
  }
  await Promise.all(children.map((child) => child.kill()));
  assert.ok(leftovers().includes(space));
  const next = await startChild();
  await next.run(open, space);
  await next.run(ask, 'a');
  await next.run(release);
  await next.run(close);
  assert.ok(!leftovers().includes(space));
});
