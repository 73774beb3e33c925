// Counts the system calls of a hot path, with strace: two processes, both awake, each on its own processor where there are two.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pin } from '../pin.ts';
import type { HotPath } from './path.ts';

/** No such files: an attempt to open one is a mark among the calls. */
export const MARKS = { warm: '/no-such-file/memspan-warm', done: '/no-such-file/memspan-done' };

/** The engine's own, for its heap: judged as bytes. */
const OF_THE_HEAP = ['mmap', 'munmap', 'madvise', 'mprotect', 'brk', 'mremap', 'getpid'];
const WATCHDOG_MS = 120_000;
/** The engine does everything in the measured thread, instead of waking others for it. */
const FLAGS = ['--single-threaded', '--min-semi-space-size=64', '--max-semi-space-size=64'];

export interface Calls {
  /** By both processes, without those for the engine's heap: by name. */
  readonly byName: Readonly<Record<string, number>>;
  readonly total: number;
  /** Of these: whether a peer lives that holds it up; not in the total. */
  readonly probes: number;
  /** How often one of them lost its processor meanwhile, and so was not awake. */
  readonly switches: number;
}

export async function callsOf(
  { name, probes: mayProbe = false }: HotPath,
  times: number,
): Promise<Calls> {
  const folder = mkdtempSync(join(tmpdir(), 'memspan-hot-'));
  const span = `memspan-hot-${process.pid}`;
  try {
    const sides = await Promise.all(
      ['a', 'b'].map((side, i) => traced(side, join(folder, side), [span, name, String(times)], i)),
    );
    const byName: Record<string, number> = {};
    for (const { calls } of sides) {
      for (const call of calls) byName[call] = (byName[call] ?? 0) + 1;
    }
    const all = Object.values(byName).reduce((sum, one) => sum + one, 0);
    const probes = mayProbe ? (byName.fcntl ?? 0) : 0;
    const total = all - probes;
    return { byName, total, probes, switches: sides.reduce((all, one) => all + one.switches, 0) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function traced(side: string, log: string, args: string[], number: number) {
  const program = fileURLToPath(new URL('./calls-process.js', import.meta.url));
  const command = ['-f', '-o', log, process.execPath, ...FLAGS, program, side, ...args];
  const child = spawn('strace', command, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  // Detached, strace leads a process group: what it traces goes on without it.
  const watchdog = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), WATCHDOG_MS);
  let said: { switches: number } | undefined;
  child.on('message', (message: { switches: number }) => {
    said = message;
  });
  if (availableParallelism() > 1) pin(child.pid as number, number % 2);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(watchdog);
  if (said === undefined) throw new Error(`${args[1]}, side ${side}, ended: ${signal ?? code}`);
  return { switches: said.switches, calls: between(readFileSync(log, 'utf8')) };
}

/** The names of the calls that the main thread made between the marks. */
function between(log: string): string[] {
  const lines = log.split('\n');
  const main = /^\d+/.exec(log)?.[0];
  const [from, to] = Object.values(MARKS).map((mark) =>
    lines.findIndex((line) => line.includes(mark)),
  ) as [number, number];
  if (from < 0 || to < from) throw new Error('strace has not seen the marks');
  return lines.slice(from + 1, to).flatMap((line) => {
    const found = /^(\d+)\s+(\w+)\(/.exec(line);
    return found?.[1] === main && !OF_THE_HEAP.includes(found?.[2] ?? '') ? [found?.[2] ?? ''] : [];
  });
}
