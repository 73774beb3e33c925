// shmget, shmat, shmdt, shmctl: what the manual pages say they do.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import {
  ftok,
  IPC_CREAT,
  IPC_INFO,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  SHM_DEST,
  SHM_HUGETLB,
  SHM_INFO,
  SHM_LOCK,
  SHM_LOCKED,
  SHM_NORESERVE,
  SHM_RDONLY,
  SHM_STAT,
  SHM_STAT_ANY,
  SHM_UNLOCK,
  shmat,
  shmctl,
  shmdt,
  shmget,
} from '../../../src/os/sysv.ts';
import { startChild } from '../../support/puppets.ts';
import { attachments, failsWith, newKey, newSegment } from './objects.ts';

const now = (): number => Math.floor(Date.now() / 1000);

test('a key leads to the same bytes here and in another process', async (t) => {
  const { file, key } = newKey();
  const id = newSegment(t, 10_000, 0o600, key);
  assert.equal(shmget(key, 0, 0), id);
  assert.equal(shmget(key >>> 0, 10_000, IPC_CREAT), id);
  const bytes = new Uint8Array(shmat(id, null));
  const other = await startChild();
  const seen = await other.run(({ sysv }, file) => {
    const id = sysv.shmget(sysv.ftok(file, 1), 0, 0);
    const bytes = new Uint8Array(sysv.shmat(id, null));
    bytes[9999] = 7;
    return [id, bytes.length];
  }, file);
  assert.deepEqual(seen, [id, 10_000]);
  assert.equal(bytes[9999], 7);
  shmdt(bytes);
});

test('ftok counts the low eight bits of proj_id', () => {
  const { file } = newKey();
  const { ino, dev } = fs.statSync(file);
  for (const id of [1, 65, 255, 256 + 65, -1]) {
    const expected = (ino & 0xffff) | ((dev & 0xff) << 16) | ((id & 0xff) << 24);
    assert.equal(ftok(file, id), expected | 0);
  }
});

test('the buffer has as many bytes as were asked for, zeros at first', (t) => {
  for (const size of [1, 4095, 4096, 4097, 100_000]) {
    const buffer = shmat(newSegment(t, size), null);
    assert.ok(buffer instanceof SharedArrayBuffer);
    assert.equal(buffer.byteLength, size);
    assert.ok(new Uint8Array(buffer).every((byte) => byte === 0));
    shmdt(buffer);
  }
});

test('a segment of more than 4 GiB has a buffer of that size', (t) => {
  const size = 2 ** 32 + 4099;
  const id = newSegment(t, size, SHM_NORESERVE | 0o600);
  const [one, two] = [shmat(id, null), shmat(id, null)];
  assert.equal(one.byteLength, size);
  new Uint8Array(one, size - 3)[2] = 9;
  assert.equal(new Uint8Array(two, size - 1)[0], 9);
  assert.equal(new Uint8Array(two, 4098, 1)[0], 0);
  shmdt(one);
  shmdt(two);
  assert.equal(attachments(id), 0);
});

test('IPC_STAT says who, how large, when and how often', (t) => {
  const before = now();
  const { key } = newKey();
  const id = newSegment(t, 12_345, 0o640, key);
  const made = shmctl(id, IPC_STAT);
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  assert.ok(made.shm_ctime >= before && made.shm_ctime <= now());
  assert.ok(made.shm_perm.seq >= 0);
  assert.deepEqual(made, {
    shm_perm: { key, uid, gid, cuid: uid, cgid: gid, mode: 0o640, seq: made.shm_perm.seq },
    shm_segsz: 12_345,
    shm_atime: 0,
    shm_dtime: 0,
    shm_ctime: made.shm_ctime,
    shm_cpid: process.pid,
    shm_lpid: 0,
    shm_nattch: 0,
  });
  const buffer = shmat(id, null);
  const attached = shmctl(id, IPC_STAT);
  assert.deepEqual([attached.shm_nattch, attached.shm_lpid], [1, process.pid]);
  assert.ok(attached.shm_atime >= before && attached.shm_atime <= now());
  shmdt(buffer);
  const detached = shmctl(id, IPC_STAT);
  assert.equal(detached.shm_nattch, 0);
  assert.ok(detached.shm_dtime >= before && detached.shm_dtime <= now());
});

