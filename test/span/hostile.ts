// A span of every kind of bytes, and children that overwrite its words: for hostile.test.ts here and in test/stress.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Segment, Span } from '../../src/index.ts';
import type { HostileOrders, HostileReport } from '../fixtures/span/hostile.ts';
import { Prey } from '../fixtures/span/prey.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { seededRandom, uniqueName } from '../support/segments.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/span/hostile.js', import.meta.url));
/** The objects begin at byte 12,288: four are there, one with its text, and there is room for one more. */
const SIZE = 12_288 + 6 * 64;
const CHILDREN = 2;
/** One case may wait for who seems to be making an object. */
const STUCK_MS = 40_000;

export interface Extent {
  /** How many of the five values there are for each word: those that mean something, and others. */
  readonly values: readonly [telling: number, other: number];
  /** And so often, up to 64 words at once. */
  readonly bursts: number;
}

/**
 * In the span of that name: x (a mutex), fair (a fair one), b (64 bytes, for all other primitives), r (a record), and
 * an entry that is free.
 */
function makeSpan(): { name: string; close(): void } {
  const name = uniqueName();
  const span = Span.create(name, { size: SIZE, participants: 2, objects: 5 });
  span.mutex('x');
  span.mutex('fair', { fair: true });
  span.bytes('b', { size: 64 });
  span.view('r', Prey);
  return { name, close: () => span.close() };
}

/** A child that is attached, holds a mutex, and has a task that waits for it, too. */
async function attachPeer(name: string, object: string, fair: boolean): Promise<Child> {
  const child = await startChild();
  await child.run(
    ({ memspan, kept }, name, object, fair) => {
      kept.span = memspan.Span.join(name, { as: 'peer' });
      const mutex = kept.span.mutex(object, { fair });
      mutex.lock();
      mutex.lockAsync().catch((error) => {
        if (!error.code?.startsWith('ERR_MEMSPAN_')) throw error;
      });
    },
    name,
    object,
    fair,
  );
  return child;
}

/** Every word, overwritten before the span is joined; its last owner has died, holding x. */
export async function beforeJoining(t: TestContext, extent: Extent): Promise<void> {
  const seed = seedOf(t);
  const each = async (shard: number): Promise<HostileReport> => {
    const { name, close } = makeSpan();
    const peer = await attachPeer(name, 'x', false);
    close();
    await peer.kill();
    const report = await run({ ...ordersOf(extent, shard, seed), name, mode: 'join' });
    Span.unlink(name);
    return report;
  };
  tell(t, await inParallel(each));
}

/** Every word, overwritten while a peer and the user are attached; the peer is as well as before afterwards. */
export async function whileAttached(t: TestContext, extent: Extent): Promise<void> {
  const seed = seedOf(t);
  const each = async (shard: number): Promise<HostileReport> => {
    const { name, close } = makeSpan();
    const peer = await attachPeer(name, 'fair', true);
    close();
    const report = await run({ ...ordersOf(extent, shard, seed), name, mode: 'attached' });
    const isUsable = await peer.run(({ kept }) => kept.span.mutex('x').tryLock() !== null);
    assert.ok(isUsable, 'the peer has not survived it');
    await peer.run(({ kept }) => kept.span.close());
    Span.unlink(name);
    return report;
  };
  tell(t, await inParallel(each));
}

function inParallel(each: (shard: number) => Promise<HostileReport>): Promise<HostileReport[]> {
  return Promise.all(Array.from({ length: CHILDREN }, (_, shard) => each(shard)));
}

function seedOf(t: TestContext): number {
  return Math.floor(seededRandom(t)() * 2 ** 31);
}

function ordersOf({ values, bursts }: Extent, shard: number, seed: number) {
  const from = shard;
  return { from, step: CHILDREN, to: SIZE / 4, values, bursts: bursts / CHILDREN, seed };
}

function tell(t: TestContext, reports: readonly HostileReport[]): void {
  const codes: Record<string, number> = {};
  let cases = 0;
  for (const report of reports) {
    cases += report.cases;
    for (const [code, count] of Object.entries(report.codes)) {
      codes[code || 'nothing thrown'] = (codes[code || 'nothing thrown'] ?? 0) + count;
    }
  }
  const list = Object.entries(codes).map(([code, count]) => `${count} × ${code}`);
  t.diagnostic(`${cases} cases: ${list.join(', ')}`);
  assert.ok(cases > 0);
}

/** Runs the program; what it reports. Fails when it crashes, or does not move for too long. */
async function run(orders: Omit<HostileOrders, 'progress'>): Promise<HostileReport> {
  const progressName = uniqueName();
  using progress = Segment.create(progressName, { size: 16 });
  const words = new Int32Array(progress.buffer);
  const argument = JSON.stringify({ ...orders, progress: progressName } satisfies HostileOrders);
  const child = fork(PROGRAM, [argument]);
  let report: HostileReport | undefined;
  child.once('message', (message) => {
    report = message as HostileReport;
  });
  const where = (): string =>
    `${orders.mode}, seed ${orders.seed}, case ${words[0]}: word ${words[1]} = ${words[2]}, operation ${words[3]}`;
  let seen = -1;
  let isStuck = false;
  const watchdog = setInterval(() => {
    isStuck = seen === words[0];
    seen = words[0] as number;
    if (isStuck) child.kill('SIGKILL');
  }, STUCK_MS);
  // What it has said may come after its end, but not after its line is cut.
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  clearInterval(watchdog);
  progress.unlink();
  assert.ok(!isStuck, `stuck: ${where()}`);
  assert.equal(signal ?? code, 0, where());
  assert.ok(report !== undefined, where());
  return report;
}
