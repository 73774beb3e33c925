// Constants of files and memory, with this platform's values (native/os/limits.cc); each with the page that explains it.

import { os } from '../native.ts';

const value = (name: string): number => os.facts[name] as number;

// shm_open(3), open(2)
export const O_RDONLY: number = value('O_RDONLY');
export const O_WRONLY: number = value('O_WRONLY');
export const O_RDWR: number = value('O_RDWR');
export const O_CREAT: number = value('O_CREAT');
export const O_EXCL: number = value('O_EXCL');
export const O_TRUNC: number = value('O_TRUNC');
export const O_CLOEXEC: number = value('O_CLOEXEC');
/** shm_open sets it by itself, as well as O_CLOEXEC. */
export const O_NOFOLLOW: number = value('O_NOFOLLOW');

// inode(7)
export const S_IRWXU: number = value('S_IRWXU');
export const S_IRUSR: number = value('S_IRUSR');
export const S_IWUSR: number = value('S_IWUSR');
export const S_IXUSR: number = value('S_IXUSR');
export const S_IRWXG: number = value('S_IRWXG');
export const S_IRGRP: number = value('S_IRGRP');
export const S_IWGRP: number = value('S_IWGRP');
export const S_IXGRP: number = value('S_IXGRP');
export const S_IRWXO: number = value('S_IRWXO');
export const S_IROTH: number = value('S_IROTH');
export const S_IWOTH: number = value('S_IWOTH');
export const S_IXOTH: number = value('S_IXOTH');
export const S_IFMT: number = value('S_IFMT');
export const S_IFREG: number = value('S_IFREG');

// mmap(2), mprotect(2)
export const PROT_NONE: number = value('PROT_NONE');
export const PROT_READ: number = value('PROT_READ');
export const PROT_WRITE: number = value('PROT_WRITE');
export const PROT_EXEC: number = value('PROT_EXEC');
export const MAP_SHARED: number = value('MAP_SHARED');
/** MAP_SHARED that refuses flags it does not know. */
export const MAP_SHARED_VALIDATE: number = value('MAP_SHARED_VALIDATE');
export const MAP_PRIVATE: number = value('MAP_PRIVATE');
export const MAP_ANONYMOUS: number = value('MAP_ANONYMOUS');
/** Refused by mmap here: a SharedArrayBuffer cannot be moved under what is there already. */
export const MAP_FIXED: number = value('MAP_FIXED');
/** Refused by mmap here: the address is the kernel's to choose. */
export const MAP_FIXED_NOREPLACE: number = value('MAP_FIXED_NOREPLACE');
export const MAP_HUGETLB: number = value('MAP_HUGETLB');
/** How far to the left the logarithm of a huge page's size stands in the flags. */
export const MAP_HUGE_SHIFT: number = value('MAP_HUGE_SHIFT');
export const MAP_HUGE_2MB: number = value('MAP_HUGE_2MB');
export const MAP_HUGE_1GB: number = value('MAP_HUGE_1GB');
export const MAP_LOCKED: number = value('MAP_LOCKED');
export const MAP_NONBLOCK: number = value('MAP_NONBLOCK');
export const MAP_NORESERVE: number = value('MAP_NORESERVE');
export const MAP_POPULATE: number = value('MAP_POPULATE');
export const MAP_SYNC: number = value('MAP_SYNC');

// msync(2)
export const MS_ASYNC: number = value('MS_ASYNC');
export const MS_SYNC: number = value('MS_SYNC');
export const MS_INVALIDATE: number = value('MS_INVALIDATE');

