// What there is on this machine, as ipcs(1) lists it; out of /proc/sysvipc, so also what one may not read.

import { SHM_DEST, SHM_LOCKED } from './constants.ts';
import { systemV } from './native.ts';
import { memoryTable, type Row, semaphoreTable } from './tables.ts';

/** What both kinds have. */
interface Listed {
  readonly key: number;
  /** The owner's name, or its number if there is no such user. */
  readonly owner: string;
  readonly uid: number;
  readonly gid: number;
  readonly cuid: number;
  readonly cgid: number;
  /** Nine bits, as in chmod(2). */
  readonly perms: number;
  /** Seconds since the epoch. */
  readonly ctime: number;
}

export interface ListedMemory extends Listed {
  readonly shmid: number;
  readonly bytes: number;
  readonly nattch: number;
  /** 'dest': removed, and there until the last one detaches; 'locked': never swapped out. */
  readonly status: readonly ('dest' | 'locked')[];
  readonly cpid: number;
  readonly lpid: number;
  /** Seconds since the epoch, 0: never. */
  readonly atime: number;
  readonly dtime: number;
  /** Bytes in memory, and swapped out. */
  readonly rss: number;
  readonly swap: number;
}

export interface ListedSemaphores extends Listed {
  readonly semid: number;
  readonly nsems: number;
  /** Seconds since the epoch, 0: nobody has used it yet. */
  readonly otime: number;
}

/**
 * All System V shared memory and semaphore sets of this machine (of this IPC namespace), of every user. Never waits.
 *
 * @throws MemspanError ENOENT where there is no /proc. Source: ipcs(1), proc(5)
 */
export function ipcs(): { shm: ListedMemory[]; sem: ListedSemaphores[] } {
  const names = new Map<number, string>();
  const common = (row: Row): Listed => {
    const uid = row.uid as number;
    if (!names.has(uid)) names.set(uid, systemV.userName(uid));
    return {
      key: row.key as number,
      owner: names.get(uid) as string,
      uid,
      gid: row.gid as number,
      cuid: row.cuid as number,
      cgid: row.cgid as number,
      perms: (row.perms as number) & 0o777,
      ctime: row.ctime as number,
    };
  };
  return {
    shm: memoryTable().map((row) => ({
      ...common(row),
      shmid: row.shmid as number,
      bytes: row.size as number,
      nattch: row.nattch as number,
      status: [
        ...((row.perms as number) & SHM_DEST ? (['dest'] as const) : []),
        ...((row.perms as number) & SHM_LOCKED ? (['locked'] as const) : []),
      ],
      cpid: row.cpid as number,
      lpid: row.lpid as number,
      atime: row.atime as number,
      dtime: row.dtime as number,
      rss: row.rss as number,
      swap: row.swap as number,
    })),
    sem: semaphoreTable().map((row) => ({
      ...common(row),
      semid: row.semid as number,
      nsems: row.nsems as number,
      otime: row.otime as number,
    })),
  };
}
