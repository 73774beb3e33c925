// Unfinished segments: what has a temporary name until it is complete, where the kernel has no unnamed files.
//
// Who makes one locks a byte of it (an open-file-description lock, as lifelines are: lifeline.ts). The kernel frees it
// when the maker ends, in every pid namespace: one that is not locked is a dead maker's, or belongs to one who has not
// come to lock it. Who removes it takes that lock first, so that such a maker is refused, or finds its file
// without a name, and in either case begins again.

import { randomBytes } from 'node:crypto';
import { constants, linkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { native } from '../binding.ts';
import { MemspanError } from '../errors.ts';
import { unlink } from './acquire.ts';
import { statOfDescriptor } from './descriptor.ts';
import { isLacking } from './lacking.ts';
import { pathOf, TEMPORARY_PREFIX } from './name.ts';
import { attempt, checked, type Subject } from './object.ts';

/** The byte before the first lifeline's. */
const MAKING = 2 ** 48 - 1;
const UNLOCK = 0;
const EXCLUSIVE = 2;
const TAKEN = new Set([-11 /* EAGAIN */, -13 /* EACCES */]);
const NOT_FOUND = -2; // ENOENT
const SAFE_OPEN = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A new file under a temporary name; `fd` is −errno when there can be none. */
export function openTemporary(directory: string): { fd: number; temporary: string } {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  for (;;) {
    const random = randomBytes(8).toString('hex');
    const temporary = join(directory, `${TEMPORARY_PREFIX}${process.pid}-${random}`);
    const fd = native.open(temporary, flags, 0o600);
    if (fd < 0) return { fd, temporary };
    // step: temporary-opened
    const isRemoved =
      TAKEN.has(native.lockByte(fd, MAKING, EXCLUSIVE)) || statOfDescriptor(fd).nlink < 1n;
    if (!isRemoved) return { fd, temporary };
    native.close(fd);
  }
}

/**
 * Gives it its name, if nobody has that (renameat2(2), RENAME_NOREPLACE). Where that cannot be had, it has both names for a
 * moment: link(2) does not replace anything, either. Killed in that moment, the temporary name stays behind.
 */
export function finish(fd: number, temporary: string, path: string, subject: Subject): void {
  const renamed = native.renameNoReplace(temporary, path);
  if (isLacking(renamed)) finishByLink(temporary, path, subject);
  else checked(renamed, 'renameat2', subject);
  native.lockByte(fd, MAKING, UNLOCK);
}

function finishByLink(temporary: string, path: string, subject: Subject): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw noWayToName(subject);
    attempt(subject, () => {
      throw error;
    });
  }
  // step: temporary-linked
  try {
    unlinkSync(temporary);
  } catch {
    // It is complete and has its name; the other one is a leftover.
  }
}

/** What link(2) says where there can be none: on FAT, for one, and on others' files (protected_hardlinks). */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP']);

function noWayToName(subject: Subject): MemspanError {
  return new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
    ...subject,
    cause:
      'without O_TMPFILE, renameat2 and links, which are not to be had here, it cannot be given a name that somebody else could have',
    remedy: 'Allow one of them in the sandbox, or use another file system',
  });
}

/** Whether its maker lives; also when there is no such file any more. */
export function hasMaker(name: string): boolean {
  const fd = native.open(pathOf(name), constants.O_RDONLY | SAFE_OPEN, 0);
  if (fd < 0) return true;
  try {
    return native.probeBytes(fd, MAKING, 1) !== 0;
  } finally {
    native.close(fd);
  }
}

/** Removes what a dead maker has left. False when its maker lives, or it is gone. Throws `ERR_MEMSPAN_PERMISSION`. */
export function removeUnfinished(name: string): boolean {
  const subject = { operation: 'removeUnfinished', object: name };
  const path = pathOf(name);
  const fd = native.open(path, constants.O_RDWR | SAFE_OPEN, 0);
  if (fd === NOT_FOUND) return false;
  checked(fd, 'open', subject);
  try {
    return native.lockByte(fd, MAKING, EXCLUSIVE) === 0 && unlink(path, subject);
  } finally {
    native.close(fd);
  }
}
