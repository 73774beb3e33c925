// node:fs on descriptors that the native core has opened. Node and Bun take any descriptor of the process; Deno knows only its
// own, and says EBADF to the others: there the kernel's name for a descriptor, /proc/self/fd/N, leads to the same file.

import fs from 'node:fs';
import { native } from '../binding.ts';

/** fstat(2). */
export function statOfDescriptor(fd: number): fs.BigIntStats {
  return either(
    () => fs.fstatSync(fd, { bigint: true }),
    () => fs.statSync(pathOf(fd), { bigint: true }),
  );
}

/** pread(2) into all of `bytes`: how many came. */
export function readAt(fd: number, bytes: NodeJS.ArrayBufferView, position: number): number {
  const read = (from: number) => fs.readSync(from, bytes, 0, bytes.byteLength, position);
  return either(
    () => read(fd),
    () => {
      const own = fs.openSync(pathOf(fd), 'r');
      try {
        return read(own);
      } finally {
        fs.closeSync(own);
      }
    },
  );
}

/** Closes what the native core has opened. */
export function closeDescriptor(fd: number): void {
  native.close(fd);
}

function either<T>(byDescriptor: () => T, byPath: () => T): T {
  try {
    return byDescriptor();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error;
    try {
      return byPath();
    } catch (second) {
      // No descriptor at all, and no name either.
      throw (second as NodeJS.ErrnoException).code === 'ENOENT' ? error : second;
    }
  }
}

function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
