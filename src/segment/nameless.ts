// Memory without a name: a memfd; where those cannot be had, a file of /dev/shm that never had a name, or has lost it.
//
// | by                         | it counts as room of | can be cut short by who has it open            |
// |----------------------------|----------------------|------------------------------------------------|
// | memfd_create(2)            | memory alone         | no: sealed                                     |
// | open(2) with O_TMPFILE     | /dev/shm             | yes; the guard gives zeros, and `status` tells |
// | a name, removed at once    | /dev/shm             | the same                                       |
//
// Killed between having that name and removing it, it leaves a hidden file, as an unfinished segment does (unfinished.ts).

import { constants, rmSync } from 'node:fs';
import { native } from '../binding.ts';
import { systemError } from '../errors.ts';
import { isLacking } from './lacking.ts';
import { SHM_DIRECTORY } from './name.ts';
import { attempt, checked, closingOnError, openUnnamed, type Subject } from './object.ts';
import { openTemporary } from './unfinished.ts';

/** A descriptor of so many bytes, their room reserved. */
export function openNameless(size: number, subject: Subject): number {
  const memory = native.openMemory('memspan');
  if (!isLacking(memory)) checked(memory, 'memfd_create', subject);
  const fd = memory >= 0 ? memory : openFile(subject);
  if (fd < 0) {
    const remedy =
      'Allow memfd_create in the sandbox, or give this process a /dev/shm that it can write to';
    throw systemError('open', -fd, subject.operation, SHM_DIRECTORY, remedy);
  }
  return closingOnError(fd, () => {
    checked(native.allocate(fd, 0, size), 'posix_fallocate', subject);
    if (fd === memory) checked(native.sealShrink(fd), 'fcntl', subject);
    return fd;
  });
}

/** An empty file of /dev/shm that nobody can open by a name, and nobody give one; or −errno. */
export function openFile(subject: Subject): number {
  const unnamed = openUnnamed(SHM_DIRECTORY, constants.O_EXCL);
  if (unnamed !== undefined) return unnamed;
  const { fd, temporary } = openTemporary(SHM_DIRECTORY);
  if (fd < 0) return fd;
  // step: nameless-opened
  return closingOnError(fd, () => {
    attempt(subject, () => rmSync(temporary, { force: true }));
    return fd;
  });
}
