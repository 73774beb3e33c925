// Each documented error of System V's calls, provoked; what needs other users or other limits is in errors-privileged.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import {
  ftok,
  GETNCNT,
  GETVAL,
  IPC_CREAT,
  IPC_EXCL,
  IPC_NOWAIT,
  IPC_PRIVATE,
  IPC_RMID,
  IPC_STAT,
  SEM_INFO,
  SEM_STAT,
  SEM_UNDO,
  SETALL,
  SETVAL,
  SHM_INFO,
  SHM_NORESERVE,
  SHM_REMAP,
  SHM_STAT,
  semctl,
  semget,
  semop,
  semopAsync,
  semtimedop,
  semtimedopAsync,
  shmat,
  shmctl,
  shmdt,
  shmget,
} from '../../../src/os/sysv.ts';
import { startChild, startWorker } from '../../support/puppets.ts';
import { until } from '../../support/segments.ts';
import { failsWith, newFolder, newKey, newSegment, newSet, rejectsWith } from './objects.ts';

/** A command and an identifier that are nobody's. */
const NO_COMMAND = 999 as typeof IPC_RMID;
const NO_ID = 0x7fff_ff00;

test('ftok: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, as stat(2) says', (t) => {
  const folder = newFolder(t);
  const file = path.join(folder, 'file');
  fs.writeFileSync(file, '');
  const loop = path.join(folder, 'loop');
  fs.symlinkSync(loop, loop);
  failsWith(() => ftok(path.join(folder, 'none'), 1), 'ftok', 'ENOENT');
  failsWith(() => ftok('', 1), 'ftok', 'ENOENT');
  failsWith(() => ftok(path.join(file, 'below'), 1), 'ftok', 'ENOTDIR');
  failsWith(() => ftok(loop, 1), 'ftok', 'ELOOP');
  failsWith(() => ftok(path.join(folder, 'n'.repeat(256)), 1), 'ftok', 'ENAMETOOLONG');
});

test('shmget: ENOENT, EEXIST, EINVAL, ENOMEM', (t) => {
  const { key } = newKey();
  assert.equal(
    failsWith(() => shmget(key, 8, 0), 'shmget', 'ENOENT').code,
    'ERR_MEMSPAN_NOT_FOUND',
  );
  newSegment(t, 4096, 0o600, key);
  const exists = failsWith(() => shmget(key, 8, IPC_CREAT | IPC_EXCL), 'shmget', 'EEXIST');
  assert.equal(exists.code, 'ERR_MEMSPAN_EXISTS');
  assert.match(exists.object ?? '', /^key 0x[0-9a-f]{8}$/);
  failsWith(() => shmget(key, 4097, 0), 'shmget', 'EINVAL');
  failsWith(() => shmget(IPC_PRIVATE, 0, IPC_CREAT), 'shmget', 'EINVAL');
  // More than there is and could be: refused, not given and missing later.
  failsWith(() => shmget(IPC_PRIVATE, 2 ** 50, IPC_CREAT | 0o600), 'shmget', 'ENOMEM');
});

test('shmat: EINVAL, ENOMEM', (t) => {
  failsWith(() => shmat(NO_ID, null), 'shmat', 'EINVAL');
  failsWith(() => shmat(-1, null), 'shmat', 'EINVAL');
  const id = newSegment(t, 8);
  failsWith(() => shmat(id, null, SHM_REMAP), 'shmat', 'EINVAL');
  const large = newSegment(t, 2 ** 50, SHM_NORESERVE | 0o600);
  assert.equal(
    failsWith(() => shmat(large, null), 'shmat', 'ENOMEM').code,
    'ERR_MEMSPAN_NO_MEMORY',
  );
  assert.equal(shmctl(large, IPC_STAT).shm_nattch, 0);
});

