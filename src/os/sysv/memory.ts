// shmget(2), shmat(2), shmdt(2): making, attaching and detaching System V shared memory.

import { isAnyArrayBuffer } from 'node:util/types';
import { invalidArgument } from '../../errors.ts';
import { integerOf } from '../arguments.ts';
import type { Region } from '../pointer.ts';
import { checked } from './failure.ts';
import { keyOf, nameOfKey } from './key.ts';
import { systemV } from './native.ts';

/**
 * The identifier of the segment that `key` leads to, or of a new one.
 *
 * @param key any number that the programs agree on, ftok()'s for one, or IPC_PRIVATE
 * @param size bytes of a new segment; of an old one at least so many (0: any size)
 * @param shmflg IPC_CREAT, IPC_EXCL, SHM_HUGETLB, SHM_NORESERVE, and the mode's nine bits
 * @throws MemspanError ENOENT, EEXIST, EACCES, EINVAL (size 0, larger than SHMMAX, or than the segment that is there),
 * ENOSPC, ENOMEM, EPERM. Source: shmget(2)
 */
export function shmget(key: number, size: number, shmflg: number): number {
  const result = systemV.shmget(
    keyOf(key, 'shmget'),
    integerOf(size, 'size', 'shmget', 0, Number.MAX_SAFE_INTEGER),
    integerOf(shmflg, 'shmflg', 'shmget'),
  );
  return checked(result, 'shmget', nameOfKey(key));
}

/**
 * Attaches the segment. The buffer has exactly `shm_segsz` bytes and can be posted to workers. It stays attached until
 * shmdt(), until no thread has a buffer over it any more, or until the process ends; `shm_nattch` counts attachments, not
 * buffers. With SHM_RDONLY a write is not seen by others: it goes to a copy of the page, private to this process.
 *
 * @param shmaddr null: the system chooses the address
 * @param shmflg SHM_RDONLY, SHM_EXEC
 * @throws MemspanError EACCES, EIDRM, EINVAL (no such identifier), ENOMEM. Source: shmat(2)
 */
export function shmat(shmid: number, shmaddr: null, shmflg = 0): SharedArrayBuffer {
  const id = integerOf(shmid, 'shmid', 'shmat');
  if (shmaddr !== null) throw invalidArgument('shmat: shmaddr is null: the system chooses');
  const result = systemV.shmat(id, integerOf(shmflg, 'shmflg', 'shmat'));
  if (typeof result === 'number') checked(result, 'shmat', `shmid ${id}`);
  return result as SharedArrayBuffer;
}

/**
 * Detaches it, in all threads that have the buffer: it then reads as zeros, what is written to it is lost, and who waits in it
 * is told that it is closed.
 *
 * @param shmaddr the buffer that shmat() returned, also in a thread that it was posted to, or a view that begins where it does
 * @throws MemspanError EINVAL (nothing is attached there: not any more, or it came from elsewhere), EBUSY (a lock in it is
 * held by this process). Source: shmdt(2)
 */
export function shmdt(shmaddr: Region): 0 {
  checked(systemV.shmdt(bytesAt(shmaddr)), 'shmdt');
  return 0;
}

/** Its first byte: all of it could be longer than a Uint8Array may be. */
function bytesAt(memory: unknown): Uint8Array {
  if (ArrayBuffer.isView(memory)) {
    return new Uint8Array(memory.buffer, memory.byteOffset, Math.min(memory.byteLength, 1));
  }
  if (isAnyArrayBuffer(memory)) {
    return new Uint8Array(memory as ArrayBuffer, 0, Math.min(memory.byteLength, 1));
  }
  throw invalidArgument('shmdt: shmaddr is a buffer that shmat() returned, or a view over it');
}
