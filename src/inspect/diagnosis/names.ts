// What has a name in /dev/shm, one by one: spans, segments, streams, semaphores, and what is in the way of them.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
} from 'node:fs';
import { MemspanError } from '../../errors.ts';
import { matcherOf } from '../../segment/list.ts';
import { SHM_DIRECTORY, TEMPORARY_PREFIX } from '../../segment/name.ts';
import { Segment } from '../../segment/segment.ts';
import { hasMaker } from '../../segment/unfinished.ts';
import { MAGIC } from '../../span/header.layout.ts';
import type { Finding } from '../diagnosis.ts';
import { isStream, LABEL, LABEL_AT, STREAM_GATE, TRAILER_BYTES } from '../stream-mark.ts';
import type { Leftover } from './leftover.ts';
import { causeOf, command, removal } from './remedies.ts';
import { spanFindings } from './spans.ts';
import { lookAround, type Surroundings } from './surroundings.ts';

/** glibc's named semaphores (sem_overview(7)). */
const SEMAPHORE_PREFIX = 'sem.';

const LEASED_TRIES = 1000;

/** A file of /dev/shm. */
export interface Named {
  readonly name: string;
  readonly stat: Stats;
  /** Pids of those who map it or have it open. */
  readonly users: readonly number[];
  /** Processes that may not be looked at. */
  readonly hidden: number;
}

/** Findings about all names that match the pattern. */
export function nameFindings(pattern = '*'): Finding[] {
  const isMatch = matcherOf(pattern);
  const names = namesThere().filter(isMatch);
  if (names.length === 0) return [];
  const surroundings = lookAround();
  return names.sort().flatMap((name) => findingsOf(name, surroundings));
}

function namesThere(): string[] {
  try {
    return readdirSync(SHM_DIRECTORY);
  } catch {
    // Said of the machine.
    return [];
  }
}

function findingsOf(name: string, { usersOf, hidden }: Surroundings): Finding[] {
  const stat = lstatSync(`${SHM_DIRECTORY}/${name}`, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isFile()) return [inTheWay(name, stat)];
  const inode = { dev: String(stat.dev), ino: String(stat.ino) };
  const named: Named = { name, stat, users: usersOf(inode), hidden };
  try {
    return [...reservedFindings(named), ...contentFindings(named)];
  } catch (error) {
    return unseenFindings(name, error);
  }
}

/** Who may not be looked at cannot be judged; what has just gone needs not be. */
function unseenFindings(name: string, error: unknown): Finding[] {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ERR_MEMSPAN_NOT_FOUND') return [];
  if (code === 'EACCES' || code === 'EPERM' || code === 'ERR_MEMSPAN_PERMISSION') {
    return [
      {
        code: 'unreadable',
        severity: 'note',
        subject: name,
        what: 'another user’s, who lets nobody look at it',
        remedy: 'Run it as that user, or as root',
      },
    ];
  }
  if (!(error instanceof MemspanError)) throw error;
  return [
    {
      code: 'unreadable',
      severity: 'warning',
      subject: name,
      what: `cannot be looked at (${causeOf(error)})`,
      remedy: error.remedy ?? 'See `ls -l /dev/shm`',
    },
  ];
}

function inTheWay(name: string, stat: Stats): Finding {
  const what = stat.isDirectory()
    ? 'a directory'
    : stat.isSymbolicLink()
      ? 'a symbolic link'
      : 'no regular file';
  const isReserved = reservedFor(name) !== undefined;
  return {
    code: 'in-the-way',
    severity: isReserved ? 'error' : 'note',
    subject: name,
    what: `${what} has this name, so that no segment can`,
    remedy: isReserved
      ? 'Remove it, or have its owner do that: memspan needs the name'
      : 'Nothing, unless you want the name: then its owner has to remove it',
  };
}

/** The user whose own span (Span.user) has to have this name. */
function reservedFor(name: string): number | undefined {
  const uid = /^memspan\.user\.(\d+)$/.exec(name)?.[1];
  return uid === undefined ? undefined : Number(uid);
}

function reservedFindings({ name, stat }: Named): Finding[] {
  const uid = reservedFor(name);
  if (uid === undefined || uid === stat.uid) return [];
  return [
    {
      code: 'in-the-way',
      severity: 'error',
      subject: name,
      what: `user ${stat.uid} has made what has to be user ${uid}’s own span: Span.user() refuses it`,
      remedy: `Have user ${stat.uid} or root remove it: ${removal(name)}`,
    },
  ];
}

