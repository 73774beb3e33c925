// What is in /dev/shm: spans, segments, named semaphores, and what stands in the way of them.

import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { MemspanError } from '../../errors.ts';
import { closeDescriptor, readAt, statOfDescriptor } from '../../segment/descriptor.ts';
import { hasLifelines, isHeld } from '../../segment/lifeline.ts';
import { SHM_DIRECTORY } from '../../segment/name.ts';
import { openObject } from '../../segment/object.ts';
import { MAGIC } from '../../span/header.layout.ts';
import type { CensusItem } from '../census.ts';
import { factsOf, type Look } from './look.ts';

/** A name in /dev/shm and what it leads to. */
export interface Named {
  readonly name: string;
  /** It is UTF-8, so that it can be said to the system again. */
  readonly isText: boolean;
  readonly stat: fs.BigIntStats;
}

export function filesOf(): Named[] {
  return fs.readdirSync(SHM_DIRECTORY, 'buffer').flatMap((bytes) => {
    const file = Buffer.concat([Buffer.from(`${SHM_DIRECTORY}/`), bytes]);
    const stat = fs.lstatSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? [] : [{ name: bytes.toString(), isText: isUtf8(bytes), stat }];
  });
}

/** Empty when it has vanished. */
export function fileItem({ name, isText, stat: listed }: Named, look: Look): CensusItem[] {
  if (!listed.isFile()) {
    return [{ ...factsOf(listed, look), kind: 'foreign', name, remark: typeOf(listed) }];
  }
  const inside = isText ? peek(name) : undefined;
  if (inside === null) return [];
  const stat = inside?.stat ?? listed;
  const facts = factsOf(stat, look);
  const isSpan = inside?.isSpan === true;
  const isOpen = look.openers.has(facts.inode as string);
  const isMapped = facts.mappers.length > 0 && !isSpan;
  // A span's participants are found wherever they are; who merely maps other bytes may be hidden.
  const isFree = inside?.isHeld === false && (isSpan || look.hidden === 0);
  return [
    {
      ...facts,
      name,
      kind: isSpan ? 'span' : isSemaphore(name, stat) ? 'posix-semaphore' : 'segment',
      isHeld: inside?.isHeld || isOpen || isMapped || (isFree ? false : undefined),
      remark: inside !== undefined ? undefined : isText ? 'may not be read' : 'its name is no text',
    },
  ];
}

interface Inside {
  readonly stat: fs.BigIntStats;
  readonly isSpan: boolean;
  /** Undefined where the kernel does not tell. */
  readonly isHeld: boolean | undefined;
}

/** Undefined when it cannot be opened, null when it is gone, or no longer a file. */
function peek(name: string): Inside | undefined | null {
  const subject = { operation: 'census', object: name };
  let fd: number;
  try {
    fd = openObject(`${SHM_DIRECTORY}/${name}`, { readOnly: true, follow: false, subject });
  } catch (error) {
    if (!(error instanceof MemspanError)) throw error;
    return GONE.has(error.code) ? null : undefined;
  }
  try {
    const first = Buffer.alloc(MAGIC.length);
    readAt(fd, first, 0);
    return {
      stat: statOfDescriptor(fd),
      isSpan: first.toString('latin1') === MAGIC,
      isHeld: hasLifelines() ? isHeld(fd, 0, LIFELINES, subject) : undefined,
    };
  } finally {
    closeDescriptor(fd);
  }
}

const GONE = new Set(['ERR_MEMSPAN_NOT_FOUND', 'ERR_MEMSPAN_NOT_A_SEGMENT']);

/** All that a segment can have. */
const LIFELINES = 2 ** 30;

/** As glibc and musl make them (sem_overview(7)). */
function isSemaphore(name: string, { size }: fs.BigIntStats): boolean {
  return name.startsWith('sem.') && (size === 32n || size === 16n);
}

function typeOf(stat: fs.BigIntStats): string {
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symbolic link';
  return stat.isFIFO() ? 'pipe' : stat.isSocket() ? 'socket' : 'device';
}
