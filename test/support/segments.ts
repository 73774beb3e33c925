// For tests of segments: names that nobody else has, gone when the file is done; waiting for a state; counts.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { after, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const PREFIX = `memspan-test-${process.pid}-`;
const SHM = '/dev/shm';
let names = 0;

/** A name of this test's own. What is left of it at the end fails the test file. */
export function uniqueName(): string {
  return `${PREFIX}${names++}`;
}

/** The file behind a name. */
export function shmPath(name: string): string {
  return `${SHM}/${name}`;
}

/** What this test file has in /dev/shm just now. */
export function leftovers(): string[] {
  return fs.readdirSync(SHM).filter((name) => name.startsWith(PREFIX));
}

/** Removes the hidden files that a creator has left; how many there were. */
export function removeUnfinished(pid: number): number {
  const names = fs.readdirSync(SHM).filter((name) => name.startsWith(`.memspan-${pid}-`));
  for (const name of names) fs.rmSync(shmPath(name));
  return names.length;
}

after(() => {
  const left = leftovers();
  for (const name of left) fs.rmSync(shmPath(name), { recursive: true });
  assert.deepEqual(left, [], 'left behind in /dev/shm');
});

/** Resolves when the condition is true, which is looked at every millisecond or so. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000; // a watchdog
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await delay(1);
  }
}

/** Numbers from 0 up to 1 that come again with MEMSPAN_SEED; the test's report says the seed. */
export function seededRandom(t: TestContext): () => number {
  const seed = Number(process.env.MEMSPAN_SEED ?? randomInt(2 ** 32));
  t.diagnostic(`MEMSPAN_SEED=${seed}`);
  // mulberry32, Tommy Ettinger 2017.
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The code of what `act` throws; undefined when it returns. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** For node:test's `skip`: what only root can set up (another user's objects). */
export const needsRoot: false | string =
  process.getuid?.() === 0 ? false : 'needs root, to make things that belong to another user';

/** For node:test's `skip`: room in /dev/shm and in memory. */
export function needsRoom(bytes: number): false | string {
  const { bavail, bsize } = fs.statfsSync(SHM);
  const available = Number(
    /MemAvailable:\s*(\d+)/.exec(fs.readFileSync('/proc/meminfo', 'utf8'))?.[1],
  );
  const room = Math.min(bavail * bsize, available * 1024);
  return room >= bytes ? false : `needs ${bytes} bytes of shared memory, and there are ${room}`;
}
