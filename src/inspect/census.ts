// The census: everything on this machine that is shared memory, of whatever make, and who has it.
//
// Where it is looked for, and how it is known who has it:
//
//   /dev/shm                  spans (by their first bytes), named POSIX semaphores (sem.NAME), and all other
//                             segments, which have no header: nobody can tell whose idea they were
//   /proc/sysvipc/shm, /sem   System V's, of this IPC namespace; the kernel counts who has memory attached
//   /proc/PID/maps            who maps what; and memory without a name, which is nowhere else
//   lifelines                 who lives in a span or holds an end of a ring, in whatever namespace they are

import fs from 'node:fs';
import { MemspanError } from '../errors.ts';
import { matcherOf } from '../segment/list.ts';
import { SHM_DIRECTORY, TEMPORARY_PREFIX } from '../segment/name.ts';
import { anonymousItems } from './census/anonymous.ts';
import { fileItem, filesOf } from './census/files.ts';
import type { Look } from './census/look.ts';
import { systemVItems } from './census/sysv.ts';
import { type Mapper, mappersOf, openersOf } from './proc.ts';

export const CENSUS_KINDS = [
  'span',
  'segment',
  'posix-semaphore',
  'sysv-memory',
  'sysv-semaphores',
  'anonymous',
  'foreign',
] as const;

/**
 * What something is. 'segment': any other file in /dev/shm. 'anonymous': memory without a name that is mapped
 * shared. 'foreign': what stands in /dev/shm and cannot be mapped (a directory, a link, a pipe).
 */
export type CensusKind = (typeof CENSUS_KINDS)[number];

export interface CensusItem {
  readonly kind: CensusKind;
  /**
   * The file's name in /dev/shm (so 'sem.jobs' for the semaphore '/jobs'); 'sysv/shm/ID' and 'sysv/sem/ID'; of what
   * has no name 'memfd:LABEL', 'mmap:INODE', 'removed:NAME', and 'elsewhere:NAME' in another mount of /dev/shm.
   */
  readonly name: string;
  /** Bytes; 0 for a set of semaphores. Of 'anonymous': at least so many, where it may not be asked. */
  readonly size: number;
  /** Bytes that it really occupies, swapped ones included; undefined where it may not be asked. */
  readonly residentSize: number | undefined;
  readonly uid: number;
  readonly gid: number;
  /** The owner's name, or its number if there is no such user. */
  readonly user: string;
  /** Permission bits. */
  readonly mode: number;
  /** When it was made, or last resized or written by a system call; of System V: made or changed. */
  readonly modifiedAt: Date;
  readonly ageMs: number;
  /** 'dev:ino' of a file, as in a segment's handle; undefined for System V's. */
  readonly inode: string | undefined;
  /** System V: the identifier (`ipcrm -m`, `-s`) and the key. */
  readonly id: number | undefined;
  readonly key: number | undefined;
  /** The processes that map it, by pid. */
  readonly mappers: readonly Mapper[];
  /** How many more may have it: processes that may not be looked at; of System V memory: attachments unaccounted for. */
  readonly hidden: number;
  /**
   * Whether anybody alive has it. Of a span: whether a participant lives or somebody is at its gate. Of other
   * files: whether a process maps it or holds a lifeline of it. Of System V memory: whether it is attached. Undefined where nobody can
   * know: nobody was seen but somebody could not be looked at; a set of semaphores; what is foreign.
   */
  readonly isHeld: boolean | undefined;
  /** What else there is to say: 'directory', '3 semaphores', 'removed, goes at the last detach'. */
  readonly remark: string | undefined;
}

export interface CensusOptions {
  /** Of the names (`*` any run of characters, `?` one), or several. Default: all but unfinished ones (`.memspan-…`). */
  pattern?: string | readonly string[] | undefined;
  /** Default: all but 'anonymous'. */
  kinds?: readonly CensusKind[] | undefined;
  /** `isHeld` is true as well when a process has a descriptor of it that it does not map. Takes longer. */
  descriptors?: boolean | undefined;
}

export interface Census {
  /** Sorted by name. */
  readonly items: readonly CensusItem[];
  /** Processes that may not be looked at: any of them may have any of these. */
  readonly hidden: number;
}

/**
 * Looks at everything once; what vanishes meanwhile is left out. Opens files of /dev/shm for reading, and maps and
 * writes nothing. Throws `ERR_MEMSPAN_UNSUPPORTED` where there is no /proc.
 */
export function census({ pattern = '*', kinds, descriptors = false }: CensusOptions = {}): Census {
  const patterns = [pattern].flat();
  const isFinished = (name: string): boolean => !name.startsWith(TEMPORARY_PREFIX);
  const matchers = patterns.map((each) => {
    const isMatch = matcherOf(each);
    return (name: string) => isMatch(name) && (each.startsWith('.') || isFinished(name));
  });
  const isWanted = (kind: CensusKind): boolean => kinds?.includes(kind) ?? kind !== 'anonymous';
  const isListed = ({ kind, name }: CensusItem): boolean =>
    isWanted(kind) && matchers.some((isMatch) => isMatch(name));
  if (!fs.existsSync('/proc/self/maps')) throw noProc();
  const now = Date.now();
  const device = fs.statSync(SHM_DIRECTORY, { bigint: true, throwIfNoEntry: false })?.dev;
  const dev = device === undefined ? undefined : String(device);
  // The names first: who maps one from then on has found it there.
  const files = dev === undefined ? [] : filesOf();
  const look: Look = {
    now,
    dev,
    ...mappersOf(dev),
    openers: openers(descriptors ? dev : undefined),
  };
  const items = files.flatMap((file) => fileItem(file, look));
  if (isWanted('sysv-memory') || isWanted('sysv-semaphores')) items.push(...systemVItems(look));
  if (isWanted('anonymous')) items.push(...anonymousItems(files, look));
  return { items: items.filter(isListed).sort(byName), hidden: look.hidden };
}

function openers(dev: string | undefined): ReadonlyMap<string, readonly number[]> {
  return dev === undefined ? new Map() : openersOf(dev).openers;
}

function noProc(): MemspanError {
  return new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
    operation: 'census',
    cause: 'this system has no /proc, or it is not mounted',
    remedy: 'Mount it on Linux; elsewhere what is shared cannot be listed',
  });
}

function byName(a: CensusItem, b: CensusItem): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
