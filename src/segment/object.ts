// The kernel object behind a segment: a descriptor, opened safely or made whole before it has a name.

import { constants, lstatSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { native } from '../binding.ts';
import { invalidArgument, MemspanError, systemError } from '../errors.ts';
import { statOfDescriptor } from './descriptor.ts';
import { isLacking } from './lacking.ts';
import type { OpenOptions } from './options.ts';
import { finish, openTemporary } from './unfinished.ts';

const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const SAFE_OPEN = constants.O_NONBLOCK | constants.O_NOCTTY;
// What kernels before 3.11 make of O_TMPFILE (open(2)): they see a directory to be written to, or to be made.
const TAKEN_FOR_DIRECTORY = new Set([-21 /* EISDIR */, -2 /* ENOENT */]);

const LEASED = -11; // EWOULDBLOCK, of O_NONBLOCK
/** Far longer than anybody has it who is not stopped just then. */
const LEASE_MS = 1000;

/** What the messages call it. */
export interface Subject {
  readonly operation: string;
  readonly object: string | undefined;
}

/** A system call's result, or the error of its −errno. */
export function checked(result: number, syscall: string, subject: Subject): number {
  if (result < 0) throw systemError(syscall, -result, subject.operation, subject.object);
  return result;
}

/** Runs node:fs's call and turns its error into ours. */
export function attempt<T>(subject: Subject, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { errno, syscall } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    throw systemError(syscall ?? 'system call', -errno, subject.operation, subject.object);
  }
}

/** Which inode it is: two descriptors or names with the same identity lead to the same bytes. */
export interface Identity {
  readonly dev: string;
  readonly ino: string;
}

export interface Stat extends Identity {
  readonly size: number;
  readonly uid: number;
}

export function statOf(fd: number, subject: Subject): Stat {
  const stat = attempt(subject, () => statOfDescriptor(fd));
  if (!stat.isFile()) {
    throw new MemspanError('ERR_MEMSPAN_NOT_A_SEGMENT', {
      ...subject,
      cause: 'it is not a regular file',
      remedy: 'Choose another name, or look at what has this one with `ls -l`',
      expected: 'a regular file',
    });
  }
  return {
    dev: String(stat.dev),
    ino: String(stat.ino),
    size: Number(stat.size),
    uid: Number(stat.uid),
  };
}

/** The inode that a path leads to now, if any; a symbolic link is not followed. */
export function identityAt(path: string, subject: Subject): Identity | undefined {
  const stat = attempt(subject, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  return stat && { dev: String(stat.dev), ino: String(stat.ino) };
}

export function isSame(a: Identity, b: Identity | undefined): boolean {
  return b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** Opens what is there; refuses links, other kinds of files, and (by `allowOwner`) other users' ones. */
export function openObject(
  path: string,
  { readOnly, follow, subject }: { readOnly: boolean; follow: boolean; subject: Subject },
): number {
  const flags =
    SAFE_OPEN |
    (readOnly ? constants.O_RDONLY : constants.O_RDWR) |
    (follow ? 0 : constants.O_NOFOLLOW);
  const fd = checked(openPatiently(path, flags), 'open', subject);
  return closingOnError(fd, () => {
    statOf(fd, subject);
    return fd;
  });
}

/**
 * A file that somebody has leased cannot be opened without waiting; to find out who uses it, this is done for an
 * instant (deserted.ts). A descriptor, or −errno.
 */
export function openPatiently(path: string, flags: number): number {
  const deadline = performance.now() + LEASE_MS;
  for (;;) {
    const fd = native.open(path, flags, 0);
    if (fd !== LEASED || performance.now() > deadline) return fd;
  }
}

export function checkOwner(
  stat: Pick<Stat, 'uid'>,
  allowOwner: OpenOptions['allowOwner'],
  subject: Subject,
): void {
  const self = process.geteuid?.() ?? 0;
  const allowed = allowOwner === 'any' || [self, allowOwner].flat().includes(stat.uid);
  if (allowed) return;
  throw new MemspanError('ERR_MEMSPAN_FOREIGN_OWNER', {
    ...subject,
    cause: `it belongs to user ${stat.uid}, and you are ${self}`,
    remedy: `If you trust that user, pass allowOwner: ${stat.uid}`,
    expected: self,
    found: stat.uid,
  });
}

/** What `publish` makes: it owns the descriptor. */
export interface Published {
  readonly closed: boolean;
  close(): void;
}

/**
 * Makes a file that nobody can see, sizes it, lets `make` map it and `fill` write to it, and then links
 * `path` to it: the name appears with everything in place, or not at all. Killed before the link, the kernel
 * takes it back (open(2), O_TMPFILE). Where there are no unnamed files it is made under a temporary name,
 * hidden and readable by this user alone; killed before that is renamed, it stays behind.
 * `make` owns the descriptor, also when it throws.
 */
export function publish<T extends Published>(
  path: string,
  { size, mode }: { size: number; mode: number },
  subject: Subject,
  make: (fd: number) => T,
  fill: (made: T) => void = () => {},
): T {
  const { fd, temporary } = unpublished(path, subject);
  try {
    closingOnError(fd, () => {
      checked(native.setMode(fd, mode), 'fchmod', subject);
      checked(native.allocate(fd, 0, size), 'posix_fallocate', subject);
    });
    const made = make(fd);
    try {
      fill(made);
      // The number may be another file's by now.
      if (made.closed) throw invalidArgument('init may not close the segment that it fills');
      if (temporary === undefined) checked(native.link(fd, path), 'linkat', subject);
      else finish(fd, temporary, path, subject);
      return made;
    } catch (error) {
      made.close();
      throw error;
    }
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw error;
  }
}

function unpublished(path: string, subject: Subject): { fd: number; temporary?: string } {
  const directory = dirname(path);
  const fd = openUnnamed(directory);
  if (fd !== undefined) return { fd: checked(fd, 'open', subject) };
  const made = openTemporary(directory);
  checked(made.fd, 'open', subject);
  return made;
}

/** A file without a name (open(2), O_TMPFILE), or −errno; undefined where there are none. */
export function openUnnamed(directory: string, flags = 0): number | undefined {
  const fd = native.open(directory, O_TMPFILE | constants.O_RDWR | flags, 0o600);
  return isLacking(fd) || TAKEN_FOR_DIRECTORY.has(fd) ? undefined : fd;
}

/** Makes the object longer, with its room reserved, or shorter. A failure leaves its size as it was. */
export function resizeObject(fd: number, from: number, to: number, subject: Subject): void {
  if (to <= from) {
    checked(native.setSize(fd, to), 'ftruncate', subject);
    return;
  }
  const result = native.allocate(fd, from, to - from);
  if (result >= 0) return;
  checked(native.setSize(fd, from), 'ftruncate', subject);
  checked(result, 'posix_fallocate', subject);
}

/** Runs `work` and closes the descriptor if that fails; it must not have been given away by then. */
export function closingOnError<T>(fd: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    native.close(fd);
    throw error;
  }
}