test('shmdt: EINVAL for what is not attached: twice, inside, elsewhere', (t) => {
  const id = newSegment(t, 8192);
  const buffer = shmat(id, null);
  failsWith(() => shmdt(new Uint8Array(buffer, 4096)), 'shmdt', 'EINVAL');
  failsWith(() => shmdt(new SharedArrayBuffer(8)), 'shmdt', 'EINVAL');
  failsWith(() => shmdt(new ArrayBuffer(8)), 'shmdt', 'EINVAL');
  failsWith(() => shmdt(new Uint8Array(0)), 'shmdt', 'EINVAL');
  assert.equal(shmctl(id, IPC_STAT).shm_nattch, 1);
  shmdt(buffer);
  failsWith(() => shmdt(buffer), 'shmdt', 'EINVAL');
});

test('shmctl: EINVAL for no identifier, no command, no index in use', (t) => {
  const id = newSegment(t, 8);
  for (const command of [IPC_STAT, IPC_RMID, SHM_STAT] as const) {
    failsWith(() => shmctl(NO_ID, command as typeof IPC_RMID), 'shmctl', 'EINVAL');
  }
  failsWith(() => shmctl(NO_ID, 1, { shm_perm: { uid: 0, gid: 0, mode: 0 } }), 'shmctl', 'EINVAL');
  failsWith(() => shmctl(id, NO_COMMAND), 'shmctl', 'EINVAL');
  failsWith(() => shmctl(shmctl(0, SHM_INFO).index + 1000, SHM_STAT), 'shmctl', 'EINVAL');
});

test('semget: ENOENT, EEXIST, EINVAL', (t) => {
  const { key } = newKey();
  failsWith(() => semget(key, 1, 0), 'semget', 'ENOENT');
  newSet(t, [0, 0], 0o600, key);
  failsWith(() => semget(key, 2, IPC_CREAT | IPC_EXCL), 'semget', 'EEXIST');
  failsWith(() => semget(key, 3, 0), 'semget', 'EINVAL');
  failsWith(() => semget(IPC_PRIVATE, 0, IPC_CREAT), 'semget', 'EINVAL');
  failsWith(() => semget(IPC_PRIVATE, -1, IPC_CREAT), 'semget', 'EINVAL');
  const { semmsl } = semctl(0, 0, SEM_INFO);
  failsWith(() => semget(IPC_PRIVATE, semmsl + 1, IPC_CREAT), 'semget', 'EINVAL');
});

test('semctl: EINVAL, ERANGE', (t) => {
  const id = newSet(t, [1, 1]);
  failsWith(() => semctl(NO_ID, 0, GETVAL), 'semctl', 'EINVAL');
  failsWith(() => semctl(NO_ID, 0, IPC_STAT), 'semctl', 'EINVAL');
  failsWith(() => semctl(NO_ID, 0, SETALL, [1]), 'semctl', 'EINVAL');
  failsWith(() => semctl(id, 2, GETVAL), 'semctl', 'EINVAL');
  failsWith(() => semctl(id, -1, SETVAL, 1), 'semctl', 'EINVAL');
  failsWith(() => semctl(id, 0, NO_COMMAND), 'semctl', 'EINVAL');
  failsWith(() => semctl(semctl(0, 0, SEM_INFO).index + 1000, 0, SEM_STAT), 'semctl', 'EINVAL');
  const tooHigh = failsWith(() => semctl(id, 0, SETVAL, 32_768), 'semctl', 'ERANGE');
  assert.equal(tooHigh.code, 'ERR_MEMSPAN_OVERFLOW');
  failsWith(() => semctl(id, 0, SETVAL, -1), 'semctl', 'ERANGE');
  failsWith(() => semctl(id, 0, SETALL, [1, 32_768]), 'semctl', 'ERANGE');
});

const take = (sem_num = 0, sem_flg = 0) => ({ sem_num, sem_op: -1, sem_flg });
const give = (sem_num = 0, sem_op = 1) => ({ sem_num, sem_op });

