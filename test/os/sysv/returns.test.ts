// What C's functions return is what these return: 0 where they tell of success, and the value that they ask for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sysv from '../../../src/os/sysv.ts';
import { newSegment, newSet } from './objects.ts';

test('0 is success', async (t) => {
  const shmid = newSegment(t, 8);
  const semid = newSet(t, [1, 1]);
  const { shm_perm } = sysv.shmctl(shmid, sysv.IPC_STAT);
  const { sem_perm } = sysv.semctl(semid, 0, sysv.IPC_STAT);
  const give = [{ sem_num: 0, sem_op: 1 }];
  const results = [
    sysv.shmdt(sysv.shmat(shmid, null)),
    sysv.shmctl(shmid, sysv.IPC_SET, { shm_perm }),
    sysv.shmctl(shmid, sysv.SHM_LOCK),
    sysv.shmctl(shmid, sysv.SHM_UNLOCK),
    sysv.shmctl(shmid, sysv.IPC_RMID),
    sysv.semop(semid, give),
    sysv.semtimedop(semid, give, 1),
    await sysv.semopAsync(semid, give),
    await sysv.semtimedopAsync(semid, give, 1),
    sysv.semctl(semid, 0, sysv.IPC_SET, { sem_perm }),
    sysv.semctl(semid, 0, sysv.SETVAL, 2),
    sysv.semctl(semid, 0, sysv.SETALL, [2, 3]),
  ];
  assert.deepEqual(results, Array(results.length).fill(0));
  assert.equal(sysv.semctl(semid, 1, sysv.GETVAL), 3);
  assert.equal(sysv.semctl(semid, 1, sysv.GETPID), process.pid);
  assert.equal(sysv.semctl(semid, 0, sysv.IPC_RMID), 0);
});
