// The errors that come of other users, of other limits, and of too little memory that may be locked. Needs root for the first
// kind; the limits are those of an IPC namespace of the test's own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { IPC_SET, IPC_STAT, SHM_RDONLY, semctl, shmctl } from '../../../src/os/sysv.ts';
import { needs } from '../../support/extras.ts';
import { type Child, startChild } from '../../support/puppets.ts';
import { needsRoot } from '../../support/segments.ts';
import { newFolder, newKey, newSegment, newSet, startNobody } from './objects.ts';

const { EACCES, EPERM, ENOSPC, ENOMEM } = os.constants.errno;

/** What a call fails with in that child: its errno, or 0. */
function errnoIn(child: Child, call: string, ...args: unknown[]): Promise<number> {
  return child.run(
    async ({ sysv }, call, args) => {
      try {
        await (sysv as unknown as Record<string, (...args: unknown[]) => unknown>)[call]?.(...args);
        return 0;
      } catch (error) {
        const { errno } = error as { errno?: number };
        if (errno === undefined) throw error;
        return errno;
      }
    },
    call,
    args,
  );
}

test('EACCES: what the mode does not allow to others', { skip: needsRoot }, async (t) => {
  const nobody = await startNobody();
  const [one, two, three] = [newKey().key, newKey().key, newKey().key];
  const shm = newSegment(t, 4096, 0o600, one);
  const readable = newSegment(t, 4096, 0o604, two);
  const sem = newSet(t, [1, 1], 0o600, three);
  const seen = newSet(t, [1, 1], 0o604);
  const step = [{ sem_num: 0, sem_op: -1 }];
  for (const [call, ...args] of [
    ['shmget', one, 0, 0o600],
    ['shmat', shm, null],
    ['shmat', readable, null],
    ['shmctl', shm, IPC_STAT],
    ['semget', three, 0, 0o600],
    ['semop', sem, step],
    ['semop', seen, step],
    ['semopAsync', sem, step],
    ['semctl', sem, 0, 12 /* GETVAL */],
    ['semctl', sem, 0, 13 /* GETALL */],
    ['semctl', sem, 0, IPC_STAT],
    ['semctl', seen, 0, 16 /* SETVAL */, 1],
    ['semctl', seen, 0, 17 /* SETALL */, [1, 1]],
  ] as const) {
    assert.equal(await errnoIn(nobody, call, ...args), EACCES, `${call} ${args}`);
  }
  assert.equal(await errnoIn(nobody, 'shmat', readable, null, SHM_RDONLY), 0);
  // A step of 0 only looks.
  assert.equal(await errnoIn(nobody, 'semtimedop', seen, [{ sem_num: 0, sem_op: 0 }], 0), 11);
});

test('EACCES of ftok: a folder that may not be searched', { skip: needsRoot }, async (t) => {
  const folder = newFolder(t);
  fs.writeFileSync(path.join(folder, 'file'), '');
  fs.chmodSync(folder, 0o700);
  assert.equal(await errnoIn(await startNobody(), 'ftok', path.join(folder, 'file'), 1), EACCES);
});

test('EPERM: who is neither owner nor creator', { skip: needsRoot }, async (t) => {
  const nobody = await startNobody();
  const shm = newSegment(t, 4096, 0o666);
  const sem = newSet(t, [1], 0o666);
  const perm = { uid: 0, gid: 0, mode: 0o600 };
  for (const [call, ...args] of [
    ['shmctl', shm, IPC_SET, { shm_perm: perm }],
    ['shmctl', shm, 0 /* IPC_RMID */],
    ['shmctl', shm, 11 /* SHM_LOCK */],
    ['semctl', sem, 0, IPC_SET, { sem_perm: perm }],
    ['semctl', sem, 0, 0 /* IPC_RMID */],
    ['shmget', 0, 4096, 0o4600 /* SHM_HUGETLB */],
  ] as const) {
    assert.equal(await errnoIn(nobody, call, ...args), EPERM, `${call} ${args}`);
  }
});

