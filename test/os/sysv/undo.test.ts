// SEM_UNDO: what a process has taken comes back when it ends, however it ends, and not when one of its threads does
// (semop(2), clone(2): CLONE_SYSVSEM).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  GETALL,
  GETNCNT,
  GETPID,
  IPC_CREAT,
  SEM_UNDO,
  SETVAL,
  semctl,
  semget,
  semop,
} from '../../../src/os/sysv.ts';
import { type Child, startChild } from '../../support/puppets.ts';
import { until } from '../../support/segments.ts';
import { newKey, newSet } from './objects.ts';

const values = (id: number): number[] => [...semctl(id, 0, GETALL)];

/** One of each semaphore of the set, in a way that is undone or not. */
function takeIn(child: Child, id: number, count: number, sem_flg: number): Promise<void> {
  return child.run(
    ({ sysv }, id, count, sem_flg) => {
      sysv.semop(
        id,
        Array.from({ length: count }, (_, sem_num) => ({ sem_num, sem_op: -1, sem_flg })),
      );
    },
    id,
    count,
    sem_flg,
  );
}

for (const end of ['SIGKILL', 'process.exit()', 'its natural end'] as const) {
  test(`${end} gives back what was taken with SEM_UNDO, and nothing else`, async (t) => {
    const id = newSet(t, [3, 3]);
    const child = await startChild();
    await takeIn(child, id, 2, SEM_UNDO);
    await takeIn(child, id, 1, 0);
    // What it gave is taken back, too.
    await child.run(
      ({ sysv }, id) => sysv.semop(id, [{ sem_num: 1, sem_op: 5, sem_flg: sysv.SEM_UNDO }]),
      id,
    );
    assert.deepEqual(values(id), [1, 7]);
    if (end === 'SIGKILL') await child.kill();
    else if (end === 'process.exit()') child.run(() => process.exit(0)).catch(() => {});
    else await child.run(() => void setImmediate(() => process.disconnect()));
    await child.exited;
    assert.deepEqual(values(id), [2, 3]);
    assert.equal(semctl(id, 0, GETPID), child.pid);
  });
}

test('a value does not fall below 0 by undoing', async (t) => {
  const id = newSet(t, [0]);
  const child = await startChild();
  await child.run(
    ({ sysv }, id) => sysv.semop(id, [{ sem_num: 0, sem_op: 4, sem_flg: sysv.SEM_UNDO }]),
    id,
  );
  semop(id, [{ sem_num: 0, sem_op: -3 }]);
  await child.kill();
  // Linux takes back as much as there is (semop(2), BUGS).
  assert.deepEqual(values(id), [0]);
});

test('SETVAL forgets what there was to undo', async (t) => {
  const id = newSet(t, [1]);
  const child = await startChild();
  await takeIn(child, id, 1, SEM_UNDO);
  semctl(id, 0, SETVAL, 0);
  await child.kill();
  assert.deepEqual(values(id), [0]);
});

/** In that child, a worker takes with SEM_UNDO and ends in some way; the value after that. */
function takeInWorker(child: Child, id: number, terminated: boolean): Promise<number> {
  return child.run(
    async ({ sysv, Worker }, id, terminated, href) => {
      const worker = new Worker(
        `const { workerData: { id, terminated, href }, parentPort } = require('node:worker_threads');
         import(href).then(({ semop, SEM_UNDO }) => {
           semop(id, [{ sem_num: 0, sem_op: -1, sem_flg: SEM_UNDO }]);
           parentPort.postMessage('taken');
           if (terminated) for (;;);
         });`,
        { eval: true, workerData: { id, terminated, href } },
      );
      // Both before either: a worker's last message and its exit can come in one turn.
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      await new Promise((resolve) => worker.once('message', resolve));
      if (terminated) await worker.terminate();
      await ended;
      return sysv.semctl(id, 0, sysv.GETVAL);
    },
    id,
    terminated,
    new URL('../../../src/os/sysv.js', import.meta.url).href,
  );
}

test('a worker that ends or is terminated undoes nothing: undoing is the process’s', async (t) => {
  const id = newSet(t, [5]);
  const child = await startChild();
  assert.equal(await takeInWorker(child, id, false), 4);
  assert.equal(await takeInWorker(child, id, true), 3);
  await child.kill();
  assert.deepEqual(values(id), [5]);
});

test('what one thread took another one may give back, and nothing is left to undo', async (t) => {
  const id = newSet(t, [5]);
  const child = await startChild();
  await takeInWorker(child, id, true);
  await child.run(
    ({ sysv }, id) => sysv.semop(id, [{ sem_num: 0, sem_op: 1, sem_flg: sysv.SEM_UNDO }]),
    id,
  );
  assert.deepEqual(values(id), [5]);
  await child.kill();
  assert.deepEqual(values(id), [5]);
});

test('semopAsync’s thread ends and undoes nothing; the process does', async (t) => {
  const id = newSet(t, [5]);
  const child = await startChild();
  const threads = await child.run(async ({ sysv, fs }, id) => {
    const nameOf = (tid: string): string => {
      try {
        return fs.readFileSync(`/proc/self/task/${tid}/comm`, 'utf8');
      } catch {
        return ''; // It has ended.
      }
    };
    const named = (): number =>
      fs.readdirSync('/proc/self/task').filter((tid) => nameOf(tid).startsWith('memspan-call'))
        .length;
    await sysv.semopAsync(id, [{ sem_num: 0, sem_op: -2, sem_flg: sysv.SEM_UNDO }]);
    const before = named();
    while (named() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return before;
  }, id);
  assert.equal(threads, 1);
  assert.deepEqual(values(id), [3]);
  await child.kill();
  assert.deepEqual(values(id), [5]);
});

test('who waits goes on when the holder is killed', async (t) => {
  const { file, key } = newKey();
  newSet(t, [1], 0o600, key);
  const id = semget(key, 1, IPC_CREAT);
  const [holder, waiter] = [await startChild(), await startChild()];
  await takeIn(holder, id, 1, SEM_UNDO);
  const waiting = waiter.run(({ sysv }, file) => {
    const id = sysv.semget(sysv.ftok(file, 1), 0, 0);
    sysv.semop(id, [{ sem_num: 0, sem_op: -1, sem_flg: sysv.SEM_UNDO }]);
    return sysv.semctl(id, 0, sysv.GETVAL);
  }, file);
  await until(() => semctl(id, 0, GETNCNT) === 1, 'the waiter to wait');
  await holder.kill();
  assert.equal(await waiting, 0);
  await waiter.kill();
  assert.deepEqual(values(id), [1]);
});
