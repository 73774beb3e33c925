// ipcs(): what ipcs(1) of util-linux prints, and what the kernel says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import {
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  ipcs,
  SHM_LOCK,
  semctl,
  semop,
  shmat,
  shmctl,
  shmdt,
  type shmid_ds,
} from '../../../src/os/sysv.ts';
import { needs } from '../../support/extras.ts';
import { newKey, newSegment, newSet } from './objects.ts';

/** The rows that ipcs prints: their cells, by the numbers in the second column. */
function printed(option: '-m' | '-s'): Map<number, string[]> {
  const text = execFileSync('ipcs', [option], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const rows = text.split('\n').filter((line) => line.startsWith('0x'));
  return new Map(
    rows.map((row) => row.trim().split(/\s+/)).map((cells) => [Number(cells[1]), cells]),
  );
}

const keyed = (key: number): string => `0x${(key >>> 0).toString(16).padStart(8, '0')}`;

test('memory: key, shmid, owner, perms, bytes, nattch and status, as ipcs -m prints', {
  skip: needs('ipcs'),
}, (t) => {
  const { key } = newKey();
  const ids = [newSegment(t, 12_345, 0o640, key), newSegment(t, 1, 0o600), newSegment(t, 8192)];
  const [plain, locked, removed] = ids as [number, number, number];
  const buffers = [shmat(plain, null), shmat(plain, null), shmat(removed, null)];
  shmctl(locked, SHM_LOCK);
  shmctl(removed, IPC_RMID);
  const { shm } = ipcs();
  const stats = new Map(ids.map((id) => [id, shmctl(id, IPC_STAT)]));
  // Changes shm_lpid: the child is attached, too, from its fork to its exec.
  const rows = printed('-m');
  for (const id of ids) {
    const row = shm.find(({ shmid }) => shmid === id);
    assert.ok(row);
    const { key, shmid, owner, perms, bytes, nattch, status } = row;
    const cells = [keyed(key), shmid, owner, perms.toString(8), bytes, nattch, ...status];
    assert.deepEqual(rows.get(id), cells.map(String));
    const known = stats.get(id) as shmid_ds;
    assert.deepEqual(
      [row.uid, row.gid, row.cuid, row.cgid, row.cpid, row.lpid],
      [
        known.shm_perm.uid,
        known.shm_perm.gid,
        known.shm_perm.cuid,
        known.shm_perm.cgid,
        known.shm_cpid,
        known.shm_lpid,
      ],
    );
    assert.deepEqual(
      [row.atime, row.dtime, row.ctime],
      [known.shm_atime, known.shm_dtime, known.shm_ctime],
    );
  }
  assert.deepEqual(shm.find(({ shmid }) => shmid === plain)?.nattch, 2);
  assert.deepEqual(shm.find(({ shmid }) => shmid === locked)?.status, ['locked']);
  assert.deepEqual(shm.find(({ shmid }) => shmid === removed)?.status, ['dest']);
  for (const buffer of buffers) shmdt(buffer);
  assert.equal(
    ipcs().shm.some(({ shmid }) => shmid === removed),
    false,
  );
});

test('semaphores: key, semid, owner, perms and nsems, as ipcs -s prints', {
  skip: needs('ipcs'),
}, (t) => {
  const { key } = newKey();
  const ids = [newSet(t, [1, 2, 3], 0o640, key), newSet(t, [0])];
  semop(ids[0] as number, [{ sem_num: 0, sem_op: -1 }]);
  const { sem } = ipcs();
  const rows = printed('-s');
  for (const id of ids) {
    const row = sem.find(({ semid }) => semid === id);
    assert.ok(row);
    const cells = [keyed(row.key), row.semid, row.owner, row.perms.toString(8), row.nsems];
    assert.deepEqual(rows.get(id), cells.map(String));
    const known = semctl(id, 0, IPC_STAT);
    assert.deepEqual([row.otime, row.ctime], [known.sem_otime, known.sem_ctime]);
  }
});

test('an owner without a name is a number', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, (t) => {
  const id = newSegment(t, 8);
  shmctl(id, IPC_SET, { shm_perm: { uid: 3_141_592, gid: 0, mode: 0o600 } });
  assert.equal(ipcs().shm.find(({ shmid }) => shmid === id)?.owner, '3141592');
});

test('of every kind there is what ipcs lists, and nothing else', { skip: needs('ipcs') }, () => {
  // Other tests make and remove theirs meanwhile: look until nothing has changed between two looks.
  for (let tries = 0; ; tries++) {
    const before = JSON.stringify([[...printed('-m').keys()], [...printed('-s').keys()]]);
    const { shm, sem } = ipcs();
    const ours = JSON.stringify([shm.map(({ shmid }) => shmid), sem.map(({ semid }) => semid)]);
    const after = JSON.stringify([[...printed('-m').keys()], [...printed('-s').keys()]]);
    if (before !== after && tries < 1000) continue;
    assert.equal(ours, before);
    return;
  }
});