test('IPC_SET changes the mode and nothing but the nine bits', (t) => {
  const id = newSegment(t, 8);
  const { shm_perm } = shmctl(id, IPC_STAT);
  shmctl(id, IPC_SET, { shm_perm: { ...shm_perm, mode: 0o7640 } });
  assert.equal(shmctl(id, IPC_STAT).shm_perm.mode, 0o640);
});

test('IPC_RMID takes the key at once, and the bytes when the last one has detached', (t) => {
  const { key } = newKey();
  const id = newSegment(t, 8, 0o600, key);
  const buffer = shmat(id, null);
  shmctl(id, IPC_RMID);
  failsWith(() => shmget(key, 0, 0), 'shmget', 'ENOENT');
  const { shm_perm } = shmctl(id, IPC_STAT);
  assert.deepEqual([shm_perm.key, shm_perm.mode], [0, SHM_DEST | 0o600]);
  // Linux lets others attach it by its identifier still (shmctl(2), NOTES).
  const again = shmat(id, null);
  new Uint8Array(again)[0] = 1;
  assert.equal(new Uint8Array(buffer)[0], 1);
  shmdt(buffer);
  assert.equal(attachments(id), 1);
  shmdt(again);
  failsWith(() => shmctl(id, IPC_STAT), 'shmctl', 'EINVAL');
});

test('SHM_LOCK and SHM_UNLOCK', (t) => {
  const id = newSegment(t, 4096);
  shmctl(id, SHM_LOCK);
  assert.equal(shmctl(id, IPC_STAT).shm_perm.mode, SHM_LOCKED | 0o600);
  shmctl(id, SHM_UNLOCK);
  assert.equal(shmctl(id, IPC_STAT).shm_perm.mode, 0o600);
});

test('IPC_INFO and SHM_INFO are the kernel’s limits and counts; SHM_STAT finds it by index', (t) => {
  const id = newSegment(t, 5000);
  const limits = shmctl(0, IPC_INFO);
  const limit = (name: string) => fs.readFileSync(`/proc/sys/kernel/${name}`, 'utf8').trim();
  assert.equal(String(limits.shmmax), limit('shmmax'));
  assert.equal(String(limits.shmall), limit('shmall'));
  assert.equal(String(limits.shmmni), limit('shmmni'));
  const use = shmctl(0, SHM_INFO);
  assert.ok(use.used_ids >= 1 && use.shm_tot >= 2 && use.index >= 0);
  const found: number[] = [];
  for (let index = 0; index <= use.index; index++) {
    try {
      const { shmid, shm_segsz } = shmctl(index, SHM_STAT);
      const any = shmctl(index, SHM_STAT_ANY);
      assert.deepEqual([any.shmid, any.shm_segsz], [shmid, shm_segsz]);
      if (shmid === id) found.push(shm_segsz);
    } catch {
      // Nobody's, or another test's that goes just now.
    }
  }
  assert.deepEqual(found, [5000]);
});

test('with SHM_RDONLY a write is not seen by others, and ends nobody', (t) => {
  const id = newSegment(t, 8192);
  const writable = new Uint8Array(shmat(id, null));
  const readable = new Uint8Array(shmat(id, null, SHM_RDONLY));
  writable[0] = 5;
  assert.equal(readable[0], 5);
  readable[0] = 6;
  assert.equal(writable[0], 5);
  writable[4096] = 8;
  assert.equal(readable[4096], 8);
  shmdt(readable);
  shmdt(writable);
  assert.equal(attachments(id), 0);
});

test('with SHM_RDONLY leave to read is enough', async (t) => {
  const id = newSegment(t, 8, 0o400);
  shmdt(shmat(id, null, SHM_RDONLY));
  assert.equal(attachments(id), 0);
});

test('huge pages: as the machine has them, or the error that says it has none', (t) => {
  const size = 2 * 1024 * 1024 + 1;
  let id: number;
  try {
    id = newSegment(t, size, SHM_HUGETLB | 0o600);
  } catch (error) {
    failsWith(
      () => {
        throw error;
      },
      'shmget',
      process.getuid?.() === 0 ? 'ENOMEM' : 'EPERM',
    );
    return;
  }
  const buffer = shmat(id, null);
  assert.equal(buffer.byteLength, size);
  new Uint8Array(buffer)[size - 1] = 1;
  const readable = new Uint8Array(shmat(id, null, SHM_RDONLY));
  assert.equal(readable[size - 1], 1);
  readable[0] = 7;
  assert.equal(new Uint8Array(buffer)[0], 0);
  shmdt(readable);
  shmdt(buffer);
  assert.equal(attachments(id), 0);
});