// madvise(2)
export const MADV_NORMAL: number = value('MADV_NORMAL');
export const MADV_RANDOM: number = value('MADV_RANDOM');
export const MADV_SEQUENTIAL: number = value('MADV_SEQUENTIAL');
export const MADV_WILLNEED: number = value('MADV_WILLNEED');
export const MADV_DONTNEED: number = value('MADV_DONTNEED');
export const MADV_FREE: number = value('MADV_FREE');
export const MADV_REMOVE: number = value('MADV_REMOVE');
export const MADV_DONTFORK: number = value('MADV_DONTFORK');
export const MADV_DOFORK: number = value('MADV_DOFORK');
export const MADV_MERGEABLE: number = value('MADV_MERGEABLE');
export const MADV_UNMERGEABLE: number = value('MADV_UNMERGEABLE');
export const MADV_HUGEPAGE: number = value('MADV_HUGEPAGE');
export const MADV_NOHUGEPAGE: number = value('MADV_NOHUGEPAGE');
export const MADV_DONTDUMP: number = value('MADV_DONTDUMP');
export const MADV_DODUMP: number = value('MADV_DODUMP');
export const MADV_WIPEONFORK: number = value('MADV_WIPEONFORK');
export const MADV_KEEPONFORK: number = value('MADV_KEEPONFORK');
export const MADV_COLD: number = value('MADV_COLD');
export const MADV_PAGEOUT: number = value('MADV_PAGEOUT');
export const MADV_POPULATE_READ: number = value('MADV_POPULATE_READ');
export const MADV_POPULATE_WRITE: number = value('MADV_POPULATE_WRITE');

// sysconf(3)
export const _SC_PAGESIZE: number = value('_SC_PAGESIZE');
export const _SC_PHYS_PAGES: number = value('_SC_PHYS_PAGES');
export const _SC_AVPHYS_PAGES: number = value('_SC_AVPHYS_PAGES');
export const _SC_NPROCESSORS_CONF: number = value('_SC_NPROCESSORS_CONF');
export const _SC_NPROCESSORS_ONLN: number = value('_SC_NPROCESSORS_ONLN');
export const _SC_OPEN_MAX: number = value('_SC_OPEN_MAX');
export const _SC_SEM_NSEMS_MAX: number = value('_SC_SEM_NSEMS_MAX');
export const _SC_SEM_VALUE_MAX: number = value('_SC_SEM_VALUE_MAX');
export const _SC_THREAD_STACK_MIN: number = value('_SC_THREAD_STACK_MIN');
export const _SC_THREAD_THREADS_MAX: number = value('_SC_THREAD_THREADS_MAX');
export const _SC_SHARED_MEMORY_OBJECTS: number = value('_SC_SHARED_MEMORY_OBJECTS');
export const _SC_MAPPED_FILES: number = value('_SC_MAPPED_FILES');
export const _SC_MEMLOCK_RANGE: number = value('_SC_MEMLOCK_RANGE');
export const _SC_MEMORY_PROTECTION: number = value('_SC_MEMORY_PROTECTION');
export const _SC_SYNCHRONIZED_IO: number = value('_SC_SYNCHRONIZED_IO');
export const _SC_SEMAPHORES: number = value('_SC_SEMAPHORES');
export const _SC_THREADS: number = value('_SC_THREADS');
export const _SC_THREAD_PROCESS_SHARED: number = value('_SC_THREAD_PROCESS_SHARED');
export const _SC_BARRIERS: number = value('_SC_BARRIERS');
export const _SC_READER_WRITER_LOCKS: number = value('_SC_READER_WRITER_LOCKS');
export const _SC_TIMEOUTS: number = value('_SC_TIMEOUTS');
export const _SC_MONOTONIC_CLOCK: number = value('_SC_MONOTONIC_CLOCK');

// limits.h(0p)
/** Bytes of a path, with its zero byte. */
export const PATH_MAX: number = value('PATH_MAX');
/** Bytes of a name in a directory, without its zero byte; a shared memory object's, without its slash. */
export const NAME_MAX: number = value('NAME_MAX');
export const PTHREAD_KEYS_MAX: number = value('PTHREAD_KEYS_MAX');
export const PTHREAD_DESTRUCTOR_ITERATIONS: number = value('PTHREAD_DESTRUCTOR_ITERATIONS');
/** The least that POSIX promises of a limit, on every system. */
export const _POSIX_SEM_NSEMS_MAX: number = value('_POSIX_SEM_NSEMS_MAX');
export const _POSIX_SEM_VALUE_MAX: number = value('_POSIX_SEM_VALUE_MAX');
export const _POSIX_THREAD_THREADS_MAX: number = value('_POSIX_THREAD_THREADS_MAX');
