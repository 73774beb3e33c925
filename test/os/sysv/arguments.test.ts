// Wrong types are TypeErrors and numbers that the C type cannot hold are RangeErrors, before the system is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sysv from '../../../src/os/sysv.ts';
import { newSegment, newSet } from './objects.ts';

const TYPE = 'ERR_MEMSPAN_INVALID_ARGUMENT';
const RANGE = 'ERR_MEMSPAN_OUT_OF_RANGE';

// biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
const any = (value: unknown): any => value;

function refuses(act: () => unknown, code: string): void {
  const kind = code === TYPE ? TypeError : RangeError;
  assert.throws(
    act,
    (error) => error instanceof kind && (error as { code?: string }).code === code,
  );
}

test('shmget: key, size and flags', (t) => {
  const before = sysv.ipcs().shm.length;
  for (const size of [-1, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY, 1.5, -(2 ** 63)]) {
    refuses(() => sysv.shmget(sysv.IPC_PRIVATE, size, sysv.IPC_CREAT), RANGE);
  }
  for (const size of ['8', 8n, null, undefined, {}]) {
    refuses(() => sysv.shmget(sysv.IPC_PRIVATE, any(size), sysv.IPC_CREAT), TYPE);
  }
  for (const key of [2 ** 32, -(2 ** 31) - 1, 0.5]) refuses(() => sysv.shmget(key, 8, 0), RANGE);
  refuses(() => sysv.shmget(any('key'), 8, 0), TYPE);
  refuses(() => sysv.shmget(1, 8, 2 ** 31), RANGE);
  refuses(() => sysv.shmget(1, 8, any(undefined)), TYPE);
  t.diagnostic('a refused call makes nothing');
  assert.equal(sysv.ipcs().shm.length, before);
});

test('shmat and shmdt: the identifier, no address, the buffer', (t) => {
  const id = newSegment(t, 8);
  refuses(() => sysv.shmat(any('1'), null), TYPE);
  refuses(() => sysv.shmat(2 ** 31, null), RANGE);
  refuses(() => sysv.shmat(id, any(0x10000)), TYPE);
  refuses(() => sysv.shmat(id, any(undefined)), TYPE);
  refuses(() => sysv.shmat(id, null, any('ro')), TYPE);
  for (const region of [undefined, null, 0, {}, [], 'buffer']) {
    refuses(() => sysv.shmdt(any(region)), TYPE);
  }
  assert.equal(sysv.shmctl(id, sysv.IPC_STAT).shm_nattch, 0);
});

test('shmctl and semctl: the command and what it takes', (t) => {
  const shm = newSegment(t, 8);
  const sem = newSet(t, [1, 2]);
  refuses(() => sysv.shmctl(shm, any('IPC_STAT')), TYPE);
  for (const buf of [undefined, null, {}, { shm_perm: { uid: 0, gid: 0 } }, { shm_perm: 7 }]) {
    refuses(() => sysv.shmctl(shm, sysv.IPC_SET, any(buf)), TYPE);
    refuses(() => sysv.semctl(sem, 0, sysv.IPC_SET, any(buf)), TYPE);
  }
  const perm = { uid: -1, gid: 0, mode: 0o600 };
  refuses(() => sysv.shmctl(shm, sysv.IPC_SET, { shm_perm: perm }), RANGE);
  refuses(() => sysv.semctl(sem, 0, sysv.IPC_SET, { sem_perm: perm }), RANGE);
  refuses(() => sysv.semctl(any({}), 0, sysv.GETVAL), TYPE);
  refuses(() => sysv.semctl(sem, any('0'), sysv.GETVAL), TYPE);
  refuses(() => sysv.semctl(sem, 0, sysv.SETVAL, any(undefined)), TYPE);
  refuses(() => sysv.semctl(sem, 0, sysv.SETVAL, 2 ** 31), RANGE);
  for (const array of [undefined, null, 3, [1], [1, 2, 3], ['1', 2]]) {
    refuses(() => sysv.semctl(sem, 0, sysv.SETALL, any(array)), TYPE);
  }
  refuses(() => sysv.semctl(sem, 0, sysv.SETALL, [1, 65_536]), RANGE);
  refuses(() => sysv.semctl(sem, 0, sysv.SETALL, [1, -1]), RANGE);
  assert.deepEqual([...sysv.semctl(sem, 0, sysv.GETALL)], [1, 2]);
});

test('semop: the steps and the time', async (t) => {
  const id = newSet(t, [5]);
  const wrong: [unknown, string][] = [
    [undefined, TYPE],
    [{ sem_num: 0, sem_op: -1 }, TYPE],
    [[undefined], TYPE],
    [[null], TYPE],
    [[{ sem_op: -1 }], TYPE],
    [[{ sem_num: 0 }], TYPE],
    [[{ sem_num: 0, sem_op: 1n }], TYPE],
    [[{ sem_num: -1, sem_op: 1 }], RANGE],
    [[{ sem_num: 65_536, sem_op: 1 }], RANGE],
    [[{ sem_num: 0, sem_op: 32_768 }], RANGE],
    [[{ sem_num: 0, sem_op: -32_769 }], RANGE],
    [[{ sem_num: 0, sem_op: 0.5 }], RANGE],
    [[{ sem_num: 0, sem_op: 1, sem_flg: 65_536 }], RANGE],
    // All or nothing here, too.
    [[{ sem_num: 0, sem_op: 1 }, { sem_num: 0 }], TYPE],
  ];
  for (const [sops, code] of wrong) {
    refuses(() => sysv.semop(id, any(sops)), code);
    refuses(() => sysv.semtimedop(id, any(sops), 1), code);
    await assert.rejects(sysv.semopAsync(id, any(sops)), { code });
  }
  const steps = [{ sem_num: 0, sem_op: -1 }];
  for (const [time, code] of [
    [-1, RANGE],
    [Number.NaN, RANGE],
    [undefined, TYPE],
    ['5', TYPE],
    [{}, TYPE],
    [{ tv_sec: 1 }, TYPE],
    [{ tv_sec: 0.5, tv_nsec: 0 }, RANGE],
  ] as const) {
    refuses(() => sysv.semtimedop(id, steps, any(time)), code);
    await assert.rejects(sysv.semtimedopAsync(id, steps, any(time)), { code });
  }
  for (const signal of [null, {}, 5, 'abort']) {
    await assert.rejects(sysv.semopAsync(id, steps, any({ signal })), { code: TYPE });
  }
  assert.equal(sysv.semctl(id, 0, sysv.GETVAL), 5);
});

test('semget and ftok', () => {
  refuses(() => sysv.semget(any('1'), 1, 0), TYPE);
  refuses(() => sysv.semget(sysv.IPC_PRIVATE, any(undefined), 0), TYPE);
  refuses(() => sysv.semget(sysv.IPC_PRIVATE, 2 ** 31, 0), RANGE);
  refuses(() => sysv.semget(sysv.IPC_PRIVATE, 1, any(undefined)), TYPE);
  refuses(() => sysv.ftok(any(5), 1), TYPE);
  refuses(() => sysv.ftok('a\0b', 1), TYPE);
  refuses(() => sysv.ftok('.', any('A')), TYPE);
  refuses(() => sysv.ftok('.', 2 ** 31), RANGE);
});
