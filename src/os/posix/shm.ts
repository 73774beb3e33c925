// Shared memory objects: opened by name, given a size, unlinked. Their descriptors are plain numbers, as in C.

import type { BigIntStats } from 'node:fs';
import { constants } from 'node:os';
import { systemError } from '../../errors.ts';
import { statOfDescriptor } from '../../segment/descriptor.ts';
import { integerOf, offsetOf, stringOf } from '../arguments.ts';
import { os } from '../native.ts';
import { checked, settled } from '../outcome.ts';

/** struct stat, of stat(3type). */
export interface Stat {
  readonly st_dev: bigint;
  readonly st_ino: bigint;
  readonly st_mode: number;
  readonly st_nlink: number;
  readonly st_uid: number;
  readonly st_gid: number;
  /** Bytes. */
  readonly st_size: number;
  readonly st_blksize: number;
  /** Units of 512 bytes that it has on the file system. */
  readonly st_blocks: number;
}

/**
 * Creates or opens the shared memory object of that name, `/frames` for example, and returns a descriptor of it. `oflag` is
 * `O_RDONLY` or `O_RDWR`, and any of `O_CREAT`, `O_EXCL`, `O_TRUNC`; `mode` is what a new one may be used for and by
 * whom, less the process's umask. A new object has no bytes: see `ftruncate`. The descriptor belongs to the process: the
 * end of a worker does not close it. Programs that this one starts do not get it (FD_CLOEXEC).
 *
 * Throws a MemspanError with errno EACCES, EEXIST, EINVAL (the name), EMFILE, ENAMETOOLONG, ENFILE or ENOENT. Source: shm_open(3).
 */
export function shm_open(name: string, oflag: number, mode = 0o600): number {
  const flags = integerOf(oflag, 'oflag', 'shm_open');
  const bits = integerOf(mode, 'mode', 'shm_open', 0, 0o7777);
  return checked(os.shmOpen(stringOf(name, 'the name', 'shm_open'), flags, bits), 'shm_open', name);
}

/**
 * Removes the name. Who has the object open or mapped keeps it; with the last of them it goes. Returns 0.
 *
 * Throws a MemspanError with errno EACCES, EINVAL, ENAMETOOLONG or ENOENT. Source: shm_unlink(3).
 */
export function shm_unlink(name: string): 0 {
  checked(os.shmUnlink(stringOf(name, 'the name', 'shm_unlink')), 'shm_unlink', name);
  return 0;
}

/**
 * Makes the object as long as said, in bytes. What is added reads as zeros, and takes memory when it is first touched:
 * where there is none by then, that touch fails (see `check`); `posix_fallocate` takes it at once. What is cut off is gone for all who
 * have it mapped. Returns 0.
 *
 * Throws a MemspanError with errno EBADF, EFBIG (more than `ulimit -f` says), EINVAL (not opened for writing) or EPERM (sealed).
 * Source: ftruncate(2).
 */
export function ftruncate(fd: number, length: number | bigint): 0 {
  const size = offsetOf(length, 'length', 'ftruncate');
  checked(os.ftruncate(integerOf(fd, 'fd', 'ftruncate'), size), 'ftruncate');
  return 0;
}

/**
 * Makes sure that there is memory, or room on the disk, for those bytes, and makes the object longer if they end behind its end.
 * Blocks until that is done. Returns 0.
 *
 * Throws a MemspanError with errno EBADF, EFBIG, EINVAL (a length of 0), ENODEV, ENOSPC, EPERM (sealed) or ESPIPE; ENOMEM where
 * the kernel would have to kill processes for it. Source: posix_fallocate(3).
 */
export function posix_fallocate(fd: number, offset: number | bigint, len: number | bigint): 0 {
  const start = offsetOf(offset, 'offset', 'posix_fallocate');
  const length = offsetOf(len, 'len', 'posix_fallocate');
  checked(
    os.posixFallocate(integerOf(fd, 'fd', 'posix_fallocate'), start, length),
    'posix_fallocate',
  );
  return 0;
}

/** As `posix_fallocate`, on a thread of memspan's own. It cannot be aborted; `fd` is to stay open meanwhile. */
export async function posix_fallocateAsync(
  fd: number,
  offset: number | bigint,
  len: number | bigint,
): Promise<0> {
  const call = 'posix_fallocate';
  const start = offsetOf(offset, 'offset', call);
  const length = offsetOf(len, 'len', call);
  const ticket = os.posixFallocateAsync(integerOf(fd, 'fd', call), start, length);
  await settled(ticket, undefined, (result) => checked(result, call));
  return 0;
}

/**
 * Closes a descriptor. Mappings of it stay. A segment's own descriptor is refused with EBADF. Returns 0.
 *
 * Throws a MemspanError with errno EBADF, EIO or ENOSPC. Source: close(2).
 */
export function close(fd: number): 0 {
  checked(os.closeDescriptor(integerOf(fd, 'fd', 'close')), 'close');
  return 0;
}

/** What the system knows of an object: its size, above all. Throws a MemspanError with errno EBADF. Source: fstat(2). */
export function fstat(fd: number): Stat {
  const stat = statOf(integerOf(fd, 'fd', 'fstat'));
  return {
    st_dev: stat.dev,
    st_ino: stat.ino,
    st_mode: Number(stat.mode),
    st_nlink: Number(stat.nlink),
    st_uid: Number(stat.uid),
    st_gid: Number(stat.gid),
    st_size: Number(stat.size),
    st_blksize: Number(stat.blksize),
    st_blocks: Number(stat.blocks),
  };
}

function statOf(fd: number): BigIntStats {
  // Node asks for more than a descriptor; -1 is none to the system either.
  if (fd < 0) throw systemError('fstat', constants.errno.EBADF, 'fstat');
  try {
    return statOfDescriptor(fd);
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    throw systemError('fstat', -errno, 'fstat');
  }
}
