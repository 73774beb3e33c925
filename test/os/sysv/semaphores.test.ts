// semget, semop, semtimedop, semctl and the asynchronous twins: what the manual pages say they do.
import assert from 'node:assert/strict';
import dns from 'node:dns/promises';
import fs from 'node:fs/promises';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  GETALL,
  GETNCNT,
  GETPID,
  GETZCNT,
  IPC_CREAT,
  IPC_INFO,
  IPC_NOWAIT,
  IPC_SET,
  IPC_STAT,
  SEM_INFO,
  SEM_STAT,
  SEM_STAT_ANY,
  SETALL,
  SETVAL,
  type sembuf,
  semctl,
  semget,
  semop,
  semopAsync,
  semtimedop,
  semtimedopAsync,
} from '../../../src/os/sysv.ts';
import { startChild, startWorker } from '../../support/puppets.ts';
import { until } from '../../support/segments.ts';
import { failsWith, newKey, newSet } from './objects.ts';

const step = (sem_num: number, sem_op: number, sem_flg = 0): sembuf => ({
  sem_num,
  sem_op,
  sem_flg,
});
const values = (id: number): number[] => [...semctl(id, 0, GETALL)];

test('a new set has values of 0 and is found by its key', (t) => {
  const { key } = newKey();
  const id = newSet(t, [0, 0, 0], 0o600, key);
  assert.equal(semget(key, 0, 0), id);
  assert.equal(semget(key, 3, IPC_CREAT | 0o600), id);
  assert.deepEqual(values(id), [0, 0, 0]);
});

test('all steps are taken at once, or none', (t) => {
  const id = newSet(t, [1, 0, 5]);
  failsWith(
    () => semop(id, [step(2, -5), step(0, -1), step(1, -1, IPC_NOWAIT)]),
    'semop',
    'EAGAIN',
  );
  assert.deepEqual(values(id), [1, 0, 5]);
  semop(id, [step(2, -5), step(0, -1), step(1, 3)]);
  assert.deepEqual(values(id), [0, 3, 0]);
  // In their order: what the first gives the second may take.
  semop(id, [step(0, 2), step(0, -2), step(0, 0)]);
  assert.deepEqual(values(id), [0, 3, 0]);
});

test('a step of 0 waits until the value is 0; GETZCNT and GETNCNT count who waits', async (t) => {
  const id = newSet(t, [1]);
  const child = await startChild();
  const wait = (sem_op: number) =>
    child.run(({ sysv }, id, sem_op) => sysv.semop(id, [{ sem_num: 0, sem_op }]), id, sem_op);
  const zero = wait(0);
  await until(() => semctl(id, 0, GETZCNT) === 1, 'it to wait for zero');
  assert.equal(semctl(id, 0, GETNCNT), 0);
  semop(id, [step(0, -1)]);
  await zero;
  const more = wait(-2);
  await until(() => semctl(id, 0, GETNCNT) === 1, 'it to wait for two');
  assert.equal(semctl(id, 0, GETZCNT), 0);
  semop(id, [step(0, 1)]);
  assert.equal(semctl(id, 0, GETNCNT), 1);
  semop(id, [step(0, 1)]);
  await more;
  assert.deepEqual(values(id), [0]);
  assert.equal(semctl(id, 0, GETPID), child.pid);
});

test('SETVAL and SETALL wake who waits for that', async (t) => {
  const id = newSet(t, [0, 7]);
  const child = await startChild();
  const waiting = child.run(({ sysv }, id) => {
    sysv.semop(id, [{ sem_num: 0, sem_op: -3 }]);
    sysv.semop(id, [{ sem_num: 1, sem_op: 0 }]);
  }, id);
  await until(() => semctl(id, 0, GETNCNT) === 1, 'it to wait');
  semctl(id, 0, SETVAL, 3);
  await until(() => semctl(id, 1, GETZCNT) === 1, 'it to wait again');
  semctl(id, 0, SETALL, new Uint16Array([32_767, 0]));
  await waiting;
  assert.deepEqual(values(id), [32_767, 0]);
  assert.equal(semctl(id, 0, GETPID), process.pid);
});

