// struct ipc_perm: who may do what with an object (shmctl(2), semctl(2)).

import { unsignedOf } from '../arguments.ts';

/** Of an object that is there. */
export interface ipc_perm {
  /** What shmget or semget was given; 0, IPC_PRIVATE, if no key leads to it any more. */
  readonly key: number;
  /** The owner. */
  readonly uid: number;
  readonly gid: number;
  /** Who made it. */
  readonly cuid: number;
  readonly cgid: number;
  /** Nine bits as in chmod(2); of shared memory also SHM_DEST and SHM_LOCKED. */
  readonly mode: number;
  readonly seq: number;
}

/** What IPC_SET changes. */
export interface SettablePermissions {
  readonly uid: number;
  readonly gid: number;
  /** The low nine bits count. */
  readonly mode: number;
}

/** Checked, and as the addon takes them. */
export function settable(
  permissions: unknown,
  what: 'shm_perm' | 'sem_perm',
  call: string,
): [uid: number, gid: number, mode: number] {
  const { uid, gid, mode } = Object(permissions) as Partial<SettablePermissions>;
  return [
    unsignedOf(uid, `${what}.uid`, call),
    unsignedOf(gid, `${what}.gid`, call),
    unsignedOf(mode, `${what}.mode`, call) & 0o777,
  ];
}
