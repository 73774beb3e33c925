// memspan/sysv: System V's shared memory and semaphores, by the names of the manual pages (sysvipc(7)). Exports, nothing else.

export type { CallOptions } from './outcome.ts';
export * from './sysv/constants.ts';
export { ftok } from './sysv/ftok.ts';
export { ipcs, type ListedMemory, type ListedSemaphores } from './sysv/ipcs.ts';
export { shmat, shmdt, shmget } from './sysv/memory.ts';
export { type shm_info, shmctl, type shmid_ds, type shminfo } from './sysv/memory-control.ts';
export type { ipc_perm, SettablePermissions } from './sysv/permissions.ts';
export { semctl, type semid_ds, type seminfo } from './sysv/semaphore-control.ts';
export {
  type SemaphoreTimeout,
  type sembuf,
  semget,
  semop,
  semopAsync,
  semtimedop,
  semtimedopAsync,
} from './sysv/semaphores.ts';
export type { timespec } from './time.ts';
