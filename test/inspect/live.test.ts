// memspan inspect on a system of four processes: what it sees from outside is what they say of themselves.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import type { RingCounters } from '../../src/index.ts';
import { type Anatomy, dissect, type Participant } from '../../src/inspect/anatomy.ts';
import { memspan } from '../cli/memspan.ts';
import { startChild, type Tools } from '../support/puppets.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';

/** What a process says of itself. */
interface Said {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly attachedAt: number;
}

/** Joins, and says who it is. */
function join({ memspan, kept }: Tools, name: string, as: string): Said {
  kept.span = memspan.Span.join(name, { as });
  const [self] = kept.span.threads(as);
  const { pid, tid, attachedAt } = self as NonNullable<typeof self>;
  return { name: as, pid, tid, attachedAt: +attachedAt };
}

test('four processes and what memspan inspect says of them agree', async () => {
  const name = uniqueName();
  const names = ['holder', 'blocked', 'asking', 'reading'];
  const puppets = await Promise.all(names.map(() => startChild()));
  const [holder, blocked, asking, reading] = puppets as [Puppet, Puppet, Puppet, Puppet];
  await holder.run(({ memspan }, name) => {
    memspan.Span.create(name, { size: 2 ** 18, participants: 16, objects: 16 }).close();
  }, name);
  const said: Said[] = [];
  for (const [i, puppet] of puppets.entries())
    said.push(await puppet.run(join, name, names[i] as string));

  const has = await holder.run(({ memspan: { struct, u32, f64, utf8, array, mutex }, kept }) => {
    const { span } = kept;
    span.mutex('ledger').lock();
    const slots = span.semaphore('slots', { initial: 3, undo: true });
    slots.acquire();
    const Score = struct({ player: utf8(16), points: array(u32, 3), pace: f64, lock: mutex() });
    const score = span.view('score', Score);
    score.player = 'ann';
    score.pace = -1.25;
    score.lock.lock();
    for (const [i, points] of [10, 20, 30].entries()) score.points.set(i, points);
    const ring = span.ring('orders', { capacity: 4096 });
    const writer = ring.writer();
    for (let i = 0; i < 5; i++) writer.trySend(new Uint8Array(100));
    span
      .latest('pose', struct({ x: f64, y: f64 }))
      .writer()
      .send({ x: 0.5, y: 8 });
    return {
      value: slots.value,
      player: score.player,
      pace: score.pace,
      points: [...score.points],
    };
  });
  const counters: RingCounters = await reading.run(({ kept }) => {
    const ring = kept.span.ring('orders');
    const reader = ring.reader();
    reader.tryReceive();
    reader.tryReceive();
    kept.span.rwlock('table').read();
    return ring.counters;
  });

  const began = Date.now();
  const blocking = blocked.run(({ kept }) => {
    const guard = kept.span.mutex('ledger').lock({ timeoutMs: 45_000 }); // watchdog
    return guard !== null;
  });
  // It ends with its process.
  blocking.catch(() => {});
  await until(() => waitsOf(dissect(name), 'blocked') === 1, 'the first waiter');
  await asking.run(({ kept }) => {
    kept.span.semaphore('slots', { initial: 3, undo: true }).acquire();
    kept.span
      .mutex('ledger')
      .lockAsync()
      .catch(() => {});
    kept.span
      .rwlock('table')
      .writeAsync()
      .catch(() => {});
  });
  const value = await asking.run(({ kept }) => {
    return kept.span.semaphore('slots', { initial: 3, undo: true }).value;
  });
  const ended = Date.now();

  // Nobody else shall change a byte meanwhile; who is paused lives.
  for (const { pid } of puppets) await pause(pid);
  const before = fs.readFileSync(shmPath(name));
  const found = dissect(name);
  assert.ok(before.equals(fs.readFileSync(shmPath(name))), 'looking has changed a byte');
  assert.deepEqual(found.damage, []);
  assert.deepEqual(
    found.participants.map(({ who, tid, attachedAt }) => ({
      name: who.name,
      pid: who.pid,
      tid,
      attachedAt: Number(attachedAt),
    })),
    said,
  );
  assert.deepEqual(
    said.map(({ pid }) => pid),
    puppets.map(({ pid }) => pid),
  );
  assert.ok(found.participants.every(({ who, isElsewhere }) => who.alive && isElsewhere === false));
  const holds = Object.fromEntries(found.participants.map(({ who, holds }) => [who.name, holds]));
  assert.deepEqual(holds, {
    holder: ['ledger', 'slots', 'score.lock'],
    blocked: [],
    asking: ['slots', 'table'],
    reading: ['table'],
  });
  const waits = found.participants.flatMap(({ who, waits }) =>
    waits.map(({ object, mode, blocking }) => [who.name, object, mode, blocking]),
  );
  assert.deepEqual(waits, [
    ['blocked', 'ledger', 'exclusive', true],
    ['asking', 'ledger', 'exclusive', false],
    ['asking', 'table', 'exclusive', false],
  ]);
  for (const { since } of found.participants.flatMap(({ waits }) => waits)) {
    assert.ok(
      Number(since) >= began - CLOCKS_MS && Number(since) <= ended + CLOCKS_MS,
      `since ${since}`,
    );
  }

  const facts = (object: string): Readonly<Record<string, unknown>> =>
    found.objects.find(({ name }) => name === object)?.state?.facts ?? {};
  assert.deepEqual(facts('ledger').state, 'held');
  assert.deepEqual(namesIn(facts('ledger').waiters), ['blocked', 'asking']);
  assert.deepEqual([has.value, value, facts('slots').free], [2, 1, 1]);
  assert.deepEqual(facts('table').state, 'draining');
  const { depth, sent, received, bytes } = facts('orders');
  assert.deepEqual(
    { depth, sent, received, bytes },
    {
      depth: counters.depth,
      sent: counters.sent,
      received: counters.received,
      bytes: counters.bytes,
    },
  );
  assert.equal(counters.sent, 5);
  const score = found.objects.find(({ name }) => name === 'score')?.value as typeof has;
  assert.deepEqual([score.player, score.pace, score.points], [has.player, has.pace, has.points]);
  assert.deepEqual(
    { ...(found.objects.find(({ name }) => name === 'pose')?.value as object) },
    { x: 0.5, y: 8 },
  );
  assert.deepEqual(
    found.waits.map(({ waiter, object, holder }) => [waiter.name, object, holder.name]),
    [
      ['blocked', 'ledger', 'holder'],
      ['asking', 'ledger', 'holder'],
      ['asking', 'table', 'reading'],
    ],
  );
  assert.deepEqual(found.cycles, []);

  await checkCommand(name, found);
  for (const { pid } of puppets) process.kill(pid, 'SIGCONT');
  await holder.kill();
  const taken = (): boolean =>
    dissect(name).objects.some(
      ({ name, state }) => name === 'ledger' && state?.facts.state === 'held',
    );
  await until(taken, 'the next holder');
  const after = dissect(name);
  assert.deepEqual(
    after.participants.map(({ who }) => who.alive),
    [false, true, true, true],
  );
  const ledger = after.objects.find(({ name }) => name === 'ledger');
  assert.deepEqual([ledger?.state?.facts.state, ledger?.state?.facts.dataDamaged], ['held', true]);
  assert.deepEqual(
    after.participants[0]?.holds,
    ['score.lock'],
    'what the dead one had is its own still',
  );
  for (const puppet of [blocked, asking, reading]) await puppet.kill();
  assert.ok(dissect(name).participants.every(({ who }) => !who.alive));
  fs.rmSync(shmPath(name));
});

