// What to do about an errno of the POSIX calls: where errors.ts speaks of segments and names, which these are not.

import { constants } from 'node:os';
import { FURTHER_ERRNOS } from '../errors.ts';

type Remedies = Readonly<Record<string, string>>;

const OF_MEMORY: Remedies = {
  EACCES: 'Open the object with O_RDWR, and O_RDONLY only for what is never written to',
  EAGAIN: 'Lock less of it in memory, or raise the limit (`ulimit -l`)',
  EBUSY: 'Give back the locks in it, and munlock what is to be invalidated',
  EPERM: 'Raise the limit (`ulimit -l`), or mount what is to be executed without noexec',
};
const OF_NAMES: Remedies = {
  ENOENT: 'Create it with O_CREAT; `ls /dev/shm` says what there is',
  EACCES: 'Check its owner and mode with `ls -l /dev/shm`',
};
const OF_LOCKS: Remedies = {
  EAGAIN: 'Unlock it as often as it is locked; too many …Async calls may be waiting',
  EBUSY: 'Unlock it, and end the waits for it, first',
  EDEADLK: 'Unlock it first: this very thread has it',
  EPERM: 'It is unlocked by the thread that has locked it',
};
const OF_CALL: Readonly<Record<string, Remedies>> = {
  shm_open: { ...OF_NAMES, EEXIST: 'Leave out O_EXCL to open it, or remove it with shm_unlink' },
  shm_unlink: OF_NAMES,
  sem_open: { ...OF_NAMES, EEXIST: 'Leave out O_EXCL to open it, or remove it with sem_unlink' },
  sem_unlink: OF_NAMES,
  ftruncate: { EPERM: 'It is sealed (fcntl(2), F_ADD_SEALS)' },
  posix_fallocate: { EPERM: 'It is sealed (fcntl(2), F_ADD_SEALS)' },
  mmap: OF_MEMORY,
  munmap: OF_MEMORY,
  mprotect: OF_MEMORY,
  msync: OF_MEMORY,
  mlock: OF_MEMORY,
  munlock: OF_MEMORY,
};

/** Undefined where errors.ts says it well enough. `errno` is positive. */
export function remedyOf(call: string, errno: number): string | undefined {
  const known = Object.entries(constants.errno).find(([, value]) => value === errno);
  const name = known?.[0] ?? FURTHER_ERRNOS[errno];
  if (name === undefined) return undefined;
  if (name === 'ENOTRECOVERABLE') return 'Initialise it again, and what it protects';
  return (call.startsWith('pthread_') ? OF_LOCKS : OF_CALL[call])?.[name];
}
