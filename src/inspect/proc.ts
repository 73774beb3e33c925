// The processes of this machine as /proc shows them (proc(5)): who maps which shared memory, what a program is
// called. Only reads. Whoever vanishes while we look is left out; whoever may not be looked at is counted.
//
// A process of another pid namespace that is not below ours, or that hidepid= hides, is not in /proc at all:
// nobody can count it. Lifelines (segment/lifeline.ts) see those, too.

import fs from 'node:fs';
import path from 'node:path';
import { systemV } from '../os/sysv/native.ts';
import { decoded, seen, textOf } from './looking.ts';
import { type Region, regionsOf } from './maps.ts';

export interface Mapper {
  readonly pid: number;
  /** What its program is called, and its script if it interprets one. Text that the process chose. */
  readonly command: string;
  readonly uid: number;
  /** None of its mappings of it can be written to. */
  readonly readOnly: boolean;
}

/** One object of memory that is mapped by somebody. */
export interface Mapped {
  /** As the kernel calls it: '/dev/shm/frames', '/memfd:frames (deleted)', '/SYSV000004d2 (deleted)'. */
  readonly path: string;
  /** Of its file: decimal, as in a segment's handle. */
  readonly dev: string;
  readonly ino: string;
  /** Where the furthest mapping of it ends, in bytes. */
  readonly end: number;
  /** How many mappings there are of it; a process may have several. */
  readonly mappings: number;
  readonly mappers: readonly Mapper[];
  /** A link to the mapped file itself, which privileged users may follow: '/proc/PID/map_files/…'. */
  readonly link: string;
}

export interface Mappings {
  /** What is mapped shared, and what of /dev/shm is mapped at all, by 'dev:ino'. */
  readonly mapped: ReadonlyMap<string, Mapped>;
  /** System V memory of this IPC namespace, by its identifier. */
  readonly attached: ReadonlyMap<number, Mapped>;
  /** Processes whose mappings this user may not see. */
  readonly hidden: number;
}

/** Who maps what: one pass over /proc. `dev`: a device whose private mappings count, too. */
export function mappersOf(dev?: string): Mappings {
  const mapped = new Map<string, Found>();
  const attached = new Map<number, Found>();
  let hidden = 0;
  for (const pid of processes()) {
    const maps = mapsOf(pid);
    if (maps === null) hidden += hasMemory(pid) ? 1 : 0;
    else for (const region of regionsOf(maps, dev)) note(pid, region);
  }
  return { mapped, attached, hidden };

  function note(pid: number, region: Region): void {
    const id = systemVOf(region, pid);
    if (id === null) return;
    const key = `${region.dev}:${region.ino}`;
    const found =
      id === undefined
        ? entryOf(mapped, key, () => new Found(region, pid))
        : entryOf(attached, id, () => new Found(region, pid));
    found.add(region, pid);
  }
}

/** All threads have the same maps, but the first one has none once it has ended before the others. */
function mapsOf(pid: number): string | null {
  const found = foldersOf(pid).map((folder) => textOf(`${folder}/maps`));
  return found.find((text) => text) ?? (found.includes(null) ? null : '');
}

/** Where the process has its memory and descriptors: itself, or the threads that its first one has left behind. */
function foldersOf(pid: number): string[] {
  if (stateOf(pid).state !== 'Z') return [`/proc/${pid}`];
  const threads = seen(() => fs.readdirSync(`/proc/${pid}/task`)) ?? [];
  const others = threads.filter((tid) => Number(tid) !== pid);
  return others.map((tid) => `/proc/${pid}/task/${tid}`);
}

/** Which processes have a descriptor of what, mapped or not, by 'dev:ino' of regular files of that device. */
export function openersOf(dev: string): { openers: Map<string, number[]>; hidden: number } {
  const openers = new Map<string, number[]>();
  let hidden = 0;
  for (const pid of processes()) {
    const links = descriptorsOf(pid);
    if (links === null) hidden += hasMemory(pid) ? 1 : 0;
    for (const link of links ?? []) {
      // Its path says little where it is mounted elsewhere, but enough to pass over what has none.
      if (seen(() => PATH.test(fs.readlinkSync(link))) !== true) continue;
      const stat = seen(() => fs.statSync(link, { bigint: true, throwIfNoEntry: false }));
      if (!stat?.isFile() || String(stat.dev) !== dev) continue;
      const pids = entryOf(openers, `${stat.dev}:${stat.ino}`, () => []);
      if (pids.at(-1) !== pid) pids.push(pid);
    }
  }
  return { openers, hidden };
}

function descriptorsOf(pid: number): string[] | null {
  const found: string[] = [];
  for (const folder of foldersOf(pid)) {
    const descriptors = seen(() => fs.readdirSync(`${folder}/fd`));
    if (descriptors === null) return null;
    found.push(...(descriptors ?? []).map((fd) => `${folder}/fd/${fd}`));
  }
  return found;
}

