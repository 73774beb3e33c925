// Calls that block, and what comes in between: signals, the end of the worker or of the process.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { GETALL, GETNCNT, semctl, semop } from '../../../src/os/sysv.ts';
import { needs } from '../../support/extras.ts';
import { startChild, startWorker } from '../../support/puppets.ts';
import { until } from '../../support/segments.ts';
import { newFolder, newSet } from './objects.ts';

const values = (id: number): number[] => [...semctl(id, 0, GETALL)];

test('EINTR is retried: a signal is handled after the wait, which goes on', {
  skip: needs('strace'),
}, async (t) => {
  const id = newSet(t, [0]);
  const trace = path.join(newFolder(t), 'trace');
  const child = await startChild({
    under: [
      'strace',
      '-qq',
      '-f',
      '-o',
      trace,
      '-e',
      'trace=semtimedop,semop',
      '-e',
      'signal=none',
    ],
  });
  // strace has the pid that was started, and would leave its child behind, which waits for a set that is removed by then.
  t.after(async () => {
    child.process.disconnect();
    await child.exited;
  });
  const pid = await child.run(() => process.pid);
  const waiting = child.run(async ({ sysv }, id) => {
    let signals = 0;
    process.on('SIGUSR2', () => signals++);
    sysv.semop(id, [{ sem_num: 0, sem_op: -1 }]);
    const start = process.hrtime.bigint();
    const seen = signals;
    try {
      sysv.semtimedop(id, [{ sem_num: 0, sem_op: -1 }], 2000);
    } catch {
      const late = Number(process.hrtime.bigint() - start) / 1e6;
      while (signals === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      return [seen, late];
    }
    throw new Error('it came to its end');
  }, id);
  const interrupted = (): number =>
    fs.readFileSync(trace, 'utf8').match(/(semop|semtimedop).*(ERESTART|EINTR)/g)?.length ?? 0;
  const interrupt = async (times: number): Promise<void> => {
    await until(() => semctl(id, 0, GETNCNT) === 1, 'it to wait');
    process.kill(pid, 'SIGUSR2');
    await until(() => interrupted() >= times, 'the wait to be interrupted');
  };
  for (let times = 1; times <= 3; times++) await interrupt(times);
  await until(() => semctl(id, 0, GETNCNT) === 1, 'it to wait again');
  semop(id, [{ sem_num: 0, sem_op: 1 }]);
  await interrupt(4);
  const [seen, late] = await waiting;
  assert.equal(seen, 0);
  assert.ok((late as number) >= 2000, `${late} ms`);
});

test('worker.terminate() ends a worker that waits', async (t) => {
  const id = newSet(t, [0]);
  for (const how of ['semop', 'semtimedop'] as const) {
    const worker = await startWorker();
    const waiting = worker.run(
      ({ sysv }, id, how) => {
        const steps = [{ sem_num: 0, sem_op: -1 }];
        if (how === 'semop') sysv.semop(id, steps);
        else sysv.semtimedop(id, steps, 50_000);
      },
      id,
      how,
    );
    await until(() => semctl(id, 0, GETNCNT) === 1, 'the worker to wait');
    const ended = assert.rejects(waiting, /the puppet ended/);
    await worker.kill();
    await ended;
    assert.equal(semctl(id, 0, GETNCNT), 0);
  }
  semop(id, [{ sem_num: 0, sem_op: 1 }]);
  assert.deepEqual(values(id), [1]);
});

test('process.exit() with workers and asynchronous calls that wait ends the process', async (t) => {
  const id = newSet(t, [0]);
  const child = await startChild();
  child
    .run(
      async ({ sysv, Worker }, id, href) => {
        for (let i = 0; i < 3; i++) {
          new Worker(
            `const { workerData: { id, href } } = require('node:worker_threads');
             import(href).then(({ semop }) => semop(id, [{ sem_num: 0, sem_op: -1 }]));`,
            { eval: true, workerData: { id, href } },
          );
          sysv.semopAsync(id, [{ sem_num: 0, sem_op: -1 }]);
        }
        while (sysv.semctl(id, 0, sysv.GETNCNT) < 6)
          await new Promise((resolve) => setTimeout(resolve, 1));
        process.exit(7);
      },
      id,
      new URL('../../../src/os/sysv.js', import.meta.url).href,
    )
    .catch(() => {});
  assert.deepEqual(await child.exited, { code: 7, signal: null });
  assert.equal(semctl(id, 0, GETNCNT), 0);
});

test('a terminated worker’s asynchronous waits end with it, and take nothing', async (t) => {
  const id = newSet(t, [0]);
  const worker = await startWorker();
  await worker.run(({ sysv }, id) => {
    for (let i = 0; i < 4; i++) sysv.semopAsync(id, [{ sem_num: 0, sem_op: -1 }]).catch(() => {});
  }, id);
  await until(() => semctl(id, 0, GETNCNT) === 4, 'all to wait');
  await worker.kill();
  assert.equal(semctl(id, 0, GETNCNT), 0);
  semop(id, [{ sem_num: 0, sem_op: 2 }]);
  assert.deepEqual(values(id), [2]);
});

test('what such a wait had got, and could not tell any more, it gives back; what it gave, stays', async (t) => {
  const id = newSet(t, [0, 0]);
  const worker = await startWorker();
  // It never comes to its event loop again, so nothing can be told.
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const busy = worker.run(
    ({ sysv }, id, flag) => {
      sysv.semopAsync(id, [{ sem_num: 0, sem_op: -1 }]);
      sysv.semopAsync(id, [{ sem_num: 1, sem_op: 3 }]);
      for (Atomics.store(flag, 0, 1); ; );
    },
    id,
    flag,
  );
  const ended = assert.rejects(busy, /the puppet ended/);
  await until(() => semctl(id, 0, GETNCNT) === 1 && values(id)[1] === 3, 'both calls');
  semop(id, [{ sem_num: 0, sem_op: 1 }]);
  await until(() => values(id)[0] === 0, 'it to be taken');
  await worker.kill();
  await ended;
  assert.deepEqual(values(id), [1, 3]);
});

test('a worker that asks for process.exit() while another one waits', async (t) => {
  const id = newSet(t, [0]);
  const [waiter, leaver] = [await startWorker(), await startWorker()];
  const waiting = waiter.run(({ sysv }, id) => sysv.semop(id, [{ sem_num: 0, sem_op: -1 }]), id);
  await until(() => semctl(id, 0, GETNCNT) === 1, 'it to wait');
  leaver.run(() => process.exit(0)).catch(() => {});
  await leaver.exited;
  semop(id, [{ sem_num: 0, sem_op: 1 }]);
  await waiting;
});
