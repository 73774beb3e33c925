// Processes that take locks at random, share them, try, give up, time out, steal, and are killed: nobody is ever in there
// with somebody who should not be, and everybody who wants a lock gets it.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Segment } from '../../src/index.ts';
import { LockManager } from '../../src/locks/locks.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';
import { close, type KeptLocks, open } from './deeds.ts';
import { claimsIn } from './spaces.ts';

/** Two words a name: the one who has it alone, and how many share it. */
const NAMES = 4;
/** Of the children, so many are killed in between. */
const VICTIMS = 1;

interface Wandering {
  readonly granted: number;
  readonly refused: number;
  readonly broken: number;
}

/** For so many milliseconds, several tasks at once. What is broken would be two where only one can be. */
async function wander(
  { memspan, kept }: Tools,
  control: string,
  names: number,
  ms: number,
): Promise<Wandering> {
  const { manager } = kept as unknown as KeptLocks;
  const segment = memspan.Segment.open(control);
  const words = new Int32Array(segment.buffer);
  const counts = { granted: 0, refused: 0, broken: 0 };
  const me = process.pid;
  const pause = (): unknown =>
    Math.random() < 0.5 ? undefined : new Promise((resolve) => setImmediate(resolve));
  const inside = async (lock: { mode: string } | null, i: number): Promise<void> => {
    if (lock === null) {
      counts.refused++;
      return;
    }
    counts.granted++;
    if (lock.mode === 'exclusive') {
      const owner = Atomics.compareExchange(words, 2 * i, 0, me);
      if (owner !== 0 || Atomics.load(words, 2 * i + 1) !== 0) counts.broken++;
      await pause();
      if (Atomics.compareExchange(words, 2 * i, me, 0) !== me) counts.broken++;
    } else {
      Atomics.add(words, 2 * i + 1, 1);
      if (Atomics.load(words, 2 * i) !== 0) counts.broken++;
      await pause();
      if (Atomics.load(words, 2 * i) !== 0) counts.broken++;
      Atomics.sub(words, 2 * i + 1, 1);
    }
  };
  const end = performance.now() + ms;
  const task = async (): Promise<void> => {
    while (performance.now() < end) {
      const i = Math.floor(Math.random() * names);
      const mode = Math.random() < 0.4 ? 'shared' : 'exclusive';
      const dice = Math.random();
      const controller = new AbortController();
      const options =
        dice < 0.15
          ? { mode, ifAvailable: true }
          : dice < 0.3
            ? { mode, timeoutMs: Math.random() }
            : { mode, signal: controller.signal };
      const done = manager.request(`name-${i}`, options as object, (lock) => inside(lock, i));
      if (dice > 0.85) setTimeout(() => controller.abort('aborted'), Math.random());
      await done.catch((reason) => {
        if (reason !== 'aborted') throw reason;
        counts.refused++;
      });
    }
  };
  await Promise.all([task(), task(), task()]);
  segment.close();
  return counts;
}

/** Steals without end; those who are stolen from know it, and nothing else is promised. */
async function robAndWait({ kept }: Tools, ms: number): Promise<[number, number]> {
  const { manager } = kept as unknown as KeptLocks;
  const end = performance.now() + ms;
  let [kept_, lost] = [0, 0];
  const task = async (steals: boolean): Promise<void> => {
    while (performance.now() < end) {
      const steal = steals && Math.random() < 0.3;
      await manager
        .request('stolen', { steal }, () => new Promise((resolve) => setImmediate(resolve)))
        .then(
          () => kept_++,
          (error) => {
            if (error.name !== 'AbortError') throw error;
            lost++;
          },
        );
    }
  };
  await Promise.all([task(true), task(false), task(true)]);
  return [kept_, lost];
}

/** `processes` of them for `ms`; what they came to. */
export async function wanderAll(processes: number, ms: number): Promise<Wandering> {
  using locks = new LockManager({ space: uniqueName() });
  const control = Segment.create(uniqueName(), { size: 8 * NAMES });
  const start = async (): Promise<Child> => {
    const child = await startChild();
    await child.run(open, locks.space);
    return child;
  };
  const children = await Promise.all(Array.from({ length: processes }, start));
  await locks.query();
  const all = await Promise.all(
    children.map((child) => child.run(wander, control.name as string, NAMES, ms)),
  );
  const words = new Int32Array(control.buffer);
  assert.ok(
    words.every((word) => word === 0),
    'nobody is inside',
  );
  assert.deepEqual(await locks.query(), { held: [], pending: [] });
  assert.equal(claimsIn(locks.space), 0);
  await finish(children);
  control.unlink();
  control.close();
  const sum = (key: keyof Wandering): number => all.reduce((total, each) => total + each[key], 0);
  return { granted: sum('granted'), refused: sum('refused'), broken: sum('broken') };
}

/** All steal from each other, and one of them is killed: the others go on. */
export async function robAll(processes: number, ms: number): Promise<[number, number]> {
  using locks = new LockManager({ space: uniqueName() });
  const children = await Promise.all(
    Array.from({ length: processes + VICTIMS }, async () => {
      const child = await startChild();
      await child.run(open, locks.space);
      return child;
    }),
  );
  const [victim, ...others] = children as [Child, ...Child[]];
  const killed = assert.rejects(victim.run(robAndWait, 60_000));
  const robbing = others.map((child) => child.run(robAndWait, ms));
  await delay(Math.random() * ms);
  await victim.kill();
  await killed;
  const counts = await Promise.all(robbing);
  assert.deepEqual(await locks.query(), { held: [], pending: [] });
  assert.equal(await locks.request('stolen', ({ name }) => name), 'stolen');
  await finish(others);
  return [0, 1].map((i) => counts.reduce((total, each) => total + (each[i] as number), 0)) as [
    number,
    number,
  ];
}

async function finish(children: readonly Child[]): Promise<void> {
  for (const child of children) {
    await child.run(close);
    await child.kill();
  }
}
