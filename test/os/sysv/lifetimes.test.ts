// What a thread or a process leaves behind when it ends, by whatever end: attachments, buffers that were lent, segments.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { wait } from '../../../src/index.ts';
import { IPC_RMID, shmat, shmctl, shmdt } from '../../../src/os/sysv.ts';
import { type Puppet, startChild, startWorker } from '../../support/puppets.ts';
import { until } from '../../support/segments.ts';
import { attachments, failsWith, newSegment } from './objects.ts';

function attachIn(puppet: Puppet, id: number, times = 1): Promise<void> {
  return puppet.run(
    ({ sysv, kept }, id, times) => {
      for (let i = 0; i < times; i++) kept.buffer = sysv.shmat(id, null);
      new Uint8Array(kept.buffer)[0] = 1;
    },
    id,
    times,
  );
}

test('SIGKILL and process.exit() detach: the kernel does it', async (t) => {
  const id = newSegment(t, 4096);
  const killed = await startChild();
  const leaving = await startChild();
  await attachIn(killed, id);
  await attachIn(leaving, id);
  assert.equal(attachments(id), 2);
  await killed.kill();
  await until(() => attachments(id) === 1, 'the kernel to detach the killed one');
  leaving.run(() => process.exit(0)).catch(() => {});
  await leaving.exited;
  await until(() => attachments(id) === 0, 'the kernel to detach the one that left');
});

test('the segment stays when its maker is killed, and goes with its last user after IPC_RMID', async (t) => {
  const id = newSegment(t, 4096);
  const child = await startChild();
  await attachIn(child, id);
  shmctl(id, IPC_RMID);
  assert.equal(attachments(id), 1);
  await child.kill();
  await until(
    () => fs.readFileSync('/proc/sysvipc/shm', 'utf8').match(new RegExp(`\\s${id}\\s`)) === null,
    'the kernel to destroy it',
  );
});

test('worker.terminate() detaches what only that worker had', async (t) => {
  const id = newSegment(t, 4096);
  const worker = await startWorker();
  await attachIn(worker, id);
  assert.equal(attachments(id), 1);
  await worker.kill();
  await until(() => attachments(id) === 0, 'the buffer to go with its thread');
});

