// `read-only` and `beyond-the-end`: touches bytes of a mapping that it should not touch. With memspan's guard nothing
// happens to it; without it dies of a signal.

import { Segment } from '../../index.ts';
import {
  check,
  close,
  MAP_SHARED,
  mmap,
  mprotect,
  O_RDONLY,
  O_RDWR,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  shm_open,
} from '../../os/posix.ts';
import { obey } from './orders.ts';

let bytes: Uint8Array;
let segment: Segment;

obey({
  /**
   * From now on it is as in C: the kernel's signal ends the process. A listener takes the place of memspan's guard, and what a
   * listener leaves behind is the default.
   */
  unguard: () => {
    for (const signal of ['SIGSEGV', 'SIGBUS'] as const) {
      const listener = (): void => {};
      process.on(signal, listener);
      process.off(signal, listener);
    }
  },

  /** PROT_READ without PROT_WRITE. */
  mapToRead: ({ name, size }: { name: string; size: number }) => {
    const fd = shm_open(`/${name}`, O_RDONLY);
    bytes = new Uint8Array(mmap(null, size, PROT_READ, MAP_SHARED, fd, 0));
    close(fd);
  },

  /** More than there is; behind `size` is what nobody may touch, as it is where nothing is mapped. */
  mapBeyond: ({ name, size, fence }: { name: string; size: number; fence: number }) => {
    const fd = shm_open(`/${name}`, O_RDWR);
    const region = mmap(null, size + fence, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    bytes = new Uint8Array(region);
    mprotect(bytes.subarray(size), PROT_NONE);
  },

  open: ({ name, readOnly }: { name: string; readOnly: boolean }) => {
    segment = Segment.open(name, { readOnly });
    bytes = new Uint8Array(segment.buffer);
  },

  read: ({ at }: { at: number }) => bytes[at],
  /** What is read back then. */
  write: ({ at, value }: { at: number; value: number }) => {
    bytes[at] = value;
    return bytes[at];
  },

  /** What memspan says of the mapping: null, if all is well. */
  check: () => complaintOf(() => check(bytes)),
  /** What the next use of the segment says. */
  use: () => complaintOf(() => segment.flush()),
});

function complaintOf(call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
}
