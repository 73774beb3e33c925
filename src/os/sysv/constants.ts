// The numbers of <sys/ipc.h>, <sys/shm.h> and <sys/sem.h> on Linux; the names are the manual pages'.

// shmget(2), semget(2)
/** A new object that no key leads to. */
export const IPC_PRIVATE = 0;
/** Make it if the key leads to none. The low nine bits of the flags are its mode then. */
export const IPC_CREAT = 0o1000;
/** With IPC_CREAT: fail with EEXIST if the key leads to one. */
export const IPC_EXCL = 0o2000;
/** Of huge pages. */
export const SHM_HUGETLB = 0o4000;
/** With SHM_HUGETLB: of pages of 2 MiB. */
export const SHM_HUGE_2MB: number = 21 << 26;
/** With SHM_HUGETLB: of pages of 1 GiB. */
export const SHM_HUGE_1GB: number = 30 << 26;
/** Without a promise that there is memory for all of it. */
export const SHM_NORESERVE = 0o10000;

// shmat(2)
/** Attach for reading. */
export const SHM_RDONLY = 0o10000;
/** Round the address down; of no effect without one. */
export const SHM_RND = 0o20000;
/** Take the place of what is mapped there; EINVAL without an address. */
export const SHM_REMAP = 0o40000;
/** Attach with leave to execute what is in there. */
export const SHM_EXEC = 0o100000;

// Commands of shmctl(2) and semctl(2)
export const IPC_RMID = 0;
export const IPC_SET = 1;
export const IPC_STAT = 2;
export const IPC_INFO = 3;

export const SHM_LOCK = 11;
export const SHM_UNLOCK = 12;
export const SHM_STAT = 13;
export const SHM_INFO = 14;
export const SHM_STAT_ANY = 15;

export const GETPID = 11;
export const GETVAL = 12;
export const GETALL = 13;
export const GETNCNT = 14;
export const GETZCNT = 15;
export const SETVAL = 16;
export const SETALL = 17;
export const SEM_STAT = 18;
export const SEM_INFO = 19;
export const SEM_STAT_ANY = 20;

// Bits of shm_perm.mode
/** It goes when the last one detaches. */
export const SHM_DEST = 0o1000;
/** It is never swapped out. */
export const SHM_LOCKED = 0o2000;

// semop(2)
/** Fail with EAGAIN instead of waiting. */
export const IPC_NOWAIT = 0o4000;
/** Take it back when this process ends. */
export const SEM_UNDO = 0x1000;