test('a buffer that was posted keeps the attachment when its first thread ends', async (t) => {
  const id = newSegment(t, 4096);
  const { MessageChannel, Worker } = await import('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads');
     import(workerData.sysv).then(({ shmat }) => {
       const buffer = shmat(workerData.id, null);
       new Uint8Array(buffer)[7] = 42;
       workerData.port.postMessage(buffer);
     });
     setInterval(() => {}, 1e6);`,
    {
      eval: true,
      workerData: {
        id,
        port: port2,
        sysv: new URL('../../../src/os/sysv.js', import.meta.url).href,
      },
      transferList: [port2],
    },
  );
  const buffer = await new Promise<SharedArrayBuffer>((resolve) => port1.once('message', resolve));
  port1.close();
  await worker.terminate();
  assert.equal(attachments(id), 1);
  assert.equal(new Uint8Array(buffer)[7], 42);
  shmdt(buffer);
  assert.equal(attachments(id), 0);
});

test('a buffer that nobody refers to any more is detached by the garbage collector', async (t) => {
  const id = newSegment(t, 4096);
  const child = await startChild({ execArgv: ['--expose-gc'] });
  await attachIn(child, id, 5);
  assert.equal(attachments(id), 5);
  await child.run(async ({ kept, collect }) => {
    kept.buffer = new SharedArrayBuffer(1);
    await collect();
  });
  await until(() => attachments(id) === 0, 'the collector');
});

test('shmdt in a worker detaches for all threads; they read zeros, and what they write is lost', async (t) => {
  const id = newSegment(t, 8192);
  const bytes = new Uint8Array(shmat(id, null));
  const other = new Uint8Array(shmat(id, null));
  bytes.fill(7);
  const worker = await startWorker();
  await worker.run(({ sysv }, buffer) => sysv.shmdt(buffer), bytes.buffer);
  assert.equal(attachments(id), 1);
  assert.ok(bytes.every((byte) => byte === 0));
  bytes.fill(9);
  assert.ok(other.every((byte) => byte === 7));
  failsWith(() => shmdt(bytes), 'shmdt', 'EINVAL');
  shmdt(other);
});

test('shmdt ends the waits in it, in every thread of the process', async (t) => {
  const id = newSegment(t, 64);
  const words = new Int32Array(shmat(id, null));
  const worker = await startWorker();
  const asleep = worker.run(({ memspan, kept }, buffer) => {
    kept.words = new Int32Array(buffer as SharedArrayBuffer);
    kept.words[1] = 1;
    return memspan.wait(kept.words, 0, 0, 40_000);
  }, words.buffer);
  await until(() => words[1] === 1, 'the worker to wait');
  shmdt(words);
  await assert.rejects(asleep, { code: 'ERR_MEMSPAN_CLOSED' });
  assert.throws(() => wait(words, 0, 0, 1), { code: 'ERR_MEMSPAN_CLOSED' });
});

test('the main thread’s wait ends when a worker detaches the memory under it', async (t) => {
  const id = newSegment(t, 64);
  const child = await startChild();
  const how = await child.run(
    async ({ sysv, memspan, Worker }, id, sysvHref) => {
      const words = new Int32Array(sysv.shmat(id, null));
      const worker = new Worker(
        `const { workerData } = require('node:worker_threads');
         import(workerData.sysvHref).then(({ shmdt, shmctl }) => {
           Atomics.store(workerData.flag, 0, 1);
           Atomics.wait(workerData.flag, 1, 0, 20);
           shmdt(workerData.words);
         });`,
        {
          eval: true,
          workerData: { words, sysvHref, flag: new Int32Array(new SharedArrayBuffer(8)) },
        },
      );
      try {
        return memspan.wait(words, 0, 0, 20_000);
      } catch (error) {
        return (error as { code: string }).code;
      } finally {
        await worker.terminate();
      }
    },
    id,
    new URL('../../../src/os/sysv.js', import.meta.url).href,
  );
  assert.equal(how, 'ERR_MEMSPAN_CLOSED');
});

test('a thousand times attached and detached, and nothing is left mapped', (t) => {
  const id = newSegment(t, 100_000);
  const mapped = (): number =>
    fs
      .readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .filter((line) => line.includes('SYSV')).length;
  const before = mapped();
  for (let i = 0; i < 1000; i++) shmdt(shmat(id, null));
  assert.equal(mapped(), before);
  assert.equal(attachments(id), 0);
});

test('one thread writes while another detaches: nothing crashes, and no byte of the next one is touched', async (t) => {
  const child = await startChild();
  const ids = Array.from({ length: 30 }, () => newSegment(t, 65_536));
  const next = new Uint8Array(shmat(newSegment(t, 65_536), null));
  const exit = await child.run(async ({ sysv, Worker }, ids) => {
    const buffers = ids.map((id) => sysv.shmat(id, null));
    const rounds = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(
      `const { workerData: { buffers, rounds } } = require('node:worker_threads');
       const views = buffers.map((buffer) => new Uint8Array(buffer));
       while (Atomics.load(rounds, 1) === 0) {
         for (const view of views) view.fill(1);
         Atomics.add(rounds, 0, 1);
       }`,
      { eval: true, workerData: { buffers, rounds } },
    );
    for (const buffer of buffers) {
      const seen = Atomics.load(rounds, 0);
      while (Atomics.load(rounds, 0) === seen)
        await new Promise((resolve) => setImmediate(resolve));
      sysv.shmdt(buffer);
    }
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    Atomics.store(rounds, 1, 1);
    return ended;
  }, ids);
  assert.equal(exit, 0);
  assert.ok(next.every((byte) => byte === 0));
  for (const id of ids) assert.equal(attachments(id), 0);
  shmdt(next);
});