/**
 * What the kernel says of the file behind a mapping; undefined where that cannot be had. To follow the link takes privileges,
 * so a descriptor of somebody who maps it will do as well.
 */
export function statOfMapped({ link, dev, ino, mappers }: Mapped): fs.BigIntStats | undefined {
  const links = function* (): Iterable<string> {
    yield link;
    for (const { pid } of mappers) {
      for (const descriptor of descriptorsOf(pid) ?? []) {
        if (seen(() => PATH.test(fs.readlinkSync(descriptor))) === true) yield descriptor;
      }
    }
  };
  for (const each of links()) {
    const stat = seen(() => fs.statSync(each, { bigint: true }));
    if (stat && String(stat.dev) === dev && String(stat.ino) === ino) return stat;
  }
  return undefined;
}

/** Of a descriptor's link, which for a socket is 'socket:[123]'. */
const PATH = /^(\/(?!proc\/|sys\/|dev\/(?!shm\/))|\(unreachable\))/;

/** What the program is called: 'postgres', 'node server.js'; '' when it is gone. */
export function commandOf(pid: number): string {
  const line = decoded(textOf(`/proc/${pid}/cmdline`) ?? '');
  const [program = '', ...args] = line.split('\0').filter((word) => word !== '');
  if (program === '') return decoded(textOf(`/proc/${pid}/comm`) ?? '').trimEnd();
  // A title that a process has given itself has spaces and no end: 'postgres: writer'.
  const name = path.basename(program.split(' ')[0] as string) || program;
  const script = INTERPRETER.test(name) ? args.find((arg) => !arg.startsWith('-')) : undefined;
  const command = script === undefined ? name : `${name} ${path.basename(script)}`;
  return command.slice(0, COMMAND_LENGTH_MAX);
}

const INTERPRETER = /^(node|nodejs|bun|deno|python[\d.]*|perl|ruby|bash|sh)$/;
const COMMAND_LENGTH_MAX = 64;

/** A zombie no longer runs. */
export function isRunning(pid: number): boolean {
  const { state } = stateOf(pid);
  return state !== '' && !'ZXx'.includes(state);
}

const names = new Map<number, string>();

/** The user's name, or the number if there is no such user. */
export function userName(uid: number): string {
  return entryOf(names, uid, () => systemV.userName(uid));
}

class Found implements Mapped {
  readonly path: string;
  readonly dev: string;
  readonly ino: string;
  readonly link: string;
  readonly mappers: Mapper[] = [];
  end = 0;
  mappings = 0;

  constructor({ path, dev, ino, range }: Region, pid: number) {
    this.path = path;
    this.dev = dev;
    this.ino = ino;
    this.link = `/proc/${pid}/map_files/${range}`;
  }

  /** All regions of one process come one after the other. */
  add({ end, readOnly }: Region, pid: number): void {
    this.end = Math.max(this.end, end);
    this.mappings++;
    const last = this.mappers.at(-1);
    if (last?.pid !== pid) {
      const uid = seen(() => fs.statSync(`/proc/${pid}`).uid);
      if (typeof uid === 'number')
        this.mappers.push({ pid, command: commandOf(pid), uid, readOnly });
    } else if (last.readOnly && !readOnly) {
      this.mappers[this.mappers.length - 1] = { ...last, readOnly };
    }
  }
}

/** The identifier, if it is System V memory; null when it is that of another IPC namespace. */
function systemVOf({ path, ino }: Region, pid: number): number | undefined | null {
  if (!/^\/SYSV[\da-f]{8} \(deleted\)$/.test(path)) return undefined;
  const theirs = seen(() => fs.readlinkSync(`/proc/${pid}/ns/ipc`));
  return theirs === fs.readlinkSync('/proc/self/ns/ipc') ? Number(ino) : null;
}

function processes(): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Whether it has any memory: a thread of the kernel and a zombie have none, and may be looked into by nobody. */
function hasMemory(pid: number): boolean {
  const { state, flags } = stateOf(pid);
  return state !== '' && !'ZXx'.includes(state) && (flags & KERNEL_THREAD) === 0;
}

/** PF_KTHREAD of include/linux/sched.h. */
const KERNEL_THREAD = 0x0020_0000;

/** Of /proc/PID/stat, which everybody may read; state '' when it is gone. */
function stateOf(pid: number): { state: string; flags: number } {
  const stat = textOf(`/proc/${pid}/stat`) ?? '';
  // The second field is a name in parentheses that may itself contain any of these characters.
  const [state = '', , , , , , flags] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, flags: Number(flags ?? 0) };
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
