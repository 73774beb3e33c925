// Mapped memory: mmap(2) and what can be done with what it returns.
//
// What is an address and a length in C is a Region here: the SharedArrayBuffer that mmap returned, in whatever thread it was sent
// to, or a view of a part of it.

import { isAnyArrayBuffer } from 'node:util/types';
import { invalidArgument, MemspanError } from '../../errors.ts';
import { integerOf, lengthOf, offsetOf } from '../arguments.ts';
import { os } from '../native.ts';
import { checked, settled } from '../outcome.ts';
import type { Region } from '../pointer.ts';
import { MAP_FIXED, MAP_FIXED_NOREPLACE } from './constants.ts';

/**
 * Maps `length` bytes of the object behind `fd`, from `offset` on, a multiple of the page size; with `MAP_ANONYMOUS` new memory, and
 * `fd` is -1. Returns a SharedArrayBuffer of exactly `length` bytes, which can be sent to workers. (Where the runtime has none over
 * foreign memory it is an ArrayBuffer.) `addr` is null: where it is mapped is the kernel's choice, so `MAP_FIXED`
 * and `MAP_FIXED_NOREPLACE` are refused.
 *
 * `prot` is `PROT_NONE` or any of `PROT_READ`, `PROT_WRITE`, `PROT_EXEC`. JavaScript cannot be kept from touching its own buffer, so
 * what would be a signal in C, and the end of the process, is harmless here, and said by the next call on that region
 * (or by `check`): a touch behind the object's end reads zeros (SIGBUS in C), a write without `PROT_WRITE` and a touch of
 * `PROT_NONE` reach nobody (SIGSEGV).
 *
 * It lasts until `munmap`, or until no thread has the buffer any more. Throws TypeError or RangeError before anything is asked of the
 * system, then a MemspanError with errno EACCES (`prot` is more than `fd` was opened for), EAGAIN, EBADF, EINVAL (a length of 0, an
 * offset that is no multiple), EMFILE, ENODEV, ENOMEM, ENOTSUP (MAP_GROWSDOWN), EOPNOTSUPP, EOVERFLOW or EPERM. Source: mmap(2).
 */
export function mmap(
  addr: null,
  length: number,
  prot: number,
  flags: number,
  fd: number,
  offset: number | bigint = 0,
): SharedArrayBuffer {
  if (addr !== null) {
    throw invalidArgument(
      'mmap: addr is null: V8 could not use a buffer at an address of your choice safely',
    );
  }
  const size = lengthOf(length, 'length', 'mmap');
  const bits = flagsOf(flags, 'flags', 'mmap');
  if (bits & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
    throw invalidArgument(
      'mmap: MAP_FIXED and MAP_FIXED_NOREPLACE need an address, and addr is null here',
    );
  }
  const protection = integerOf(prot, 'prot', 'mmap');
  const descriptor = integerOf(fd, 'fd', 'mmap');
  const mapped = mappedOf(size, protection, bits, descriptor, offsetOf(offset, 'offset', 'mmap'));
  if (typeof mapped !== 'number') return mapped;
  checked(mapped, 'mmap');
  throw new Error('unreachable');
}

/**
 * Lets go of the region: views of it read as zeros from now on, in every thread. A view unmaps only the pages that it touches; it
 * begins at a page. The addresses are free again when no thread has the buffer any more. Unmapping what is
 * unmapped is no error. Waits on words in it end: they throw ERR_MEMSPAN_CLOSED, as does later use of synchronization
 * objects there. Returns 0.
 *
 * Throws a MemspanError with errno EINVAL (a view that does not begin at a page, or has no bytes), or EBUSY: this process holds a lock in
 * there, or it is another thread's Segment. Source: munmap(2).
 */
export function munmap(region: Region): 0 {
  checked(os.munmap(...memoryOf(region, 'munmap')), 'munmap');
  return 0;
}

/**
 * Writes changed pages back to the file: with `MS_SYNC` when it returns, with `MS_ASYNC` soon. A view must begin at a page. Blocks for as long as
 * the disk takes. Returns 0.
 *
 * Throws a MemspanError with errno EINVAL, EIO, or EBUSY (MS_INVALIDATE of locked memory); ERR_MEMSPAN_CLOSED where it is unmapped (ENOMEM in C).
 * Source: msync(2).
 */
export function msync(region: Region, flags: number): 0 {
  const bits = integerOf(flags, 'flags', 'msync');
  checked(os.msync(...memoryOf(region, 'msync'), bits), 'msync');
  return 0;
}

