// Who maps what, or has it open: /proc/PID/maps and /proc/PID/fd (proc(5)).
//
// A process that ends meanwhile is left out. One that may not be looked at is counted: of what it maps nobody knows
// anything. Processes of other pid namespaces are not in /proc at all, which is why nothing is decided by /proc alone.

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** As a segment's handle has it. */
export interface Inode {
  readonly dev: string;
  readonly ino: string;
}

export interface Surroundings {
  /** Pids of those who map it or have it open, this process excepted. */
  usersOf(inode: Inode): readonly number[];
  /** Processes that may not be looked at. */
  readonly hidden: number;
}

/** Of a kernel's thread (proc_pid_stat(5), flags). */
const PF_KTHREAD = 0x0020_0000n;
const GONE = new Set(['ENOENT', 'ESRCH']);

/** Looks at every process; with `only`, for that one inode. */
export function lookAround(only?: Inode): Surroundings {
  const users = new Map<string, Set<number>>();
  let hidden = 0;
  let isFirstSeen = false;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    isFirstSeen ||= pid === 1;
    if (pid === process.pid) continue;
    const found = lookAt(pid, only);
    if (found === 'hidden') hidden++;
    else {
      for (const key of found) {
        const seen = users.get(key);
        if (seen === undefined) users.set(key, new Set([pid]));
        else seen.add(pid);
      }
    }
  }
  // The first process is always there: /proc shows only one's own (hidepid).
  if (!isFirstSeen) hidden++;
  return { usersOf: ({ dev, ino }) => [...(users.get(`${dev}:${ino}`) ?? [])], hidden };
}

/** Keys of what the process has, as dev:ino. */
function lookAt(pid: number, only: Inode | undefined): Set<string> | 'hidden' {
  const found = new Set<string>();
  try {
    for (const folder of foldersOf(pid)) {
      mappedBy(folder, only, found);
      openedBy(folder, only, found);
    }
  } catch (error) {
    if (!GONE.has((error as NodeJS.ErrnoException).code ?? '')) return 'hidden';
  }
  return found;
}

/** The process; where its first thread has ended, each of the others; nothing for a thread of the kernel. */
function foldersOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name before it may have any character.
  const [state, ...numbers] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if ((BigInt(numbers[5] as string) & PF_KTHREAD) !== 0n) return [];
  if (state !== 'Z' && state !== 'X') return [`/proc/${pid}`];
  const threads = readdirSync(`/proc/${pid}/task`).filter((tid) => Number(tid) !== pid);
  return threads.map((tid) => `/proc/${pid}/task/${tid}`);
}

function mappedBy(folder: string, only: Inode | undefined, found: Set<string>): void {
  const text = readFileSync(`${folder}/maps`, 'latin1');
  if (only !== undefined && !text.includes(` ${only.ino} `)) return;
  for (const [, major, minor, ino] of text.matchAll(
    /^\S+ \S+ \S+ ([0-9a-f]+):([0-9a-f]+) ([1-9]\d*)(?: |$)/gm,
  )) {
    const dev = deviceNumber(BigInt(`0x${major}`), BigInt(`0x${minor}`));
    found.add(`${dev}:${ino}`);
  }
}

function openedBy(folder: string, only: Inode | undefined, found: Set<string>): void {
  for (const fd of readdirSync(`${folder}/fd`)) {
    try {
      // Sockets, pipes and their like have other links; to ask a file of its inode may mean waiting for a server.
      if (!readlinkSync(`${folder}/fd/${fd}`).startsWith('/')) continue;
      const known = /^ino:\s*(\d+)$/m.exec(readFileSync(`${folder}/fdinfo/${fd}`, 'latin1'))?.[1];
      if (only !== undefined && known !== undefined && known !== only.ino) continue;
      const { dev, ino } = statSync(`${folder}/fd/${fd}`, { bigint: true });
      found.add(`${dev}:${ino}`);
    } catch (error) {
      if (!GONE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** As stat(2) has it (makedev(3)). */
function deviceNumber(major: bigint, minor: bigint): bigint {
  return (
    ((major & 0xfffff000n) << 32n) |
    ((major & 0xfffn) << 8n) |
    ((minor & 0xffffff00n) << 12n) |
    (minor & 0xffn)
  );
}