test('IPC_SET gives it to somebody else, who may then remove it', {
  skip: needsRoot,
}, async (t) => {
  const nobody = await startNobody();
  const uid = await nobody.run(() => process.getuid?.() as number);
  const shm = newSegment(t, 4096);
  shmctl(shm, IPC_SET, { shm_perm: { uid, gid: uid, mode: 0o600 } });
  const { shm_perm } = shmctl(shm, IPC_STAT);
  assert.deepEqual([shm_perm.uid, shm_perm.gid, shm_perm.cuid], [uid, uid, 0]);
  assert.equal(await errnoIn(nobody, 'shmctl', shm, 0), 0);
  const sem = newSet(t, [1]);
  semctl(sem, 0, IPC_SET, { sem_perm: { uid, gid: uid, mode: 0o600 } });
  assert.equal(await errnoIn(nobody, 'semctl', sem, 0, 0), 0);
});

test('who may write and not read sets all values: the kernel’s table says how many', {
  skip: needsRoot,
}, async (t) => {
  const sem = newSet(t, [1, 2, 3], 0o602);
  const nobody = await startNobody();
  assert.equal(await errnoIn(nobody, 'semctl', sem, 0, 17 /* SETALL */, [7, 8, 9]), 0);
  assert.deepEqual([...semctl(sem, 0, 13 /* GETALL */)], [7, 8, 9]);
  await assert.rejects(errnoIn(nobody, 'semctl', sem, 0, 17, [7, 8]), { name: 'TypeError' });
});

test('ENOMEM: more locked memory than RLIMIT_MEMLOCK', { skip: needsRoot }, async (t) => {
  const nobody = await startNobody({ under: ['prlimit', '--memlock=65536:65536'] });
  const uid = await nobody.run(() => process.getuid?.() as number);
  const shm = newSegment(t, 1 << 20);
  shmctl(shm, IPC_SET, { shm_perm: { uid, gid: uid, mode: 0o600 } });
  assert.equal(await errnoIn(nobody, 'shmctl', shm, 11 /* SHM_LOCK */), ENOMEM);
});

const namespace = () =>
  needs('unshare', () => {
    try {
      execFileSync('unshare', ['-i', 'test', '-w', '/proc/sys/kernel/shmmni'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });

test('ENOSPC: no identifiers, no pages, no semaphores left', { skip: namespace() }, async () => {
  const child = await startChild({ under: ['unshare', '-i'] });
  const set = (name: string, value: string): Promise<void> =>
    child.run(
      ({ fs }, name, value) => fs.writeFileSync(`/proc/sys/kernel/${name}`, value),
      name,
      value,
    );
  // SHMMNI
  await set('shmmni', '2');
  assert.equal(await errnoIn(child, 'shmget', 0, 4096, 0o600), 0);
  assert.equal(await errnoIn(child, 'shmget', 0, 4096, 0o600), 0);
  assert.equal(await errnoIn(child, 'shmget', 0, 4096, 0o600), ENOSPC);
  // SHMALL
  await set('shmmni', '100');
  await set('shmall', '10');
  assert.equal(await errnoIn(child, 'shmget', 0, 9 * 4096, 0o600), ENOSPC);
  assert.equal(await errnoIn(child, 'shmget', 0, 8 * 4096, 0o600), 0);
  // SEMMSL, SEMMNS, SEMOPM, SEMMNI
  await set('sem', '5\t7\t3\t2');
  assert.equal(await errnoIn(child, 'semget', 0, 6, 0o600), os.constants.errno.EINVAL);
  assert.equal(await errnoIn(child, 'semget', 0, 5, 0o600), 0);
  assert.equal(await errnoIn(child, 'semget', 0, 3, 0o600), ENOSPC);
  assert.equal(await errnoIn(child, 'semget', 0, 2, 0o600), 0);
  await set('sem', '5\t70\t3\t2');
  assert.equal(await errnoIn(child, 'semget', 0, 1, 0o600), ENOSPC);
  // What is in a namespace goes with its last process.
  await child.kill();
});