/** As `msync`, on a thread of memspan's own. It cannot be aborted. */
export async function msyncAsync(region: Region, flags: number): Promise<0> {
  const bits = integerOf(flags, 'flags', 'msync');
  const ticket = os.msyncAsync(...memoryOf(region, 'msync'), bits);
  await settled(ticket, undefined, (result) => checked(result, 'msync'));
  return 0;
}

/**
 * Changes what the pages of the region may be used for: `PROT_NONE`, or any of `PROT_READ`, `PROT_WRITE`, `PROT_EXEC`. A view must begin at a
 * page. Returns 0.
 *
 * Throws a MemspanError with errno EACCES (writing to what was opened for reading), EINVAL or ENOMEM; ERR_MEMSPAN_CLOSED where it is unmapped.
 * Source: mprotect(2).
 */
export function mprotect(region: Region, prot: number): 0 {
  const bits = integerOf(prot, 'prot', 'mprotect');
  checked(os.mprotect(...memoryOf(region, 'mprotect'), bits), 'mprotect');
  return 0;
}

/**
 * Tells the kernel what the region will be used for, by a constant of `MADV_…`; others are refused with EINVAL. A view must begin at a page.
 * Returns 0.
 *
 * Throws a MemspanError with errno EAGAIN, EFAULT, EINVAL, EIO, ENOMEM or EPERM; ERR_MEMSPAN_CLOSED where it is unmapped. Source: madvise(2).
 */
export function madvise(region: Region, advice: number): 0 {
  const bits = integerOf(advice, 'advice', 'madvise');
  checked(os.madvise(...memoryOf(region, 'madvise'), bits), 'madvise');
  return 0;
}

/**
 * Brings all pages that the region touches into memory and keeps them there. Returns 0.
 *
 * Throws a MemspanError with errno EAGAIN, ENOMEM (more than `ulimit -l` says, or beyond the object's end) or EPERM; ERR_MEMSPAN_CLOSED where it is
 * unmapped. Source: mlock(2).
 */
export function mlock(region: Region): 0 {
  checked(os.mlock(...memoryOf(region, 'mlock'), true), 'mlock');
  return 0;
}

/** Takes back `mlock`. Returns 0. Throws as `mlock` does. Source: mlock(2). */
export function munlock(region: Region): 0 {
  checked(os.mlock(...memoryOf(region, 'munlock'), false), 'munlock');
  return 0;
}

/**
 * Says what in C would have been a signal. Throws, once for each time that it happened, a MemspanError with the code
 * ERR_MEMSPAN_TRUNCATED (a touch behind the object's end), ERR_MEMSPAN_READ_ONLY (a write without PROT_WRITE) or ERR_MEMSPAN_PERMISSION (a touch of
 * PROT_NONE); ERR_MEMSPAN_CLOSED, every time, where it is unmapped. Otherwise returns 0. All calls on a region but `munmap` begin with this.
 *
 * It is mended by then: shared memory shows the object again. In a private mapping the process's own copy keeps what was written to it,
 * and what was behind the end stays zeros, and is said every time.
 */
export function check(region: Region): 0 {
  checked(os.checkMemory(...memoryOf(region, 'check')), 'check');
  return 0;
}

/** The address of the region's first byte in this process: `&region[0]`, for printing. In another process it is another. */
export function addressof(region: Region): bigint {
  const address = os.addressOf(...memoryOf(region, 'addressof'));
  if (typeof address === 'number') checked(address, 'addressof');
  return BigInt(address);
}

function memoryOf(region: unknown, call: string): [Uint8Array, number, number] {
  if (isAnyArrayBuffer(region)) return [firstOf(region), 0, region.byteLength];
  if (ArrayBuffer.isView(region)) {
    return [firstOf(region.buffer), region.byteOffset, region.byteLength];
  }
  throw invalidArgument(`${call}: the region is a buffer, as mmap returns it, or a view of one`);
}

function firstOf(buffer: ArrayBufferLike): Uint8Array {
  return new Uint8Array(buffer, 0, Math.min(1, buffer.byteLength));
}

/** A bit mask that uses all 32 bits. */
function flagsOf(value: unknown, what: string, call: string): number {
  return integerOf(value, what, call, -(2 ** 31), 2 ** 32 - 1) | 0;
}

function mappedOf(...request: Parameters<typeof os.mmap>): ReturnType<typeof os.mmap> {
  try {
    return os.mmap(...request);
  } catch (error) {
    const [size] = request;
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      operation: 'mmap',
      cause: `Node ${process.version} gives no buffer of ${size} bytes: ${(error as Error).message}`,
      remedy: 'Make it smaller, or use Node 22 or newer',
      found: size,
    });
  }
}
