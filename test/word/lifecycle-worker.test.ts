// Workers that wait: they can be ended at any moment, the addon may be loaded by any of them first, last or at
// once, and a segment may be closed under them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { notify, Segment, wait, waitAsync } from '../../src/index.ts';
import { startWorker } from '../support/puppets.ts';
import { seededRandom, until } from '../support/segments.ts';
import { asleep } from './agents.ts';

const SLEEPER = new URL('../fixtures/word/sleeper.js', import.meta.url);
const path = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/word/${name}.js`, import.meta.url));
const run = (program: string): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [path(program)], {
    timeout: 20_000,
    killSignal: 'SIGABRT',
  });

interface Sleeper {
  readonly worker: Worker;
  readonly threadId: number;
}

/** A worker that sleeps in wait() on the first word. */
async function sleeper(buffer: SharedArrayBuffer, pending = 0): Promise<Sleeper> {
  const worker = new Worker(SLEEPER, { workerData: { buffer, pending } });
  const [{ threadId }] = await once(worker, 'message');
  await asleep(process.pid, threadId);
  return { worker, threadId };
}

/** Milliseconds, and parts of them, in which this thread stays awake. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('terminate() ends a worker that sleeps in wait, time and again', async () => {
  using segment = Segment.anonymous(4096);
  for (let i = 0; i < 15; i++) {
    const { worker } = await sleeper(segment.buffer);
    assert.equal(await worker.terminate(), 1);
  }
  assert.equal(notify(new Int32Array(segment.buffer), 0), 0);
});

test('the same with asynchronous waits pending: no thread of theirs is left', async () => {
  using segment = Segment.anonymous(4096);
  const words = new Int32Array(segment.buffer);
  for (let i = 0; i < 5; i++) {
    const { worker } = await sleeper(segment.buffer, 6);
    assert.equal(await worker.terminate(), 1);
    for (const index of [0, 1, 2, 3]) assert.equal(notify(words, index), 0);
  }
  const names = (): string[] =>
    fs.readdirSync('/proc/self/task').map((threadId) => {
      try {
        return fs.readFileSync(`/proc/self/task/${threadId}/comm`, 'utf8').trim();
      } catch {
        return 'gone';
      }
    });
  await until(() => !names().includes('memspan-wait'), 'the helpers to go');
});

test('the same for several at once, at moments of their own', async () => {
  using segment = Segment.anonymous(4096);
  for (let round = 0; round < 4; round++) {
    const workers = Array.from(
      { length: 5 },
      () => new Worker(SLEEPER, { workerData: { buffer: segment.buffer, pending: round } }),
    );
    for (const [i, worker] of workers.entries()) {
      for (let turns = 0; turns < i * round * 3; turns++) await new Promise(setImmediate);
      await worker.terminate();
    }
  }
});

test('messages do not end a wait, nor keep terminate() from ending it', async () => {
  using segment = Segment.anonymous(4096);
  const words = new Int32Array(segment.buffer);
  const { worker, threadId } = await sleeper(segment.buffer);
  for (let i = 0; i < 20; i++) worker.postMessage('hello');
  await asleep(process.pid, threadId);
  for (let i = 0; i < 20; i++) {
    // Rung by a message, it may be on its way back into the queue: then the next one finds it.
    await until(() => notify(words, 0) === 1, 'it to be in the queue');
    worker.postMessage('hello');
    await asleep(process.pid, threadId);
  }
  assert.equal(await worker.terminate(), 1);
});

test('a message does not make a woken waiter say that its value was another', async (t) => {
  const random = seededRandom(t);
  const words = new Int32Array(new SharedArrayBuffer(4096));
  const worker = await startWorker();
  const threadId = await worker.run(({ fs, kept }, buffer) => {
    kept.words = new Int32Array(buffer);
    return Number(fs.readlinkSync('/proc/thread-self').split('/').pop());
  }, words.buffer);
  for (let round = 0; round < 200; round++) {
    const waited = worker.run(
      ({ memspan, kept }, round) => memspan.wait(kept.words, 0, round),
      round,
    );
    await asleep(process.pid, threadId);
    const message = worker.run(() => {});
    spin(random() * 0.4);
    Atomics.store(words, 0, round + 1);
    notify(words, 0);
    assert.equal(await waited, 'ok');
    await message;
  }
  await worker.kill();
});

test('terminate() is heard even behind an interruption that the blocked loop has not answered', async () => {
  await assert.rejects(run('interrupter'), { signal: 'SIGKILL', stdout: 'terminated: 1' });
});

test('process.exit() in the main thread ends the process while workers sleep and waits are pending', async () => {
  for (let i = 0; i < 2; i++) {
    await assert.rejects(run('leaver'), { code: 7, signal: null, stderr: '' });
  }
});

test('eight workers load the addon at once, and each can wait and be notified', async () => {
  using segment = Segment.anonymous(4096);
  const words = new Int32Array(segment.buffer);
  const sleepers = await Promise.all(Array.from({ length: 8 }, () => sleeper(segment.buffer, 1)));
  assert.equal(notify(words, 0), 8);
  assert.equal(notify(words, 1), 8);
  await Promise.all(sleepers.map(({ threadId }) => asleep(process.pid, threadId)));
  await Promise.all(sleepers.map(({ worker }) => worker.terminate()));
});

test('a worker loads the addon first and ends; then the main thread uses it', async () => {
  assert.equal((await run('first-in-worker')).stdout, 'ok timed-out 0');
});

test('close() in one thread ends the waits in others: ERR_MEMSPAN_CLOSED', async () => {
  const segment = Segment.anonymous(4096);
  const sleepers = await Promise.all([sleeper(segment.buffer), sleeper(segment.buffer)]);
  const outcomes = sleepers.map(({ worker }) => once(worker, 'message'));
  segment.close();
  for (const outcome of outcomes) {
    assert.deepEqual(await outcome, [{ outcome: 'ERR_MEMSPAN_CLOSED', oks: 0 }]);
  }
  await Promise.all(sleepers.map(({ worker }) => worker.terminate()));
});

test('close() right behind a message is not mistaken for it', async () => {
  for (let i = 0; i < 6; i++) {
    const segment = Segment.anonymous(4096);
    const { worker } = await sleeper(segment.buffer);
    const outcome = once(worker, 'message');
    worker.postMessage('hello');
    spin(i * 0.03);
    segment.close();
    assert.deepEqual(await outcome, [{ outcome: 'ERR_MEMSPAN_CLOSED', oks: 0 }]);
    await worker.terminate();
  }
});

test('the main thread can wait for a worker that it is about to end, and the other way round', async () => {
  using segment = Segment.anonymous(4096);
  const words = new Int32Array(segment.buffer);
  const worker = new Worker(SLEEPER, { workerData: { buffer: segment.buffer } });
  const online = once(worker, 'message');
  assert.equal(wait(words, 9, 0, 5), 'timed-out');
  await online;
  const { value } = waitAsync(words, 9, 0, 5);
  const ended = worker.terminate();
  assert.equal(wait(words, 9, 0, 5), 'timed-out');
  assert.equal(await value, 'timed-out');
  assert.equal(await ended, 1);
});