test('IPC_STAT and IPC_SET; sem_otime is 0 until the first semop', (t) => {
  const { key } = newKey();
  const before = Math.floor(Date.now() / 1000);
  const id = newSet(t, [1, 1], 0o600, key);
  const made = semctl(id, 0, IPC_STAT);
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  assert.ok(made.sem_ctime >= before && made.sem_ctime <= Date.now() / 1000);
  assert.deepEqual(made, {
    sem_perm: { key, uid, gid, cuid: uid, cgid: gid, mode: 0o600, seq: made.sem_perm.seq },
    sem_otime: 0,
    sem_ctime: made.sem_ctime,
    sem_nsems: 2,
  });
  semop(id, [step(0, -1)]);
  assert.ok(semctl(id, 0, IPC_STAT).sem_otime >= before);
  semctl(id, 0, IPC_SET, { sem_perm: { ...made.sem_perm, mode: 0o7640 } });
  assert.equal(semctl(id, 0, IPC_STAT).sem_perm.mode, 0o640);
});

test('IPC_INFO and SEM_INFO are the kernel’s limits and counts; SEM_STAT finds it by index', async (t) => {
  const id = newSet(t, [1, 2, 3, 4]);
  const limits = (await fs.readFile('/proc/sys/kernel/sem', 'utf8'))
    .trim()
    .split(/\s+/)
    .map(Number);
  const info = semctl(0, 0, IPC_INFO);
  assert.deepEqual([info.semmsl, info.semmns, info.semopm, info.semmni], limits);
  assert.equal(info.semvmx, 32_767);
  const use = semctl(0, 0, SEM_INFO);
  assert.ok(use.semusz >= 1 && use.semaem >= 4);
  const found: number[] = [];
  for (let index = 0; index <= use.index; index++) {
    try {
      const { semid, sem_nsems } = semctl(index, 0, SEM_STAT);
      assert.equal(semctl(index, 0, SEM_STAT_ANY).semid, semid);
      if (semid === id) found.push(sem_nsems);
    } catch {
      // Nobody's, or another test's that goes just now.
    }
  }
  assert.deepEqual(found, [4]);
});

test('semtimedop waits as long as it was told, in milliseconds or as timespec; null is for ever', async (t) => {
  const id = newSet(t, [0]);
  const worker = await startWorker();
  for (const time of [20, { tv_sec: 0, tv_nsec: 20_000_000 }, 70.5]) {
    const ms = typeof time === 'number' ? time : 20;
    const start = process.hrtime.bigint();
    failsWith(() => semtimedop(id, [step(0, -1)], time), 'semtimedop', 'EAGAIN');
    assert.ok(Number(process.hrtime.bigint() - start) >= ms * 1e6);
    // In slices.
    const taken = await worker.run(
      ({ sysv }, id, time) => {
        const start = process.hrtime.bigint();
        try {
          sysv.semtimedop(id, [{ sem_num: 0, sem_op: -1 }], time);
          return -1;
        } catch (error) {
          if ((error as { errno: number }).errno !== 11) throw error;
          return Number(process.hrtime.bigint() - start) / 1e6;
        }
      },
      id,
      time,
    );
    assert.ok(taken >= ms, `${taken} of ${ms} ms`);
  }
  for (const time of [null, Number.POSITIVE_INFINITY, 1e300, { tv_sec: 2 ** 52, tv_nsec: 0 }]) {
    const waiting = worker.run(
      ({ sysv }, id, time) => sysv.semtimedop(id, [{ sem_num: 0, sem_op: -1 }], time),
      id,
      time,
    );
    await until(() => semctl(id, 0, GETNCNT) === 1, 'the worker to wait');
    semop(id, [step(0, 1)]);
    await waiting;
  }
  semop(id, [step(0, 1)]);
  semtimedop(id, [step(0, -1)], 0);
});