test('semop: EINVAL, E2BIG, EFBIG, ERANGE, EAGAIN', async (t) => {
  const id = newSet(t, [0, 1]);
  const { semopm } = semctl(0, 0, SEM_INFO);
  const cases: [() => unknown, () => Promise<unknown>, string][] = [
    [() => semop(NO_ID, [take()]), () => semopAsync(NO_ID, [take()]), 'EINVAL'],
    [() => semop(-1, [take()]), () => semopAsync(-1, [take()]), 'EINVAL'],
    [() => semop(id, []), () => semopAsync(id, []), 'EINVAL'],
    [
      () => semop(id, Array(semopm + 1).fill(give())),
      () => semopAsync(id, Array(semopm + 1).fill(give())),
      'E2BIG',
    ],
    [() => semop(id, [give(2)]), () => semopAsync(id, [give(2)]), 'EFBIG'],
    [() => semop(id, [give(1, 32_767)]), () => semopAsync(id, [give(1, 32_767)]), 'ERANGE'],
    [
      () => semop(id, [take(1), take(0, IPC_NOWAIT)]),
      () => semopAsync(id, [take(1), take(0, IPC_NOWAIT)]),
      'EAGAIN',
    ],
  ];
  for (const [act, actAsync, name] of cases) {
    failsWith(act, 'semop', name);
    await rejectsWith(actAsync(), 'semop', name);
  }
  assert.deepEqual([semctl(id, 0, GETVAL), semctl(id, 1, GETVAL)], [0, 1]);
  semop(id, Array(semopm).fill(give()));
  assert.equal(semctl(id, 0, GETVAL), semopm);
});

test('semop with SEM_UNDO: ERANGE beyond what can be undone', (t) => {
  const id = newSet(t, [0]);
  const undone = { sem_num: 0, sem_op: 32_767, sem_flg: SEM_UNDO };
  semop(id, [undone]);
  semop(id, [{ sem_num: 0, sem_op: -32_767 }]);
  failsWith(() => semop(id, [undone]), 'semop', 'ERANGE');
});

test('semtimedop: EAGAIN when the time is over, EINVAL for what is no time', async (t) => {
  const id = newSet(t, [0]);
  for (const time of [0, 5, { tv_sec: 0, tv_nsec: 5_000_000 }]) {
    const late = failsWith(() => semtimedop(id, [take()], time), 'semtimedop', 'EAGAIN');
    assert.equal(late.code, 'ERR_MEMSPAN_WOULD_BLOCK');
    await rejectsWith(semtimedopAsync(id, [take()], time), 'semtimedop', 'EAGAIN');
  }
  for (const time of [
    { tv_sec: -1, tv_nsec: 0 },
    { tv_sec: 0, tv_nsec: -1 },
    { tv_sec: 0, tv_nsec: 1_000_000_000 },
  ]) {
    failsWith(() => semtimedop(id, [take()], time), 'semtimedop', 'EINVAL');
    await rejectsWith(semtimedopAsync(id, [take()], time), 'semtimedop', 'EINVAL');
  }
});

test('semop: EIDRM when the set is removed while it waits, in a slice or between two', async (t) => {
  const blocked = await startChild();
  const inSlices = await startWorker();
  for (let round = 0; round < 5; round++) {
    const id = newSet(t, [0, 0]);
    const waits: [Promise<unknown>, string][] = [
      [semopAsync(id, [take()]), 'semop'],
      [semtimedopAsync(id, [take()], 40_000), 'semtimedop'],
    ];
    const errnos = [blocked, inSlices].map((puppet) =>
      puppet.run(({ sysv }, id) => {
        try {
          sysv.semop(id, [{ sem_num: 0, sem_op: -1 }]);
          return 0;
        } catch (error) {
          return (error as { errno: number }).errno;
        }
      }, id),
    );
    const told = waits.map(([promise, syscall]) => rejectsWith(promise, syscall, 'EIDRM'));
    await until(() => semctl(id, 0, GETNCNT) === 4, 'all to wait');
    semctl(id, 0, IPC_RMID);
    for (const error of await Promise.all(told)) assert.equal(error.code, 'ERR_MEMSPAN_CLOSED');
    assert.deepEqual(await Promise.all(errnos), Array(2).fill(os.constants.errno.EIDRM));
  }
});
