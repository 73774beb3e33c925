// What the kernel and the runtime have of what memspan uses. Each is tried, not looked up: sandboxes forbid
// what the kernel's version promises.

import { existsSync } from 'node:fs';
import { hasSharedBuffers, native } from '../binding.ts';
import { isLacking } from './lacking.ts';
import { hasLifelines } from './lifeline.ts';
import { SHM_DIRECTORY } from './name.ts';
import { openFile } from './nameless.ts';
import { openUnnamed } from './object.ts';

export interface Features {
  /** /proc/self/fd, by which a lifeline gets a descriptor of its own. */
  readonly procfs: boolean;
  /** Memory without a name (memfd_create(2)). */
  readonly memfd: boolean;
  /** Open-file-description locks: lifelines (fcntl(2)). */
  readonly ofdLocks: boolean;
  /** Unnamed files in /dev/shm, which get their name when they are complete (open(2)). */
  readonly oTmpfile: boolean;
  /** Names that replace nobody's, in one step; of use where there are no unnamed files (renameat2(2)). */
  readonly renameat2: boolean;
  /** To be told by the kernel whether anybody has a file open (fcntl(2), F_SETLEASE). */
  readonly leases: boolean;
  /** To sleep on several words at once. */
  readonly futexWaitv: boolean;
  /** To wait asynchronously without a thread (io_uring(7)). */
  readonly ioUring: boolean;
  /** To be told of deaths (inotify(7)). */
  readonly inotify: boolean;
  /** Shared memory as SharedArrayBuffers. */
  readonly sharedBuffers: boolean;
}

/** Leaves nothing. */
export function features(): Features {
  const file = openFile({ operation: 'features', object: SHM_DIRECTORY });
  const watch = file < 0 ? -1 : native.watchFile(file);
  if (watch > 0) native.unwatchFile(watch);
  const leases = file >= 0 && native.isOnlyUser(file) >= 0;
  if (file >= 0) native.close(file);
  return {
    procfs: existsSync('/proc/self/fd'),
    memfd: isThere(native.openMemory('memspan-features')),
    ofdLocks: hasLifelines(),
    oTmpfile: isThere(openUnnamed(SHM_DIRECTORY)),
    // There is no such name.
    renameat2: !isLacking(native.renameNoReplace(NOBODY, NOBODY)),
    leases,
    futexWaitv: native.waitsForAny(),
    ioUring: native.waitsByRing(),
    inotify: watch > 0,
    sharedBuffers: hasSharedBuffers,
  };
}

const NOBODY = `${SHM_DIRECTORY}/.memspan-features/nobody`;

function isThere(fd: number | undefined): boolean {
  if (fd === undefined || fd < 0) return false;
  native.close(fd);
  return true;
}
