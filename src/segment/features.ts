// What the kernel and the runtime have of what memspan uses. Each is tried, not looked up: sandboxes forbid
// what the kernel's version promises.

import { constants, existsSync } from 'node:fs';
import { hasSharedBuffers, native, without } from '../binding.ts';
import { SHM_DIRECTORY } from './name.ts';

export interface Features {
  /** /proc/self/fd, by which a lifeline gets a descriptor of its own. */
  readonly procfs: boolean;
  /** Memory without a name (memfd_create(2)). */
  readonly memfd: boolean;
  /** Open-file-description locks: lifelines (fcntl(2)). */
  readonly ofdLocks: boolean;
  /** Unnamed files in /dev/shm, which get their name when they are complete (open(2)). */
  readonly oTmpfile: boolean;
  /** To sleep on several words at once. */
  readonly futexWaitv: boolean;
  /** To be told of deaths (inotify(7)). */
  readonly inotify: boolean;
  /** Shared memory as SharedArrayBuffers. */
  readonly sharedBuffers: boolean;
}

const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const EXCLUSIVE = 2;

/** Leaves nothing. */
export function features(): Features {
  const memory = native.openMemory('memspan-features');
  const watch = memory < 0 || without.has('inotify') ? -1 : native.watchFile(memory);
  const ofdLocks = memory >= 0 && native.lockByte(memory, 0, EXCLUSIVE) === 0;
  if (watch > 0) native.unwatchFile(watch);
  if (memory >= 0) native.close(memory);
  return {
    procfs: existsSync('/proc/self/fd'),
    memfd: memory >= 0,
    ofdLocks,
    oTmpfile: !without.has('o_tmpfile') && hasUnnamedFiles(),
    futexWaitv: native.waitsForAny(),
    inotify: watch > 0,
    sharedBuffers: hasSharedBuffers,
  };
}

function hasUnnamedFiles(): boolean {
  const fd = native.open(SHM_DIRECTORY, O_TMPFILE | constants.O_RDWR, 0o600);
  if (fd >= 0) native.close(fd);
  return fd >= 0;
}
