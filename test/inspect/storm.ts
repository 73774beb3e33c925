// A storm: processes that create, use and leave spans of the same few names and are killed and paused at any moment,
// while others remove what is nobody's, and are killed and paused as well.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Lifetime, Segment, Span } from '../../src/index.ts';
import { memspan } from '../cli/memspan.ts';
import { Tally } from '../fixtures/inspect/tally.ts';
import { startChild } from '../support/puppets.ts';
import { leftovers, seededRandom, shmPath, uniqueName, until } from '../support/segments.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/inspect/${name}.js`, import.meta.url));
const STORMER = fixture('stormer');
const CLEANER = fixture('cleaner');
const NAMES = 3;
/** The longest life of a stormer, and the longest pause, in milliseconds. */
const LIFE_MS = 400;
const PAUSE_MS = 60;

export interface StormOptions {
  /** It lasts so long, and until so many have been killed. */
  readonly ms: number;
  readonly kills: number;
  readonly stormers: number;
  readonly cleaners: number;
}

/** Everybody is killed at the end, and then what is nobody's has to go, and nothing else. */
export async function storm(t: TestContext, options: StormOptions): Promise<void> {
  const prefix = uniqueName();
  using tally = Segment.create(`${prefix}-tally`, { size: 4 * Tally.size });
  const counts = new Int32Array(tally.buffer);
  const kept = await makeKept(prefix);
  await leave(`${prefix}-leak`, 'last-close');
  const random = seededRandom(t);
  const pids: number[] = [];
  const end = Date.now() + options.ms;
  const isOver = (): boolean => Date.now() >= end && pids.length >= options.kills;
  const lane = async (program: string, args: readonly string[], env: NodeJS.ProcessEnv) => {
    while (!isOver()) {
      pids.push(await liveAndDie(program, [prefix, ...args], env, random));
    }
  };
  const doctors = async (): Promise<void> => {
    while (!isOver()) await clean(`${prefix}-*`);
  };
  const lanes = Array.from({ length: options.stormers }, (_, i) =>
    lane(STORMER, [String(NAMES)], i % 2 === 0 ? {} : { MEMSPAN_WITHOUT: 'o_tmpfile' }),
  );
  const cleaners = Array.from({ length: options.cleaners }, () =>
    lane(CLEANER, [String(NAMES)], {}),
  );
  await Promise.all([...lanes, ...cleaners, doctors()]);

  const inodes = kept.map(inodeOf);
  const survivors = (): string[] => leftovers().filter((name) => name.startsWith(`${prefix}-`));
  await cleanAll(`${prefix}-*`, () => survivors().length === kept.length);
  assert.deepEqual(survivors().sort(), [...kept].sort());
  assert.deepEqual(kept.map(inodeOf), inodes);
  for (const pid of pids) await cleanAll(`.memspan-${pid}-*`, () => unfinishedOf(pid).length === 0);

  const [opened, recovered, checked, removed, rounds] = counts;
  t.diagnostic(
    `${pids.length} killed; ${opened} openings, ${recovered} of them of what the dead had left; ` +
      `${checked} checks; ${removed} removed in ${rounds} rounds`,
  );
  assert.ok(Number(checked) > 0 && pids.length > 0);
  for (const name of kept) Segment.unlink(name);
}

/** What must stay: a span by its own word, in which somebody has died, one at rest, and raw segments. */
async function makeKept(prefix: string): Promise<string[]> {
  const names = ['tally', 'stale', 'rest', 'raw'].map((what) => `${prefix}-${what}`);
  const [, stale, rest, raw] = names as [string, string, string, string];
  await leave(stale, 'until-unlinked');
  Span.open(rest, { lifetime: 'until-unlinked' }).close();
  Segment.create(raw, { size: 4096 }).close();
  return names;
}

/** A span in which somebody has died. */
async function leave(name: string, lifetime: Lifetime): Promise<void> {
  const victim = await startChild();
  await victim.run(
    ({ memspan, kept }, name, lifetime) => {
      kept.span = memspan.Span.open(name, { lifetime });
    },
    name,
    lifetime,
  );
  await victim.kill();
}

/** Returns its pid. */
async function liveAndDie(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  random: () => number,
): Promise<number> {
  const child = fork(program, args, { env: { ...process.env, ...env } });
  const pid = child.pid as number;
  const ended = once(child, 'exit');
  await Promise.race([once(child, 'message'), ended]);
  await delay(random() * LIFE_MS);
  if (random() < 0.3) await pause(child, random() * PAUSE_MS);
  child.kill('SIGKILL');
  const [code, signal] = await ended;
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'it ended by itself; see above');
  return pid;
}

async function pause(child: ChildProcess, ms: number): Promise<void> {
  child.kill('SIGSTOP');
  await delay(ms);
  if (ms % 1 < 0.5) child.kill('SIGCONT');
}

interface Report {
  readonly leftovers: readonly { readonly outcome: string; readonly why: string }[];
}

async function clean(pattern: string): Promise<Report> {
  const { code, stdout, stderr } = await memspan('doctor', '--clean', '--yes', '--json', pattern);
  assert.deepEqual([code, stderr], [0, '']);
  return JSON.parse(String(stdout)) as Report;
}

/** Again while somebody who lists everything on this machine has just opened one of them. */
async function cleanAll(pattern: string, isClean: () => boolean): Promise<void> {
  if (isClean()) return;
  let report: Report | undefined;
  do report = await clean(pattern);
  while (report.leftovers.some(({ outcome }) => outcome === 'in-use'));
  await until(isClean, `nothing to be left of ${pattern}`);
}

function inodeOf(name: string): number {
  return fs.statSync(shmPath(name)).ino;
}

function unfinishedOf(pid: number): string[] {
  return fs.readdirSync('/dev/shm').filter((name) => name.startsWith(`.memspan-${pid}-`));
}
