// shmctl(2): what there is to know about shared memory, and to change.

import { integerOf } from '../arguments.ts';
import {
  IPC_INFO,
  type IPC_RMID,
  IPC_SET,
  IPC_STAT,
  SHM_INFO,
  type SHM_LOCK,
  SHM_STAT,
  SHM_STAT_ANY,
  type SHM_UNLOCK,
} from './constants.ts';
import { checked } from './failure.ts';
import { systemV } from './native.ts';
import { type ipc_perm, type SettablePermissions, settable } from './permissions.ts';

/** Times are seconds since the epoch, 0 if it never happened. */
export interface shmid_ds {
  readonly shm_perm: ipc_perm;
  /** Bytes, as shmget was given. */
  readonly shm_segsz: number;
  /** Of the last shmat. */
  readonly shm_atime: number;
  /** Of the last shmdt, or end of a process that had it attached. */
  readonly shm_dtime: number;
  /** When it was made or last changed by IPC_SET. */
  readonly shm_ctime: number;
  /** Who made it. */
  readonly shm_cpid: number;
  /** Who attached or detached last. */
  readonly shm_lpid: number;
  /** How often it is attached. */
  readonly shm_nattch: number;
}

/** The system's limits. */
export interface shminfo {
  /** The largest segment, in bytes. */
  readonly shmmax: bigint;
  readonly shmmin: number;
  /** How many segments. */
  readonly shmmni: number;
  /** Of no effect. */
  readonly shmseg: number;
  /** All segments together, in pages. */
  readonly shmall: bigint;
  /** The highest index in use, for SHM_STAT. */
  readonly index: number;
}

/** What is in use, in pages. */
export interface shm_info {
  /** How many segments there are. */
  readonly used_ids: number;
  readonly shm_tot: number;
  readonly shm_rss: number;
  readonly shm_swp: number;
  /** The highest index in use, for SHM_STAT. */
  readonly index: number;
}

/**
 * - `IPC_STAT`: describes the segment; needs leave to read.
 * - `IPC_SET`: gives it another owner or mode: `{shm_perm: {uid, gid, mode}}`; for its owner, its creator and root.
 * - `IPC_RMID`: takes its key away; it goes when nobody has it attached. For the same.
 * - `SHM_LOCK`, `SHM_UNLOCK`: keep it in memory, and no longer.
 * - `IPC_INFO`, `SHM_INFO`: the system's limits, and what is in use; `shmid` is ignored.
 * - `SHM_STAT`, `SHM_STAT_ANY`: describes the segment with an index from 0 to SHM_INFO's, and says its `shmid`; the second
 *   needs no leave.
 *
 * @throws MemspanError EACCES, EPERM, EINVAL (no such identifier or command), EIDRM, ENOMEM. Source: shmctl(2)
 */
export function shmctl(shmid: number, cmd: typeof IPC_STAT): shmid_ds;
export function shmctl(
  shmid: number,
  cmd: typeof IPC_SET,
  buf: { readonly shm_perm: SettablePermissions },
): 0;
export function shmctl(
  shmid: number,
  cmd: typeof IPC_RMID | typeof SHM_LOCK | typeof SHM_UNLOCK,
): 0;
export function shmctl(shmid: number, cmd: typeof IPC_INFO): shminfo;
export function shmctl(shmid: number, cmd: typeof SHM_INFO): shm_info;
export function shmctl(
  index: number,
  cmd: typeof SHM_STAT | typeof SHM_STAT_ANY,
): shmid_ds & { readonly shmid: number };
export function shmctl(id: number, cmd: number, buf?: unknown): unknown {
  integerOf(id, 'shmid', 'shmctl');
  const object = `shmid ${id}`;
  switch (integerOf(cmd, 'cmd', 'shmctl')) {
    case IPC_STAT:
    case IPC_INFO:
    case SHM_INFO:
    case SHM_STAT:
    case SHM_STAT_ANY: {
      const answer = systemV.shmAsk(id, cmd);
      return typeof answer === 'number' ? checked(answer, 'shmctl', object) : answer;
    }
    case IPC_SET: {
      const wanted = (buf as { shm_perm?: unknown } | undefined)?.shm_perm;
      const permissions = settable(wanted, 'shm_perm', 'shmctl');
      return checked(systemV.shmSet(id, ...permissions), 'shmctl', object);
    }
    default:
      return checked(systemV.shmControl(id, cmd), 'shmctl', object);
  }
}
