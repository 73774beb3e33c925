// memspan/posix: the POSIX shared memory, semaphores and process-shared thread primitives, under the manual pages' names.

export type { CallOptions } from './outcome.ts';
export { alignof, type CType, Pointer, type PointerType, type Region, sizeof } from './pointer.ts';
export {
  pthread_barrier_destroy,
  pthread_barrier_init,
  pthread_barrier_t,
  pthread_barrier_wait,
  pthread_barrier_waitAsync,
} from './posix/barrier.ts';
export {
  pthread_cond_broadcast,
  pthread_cond_destroy,
  pthread_cond_init,
  pthread_cond_signal,
  pthread_cond_t,
  pthread_cond_timedwait,
  pthread_cond_timedwaitAsync,
  pthread_cond_wait,
  pthread_cond_waitAsync,
  type SharedAttributes,
} from './posix/condition.ts';
export * from './posix/constants.ts';
export * from './posix/constants-sync.ts';
export { sysconf } from './posix/limits.ts';
export {
  addressof,
  check,
  madvise,
  mlock,
  mmap,
  mprotect,
  msync,
  msyncAsync,
  munlock,
  munmap,
} from './posix/memory.ts';
export {
  type MutexAttributes,
  pthread_mutex_consistent,
  pthread_mutex_destroy,
  pthread_mutex_init,
  pthread_mutex_lock,
  pthread_mutex_lockAsync,
  pthread_mutex_t,
  pthread_mutex_timedlock,
  pthread_mutex_timedlockAsync,
  pthread_mutex_trylock,
  pthread_mutex_unlock,
} from './posix/mutex.ts';
export {
  pthread_rwlock_destroy,
  pthread_rwlock_init,
  pthread_rwlock_rdlock,
  pthread_rwlock_rdlockAsync,
  pthread_rwlock_t,
  pthread_rwlock_timedrdlock,
  pthread_rwlock_timedrdlockAsync,
  pthread_rwlock_timedwrlock,
  pthread_rwlock_timedwrlockAsync,
  pthread_rwlock_tryrdlock,
  pthread_rwlock_trywrlock,
  pthread_rwlock_unlock,
  pthread_rwlock_wrlock,
  pthread_rwlock_wrlockAsync,
} from './posix/rwlock.ts';
export {
  sem_close,
  sem_destroy,
  sem_getvalue,
  sem_init,
  sem_open,
  sem_post,
  sem_t,
  sem_timedwait,
  sem_timedwaitAsync,
  sem_trywait,
  sem_unlink,
  sem_wait,
  sem_waitAsync,
} from './posix/semaphore.ts';
export {
  close,
  fstat,
  ftruncate,
  posix_fallocate,
  posix_fallocateAsync,
  type Stat,
  shm_open,
  shm_unlink,
} from './posix/shm.ts';
export type { AbsoluteTime, timespec } from './time.ts';