type Puppet = Awaited<ReturnType<typeof startChild>>;

/** Until the kernel says that it is stopped (proc(5), the state behind the name). */
async function pause(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const isStopped = (): boolean => /\) T/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  await until(isStopped, `process ${pid} to stop`);
}

/** A cell's time is a difference of two clocks that are read one after the other. */
const CLOCKS_MS = 50;

/** The command says what the library says; in words as well. */
async function checkCommand(name: string, found: Anatomy): Promise<void> {
  const { stdout, code } = await memspan('inspect', name, '--json');
  assert.equal(code, 0);
  const { participants, objects, waits } = JSON.parse(String(stdout));
  assert.deepEqual(participants, JSON.parse(JSON.stringify(found.participants)));
  assert.deepEqual(waits, JSON.parse(JSON.stringify(found.waits)));
  assert.deepEqual(
    objects.map(({ name }: { name: string }) => name),
    found.objects.map(({ name }) => name),
  );
  const text = String((await memspan('inspect', name)).stdout);
  const holder = `holder (pid ${found.participants[0]?.who.pid})`;
  assert.ok(text.includes(`held by ${holder}`), text);
  assert.match(text, /blocked for .*: ledger \(to have it alone\)/);
  assert.match(text, /player = "ann"/);
  const one = String((await memspan('inspect', `${name}/score`)).stdout);
  assert.match(one, /points = \[10, 20, 30\]/);
}

function waitsOf({ participants }: Anatomy, name: string): number {
  return participants.find(({ who }: Participant) => who.name === name)?.waits.length ?? 0;
}

function namesIn(waiters: unknown): (string | undefined)[] {
  return (waiters as { who: { name: string } }[]).map(({ who }) => who.name);
}
