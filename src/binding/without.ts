// MEMSPAN_WITHOUT: what a test takes away, so that the paths of older kernels and of sandboxes are walked on a new one.
//
//   MEMSPAN_WITHOUT=o_tmpfile,renameat2 node program.js
//
// The native core reads it, once for the process, and answers in the kernel's place (native/without.h): above that, nobody
// can tell it from a kernel that lacks the call. docs/kernels.md says what memspan does then.

import { invalidArgument } from '../errors.ts';

/** What can be taken away, and what is answered then. */
export const OMISSIONS: Readonly<Record<string, string>> = {
  /** Waiting for several words at once: ENOSYS, as before Linux 5.16. */
  futex_waitv: 'futex_waitv(2) answers ENOSYS',
  /** News of deaths: ENOSYS, as in kernels that were built without it. */
  inotify: 'inotify_init1(2) answers ENOSYS',
  /** Asynchronous waits without threads: ENOSYS, as before Linux 5.1 (what memspan does with it needs 6.7). */
  io_uring: 'io_uring_setup(2) answers ENOSYS',
  /** Open-file-description locks, which lifelines are: EINVAL, as before Linux 3.15. */
  ofd_locks: 'fcntl(2) answers EINVAL to F_OFD_SETLK and F_OFD_GETLK',
  /** Unnamed files: EOPNOTSUPP, as file systems that have none. */
  o_tmpfile: 'open(2) answers EOPNOTSUPP to O_TMPFILE',
  /** Names given without replacing another's: ENOSYS, as before Linux 3.15. */
  renameat2: 'renameat2(2) answers ENOSYS',
  /** Memory without a name: ENOSYS, as before Linux 3.17. */
  memfd: 'memfd_create(2) answers ENOSYS',
  /** To be told who has a file open: EINVAL, as in kernels that were built without file locking. */
  leases: 'fcntl(2) answers EINVAL to F_SETLEASE',
  /** Any buffer over foreign memory: refused, as Electron does. */
  externalbuffers: 'the runtime refuses buffers over foreign memory',
  /** SharedArrayBuffers over foreign memory: none, as in Node 22.0. */
  sharedarraybuffer: 'the runtime has no SharedArrayBuffer over foreign memory',
};

/** Throws `ERR_MEMSPAN_INVALID_ARGUMENT` for a name that is not among them: a test of nothing would pass. */
export function checkWithout(value: string | undefined): void {
  for (const name of value?.split(',') ?? []) {
    if (name === '' || Object.hasOwn(OMISSIONS, name)) continue;
    const known = Object.keys(OMISSIONS).join(', ');
    throw invalidArgument(`MEMSPAN_WITHOUT: ${JSON.stringify(name)} is none of ${known}`);
  }
}