function contentFindings(named: Named): Finding[] {
  const { name, stat } = named;
  if (name.startsWith(TEMPORARY_PREFIX)) return unfinishedFindings(named);
  if (stat.size === 0) return modeFindings(named, 'segment').concat(emptyFindings(named));
  const { head, label } = readEnds(name);
  if (head === MAGIC) return [...modeFindings(named, 'span'), ...spanFindings(named)];
  const kind = name.startsWith(SEMAPHORE_PREFIX) ? 'semaphore' : 'segment';
  const found = modeFindings(named, kind);
  return found.concat(label === LABEL ? streamFindings(named) : unusedFindings(named, kind));
}

/** The first bytes and, where a stream has its label, the last, of whatever it is; nothing is mapped. */
function readEnds(name: string): { head: string; label: string } {
  const fd = openToRead(`${SHM_DIRECTORY}/${name}`);
  try {
    const bytes = Buffer.alloc(MAGIC.length + LABEL.length);
    readSync(fd, bytes, 0, MAGIC.length, 0);
    const at = fstatSync(fd).size - TRAILER_BYTES + LABEL_AT;
    if (at >= 0) readSync(fd, bytes, MAGIC.length, LABEL.length, at);
    return {
      head: bytes.toString('latin1', 0, MAGIC.length),
      label: bytes.toString('latin1', MAGIC.length),
    };
  } finally {
    closeSync(fd);
  }
}

function openToRead(path: string): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  for (let tries = 0; ; tries++) {
    try {
      return openSync(path, flags);
    } catch (error) {
      // Somebody else cleans: it is leased for an instant (segment/deserted.ts).
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || tries === LEASED_TRIES) throw error;
    }
  }
}

/** What others may do to it. The group is the owner's choice. */
function modeFindings({ name, stat }: Named, kind: 'span' | 'segment' | 'semaphore'): Finding[] {
  const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
  const remedy = `${command('chmod', 'o-rw', `${SHM_DIRECTORY}/${name}`)}, and make it with mode 0600 or 0660`;
  if ((stat.mode & 0o002) !== 0) {
    return [
      {
        code: 'writable-by-all',
        severity: kind === 'span' ? 'error' : 'warning',
        subject: name,
        what: `mode ${mode}: every user of this machine can change it`,
        remedy,
      },
    ];
  }
  if ((stat.mode & 0o004) === 0) return [];
  return [
    {
      code: 'readable-by-all',
      severity: 'warning',
      subject: name,
      what: `mode ${mode}: every user of this machine can read it`,
      remedy,
    },
  ];
}

function unfinishedFindings({ name, stat }: Named): Finding[] {
  if (hasMaker(name)) return [];
  return [
    {
      code: 'unfinished-segment',
      severity: 'warning',
      subject: name,
      what: 'a segment whose maker was killed before it was complete',
      remedy: '`memspan doctor --clean` removes it',
      fix: leftoverOf('unfinished', name, stat),
    },
  ];
}

function emptyFindings({ name, users }: Named): Finding[] {
  if (users.length > 0) return [];
  return [
    {
      code: 'empty-segment',
      severity: 'warning',
      subject: name,
      what: 'it has no bytes: whoever made it was ended before it gave it a size (ftruncate)',
      remedy: `${removal(name)}, and start its programs again`,
    },
  ];
}

function streamFindings({ name, stat }: Named): Finding[] {
  const segment = Segment.open(name, { readOnly: true, allowOwner: 'any' });
  try {
    if (!isStream(segment) || segment.isHeld(STREAM_GATE)) return [];
  } finally {
    segment.close();
  }
  return [
    {
      code: 'leaked-stream',
      severity: 'warning',
      subject: name,
      what: 'a stream of `memspan send` and `memspan recv`, both of which were killed',
      remedy: '`memspan doctor --clean` removes it, and so does the next stream of this name',
      fix: leftoverOf('stream', name, stat),
    },
  ];
}

function unusedFindings({ name, users, hidden }: Named, kind: string): Finding[] {
  if (users.length > 0) return [];
  const isSemaphore = kind === 'semaphore';
  return [
    {
      code: isSemaphore ? 'unused-semaphore' : 'unused-segment',
      severity: 'note',
      subject: name,
      what: `no process ${hidden > 0 ? 'that may be looked at ' : ''}has this ${kind} open; it stays until its name is removed`,
      remedy: `Nothing if somebody will open it again, else ${removal(name)}`,
    },
  ];
}

export function leftoverOf(kind: Leftover['kind'], name: string, stat: Stats): Leftover {
  return { kind, name, residentSize: stat.blocks * 512 };
}