test('a worker that waits in slices gets what was given between two', async (t) => {
  const id = newSet(t, [0]);
  const worker = await startWorker();
  const taking = worker.run(({ sysv }, id) => {
    for (let i = 0; i < 2000; i++) sysv.semop(id, [{ sem_num: 0, sem_op: -1 }]);
  }, id);
  for (let i = 0; i < 2000; i++) {
    semop(id, [step(0, 1)]);
    if (i % 100 === 0) await turn();
  }
  await taking;
  assert.deepEqual(values(id), [0]);
});

test('semopAsync resolves when the steps are taken, and not before', async (t) => {
  const id = newSet(t, [0]);
  let done = 0;
  const all = Array.from({ length: 20 }, () => semopAsync(id, [step(0, -1)]).then(() => done++));
  await until(() => semctl(id, 0, GETNCNT) === 20, 'all to wait');
  assert.equal(done, 0);
  for (let i = 1; i <= 20; i++) {
    semop(id, [step(0, 1)]);
    await until(() => done === i, 'one to go on');
  }
  await Promise.all(all);
  await semtimedopAsync(id, [step(0, 5)], 1000);
  assert.deepEqual(values(id), [5]);
});

test('asynchronous waits leave libuv’s pool alone', async (t) => {
  const id = newSet(t, [0]);
  const all = Array.from({ length: 12 }, () => semopAsync(id, [step(0, -1)]));
  await until(() => semctl(id, 0, GETNCNT) === 12, 'all to wait');
  await fs.readFile('/proc/self/stat');
  await dns.lookup('localhost');
  semop(id, [step(0, 12)]);
  await Promise.all(all);
});

test('a signal ends an asynchronous wait: it rejects with the reason and has taken nothing', async (t) => {
  const id = newSet(t, [0]);
  const { signal } = new AbortController();
  await assert.rejects(
    semopAsync(id, [step(0, 1)], { signal: AbortSignal.abort('before') }),
    (e) => e === 'before',
  );
  const controller = new AbortController();
  const waiting = semopAsync(id, [step(0, -1)], { signal: controller.signal });
  const other = semopAsync(id, [step(0, -1)], { signal });
  await until(() => semctl(id, 0, GETNCNT) === 2, 'both to wait');
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  semop(id, [step(0, 1)]);
  await other;
  assert.deepEqual(values(id), [0]);
  await assert.rejects(
    semtimedopAsync(id, [step(0, -1)], 40_000, { signal: AbortSignal.timeout(5) }),
    { name: 'TimeoutError' },
  );
});

test('whether aborted or not, each wait has either taken its step or rejected', async (t) => {
  const id = newSet(t, [0]);
  let taken = 0;
  for (let i = 0; i < 100; i++) {
    const controller = new AbortController();
    const waiting = semopAsync(id, [step(0, -1)], { signal: controller.signal });
    if (i % 3 === 0) await turn();
    semop(id, [step(0, 1)]);
    controller.abort('aborted');
    taken += await waiting.then(
      () => 1,
      (reason) => {
        assert.equal(reason, 'aborted');
        return 0;
      },
    );
  }
  t.diagnostic(`${taken} of 100 were taken`);
  assert.deepEqual(values(id), [100 - taken]);
});

test('a pending wait keeps the event loop alive; a settled one does not', async (t) => {
  const id = newSet(t, [0, 0]);
  const child = await startChild();
  await child.run(({ sysv }, id) => {
    // Nothing else holds it once it has answered.
    process.removeAllListeners('disconnect');
    setImmediate(() => process.disconnect());
    sysv.semopAsync(id, [{ sem_num: 0, sem_op: -1 }]).then(() => {
      sysv.semop(id, [{ sem_num: 1, sem_op: 1 }]);
    });
  }, id);
  await until(() => semctl(id, 0, GETNCNT) === 1, 'it to wait');
  assert.equal(child.process.exitCode, null);
  semop(id, [step(0, 1)]);
  assert.deepEqual(await child.exited, { code: 0, signal: null });
  assert.deepEqual(values(id), [0, 1]);
});
