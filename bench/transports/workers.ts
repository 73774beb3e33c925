// What Node has between threads of one process: `postMessage`, and `Atomics.wait` or `Atomics.waitAsync` on the words of a
// SharedArrayBuffer. Side a is the main thread; a worker is its partner, and side b has nothing to do.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type MessagePort, Worker } from 'node:worker_threads';
import { now } from '../contest.ts';
import { say, type Task, type Transport } from '../task.ts';
import { echo, travel } from './words.ts';

/** What the worker is given. */
export interface WorkerData {
  readonly task: Task;
  readonly words: Int32Array;
}

const program = new URL('../worker.js', import.meta.url);
/** More than this many messages in flight make the port's queue grow without bound. */
const WINDOW = 64;

const warmUp = ({ count }: Task): number => Math.ceil(count / 10);

function betweenThreads(
  measured: (worker: Worker, data: WorkerData) => Promise<number>,
): Transport {
  return {
    async a(task, { heard }) {
      await heard();
      const words = new Int32Array(new SharedArrayBuffer(4096));
      const worker = new Worker(program, { workerData: { task, words } satisfies WorkerData });
      await once(worker, 'message');
      const ns = await measured(worker, { task, words });
      await worker.terminate();
      return { nsPerOp: ns / task.count };
    },
    async b() {
      say('ready');
    },
  };
}

export const postMessage: Transport = betweenThreads(async (worker, { task }) => {
  const message = new Uint8Array(task.size).fill(7);
  let answers = 0;
  let wanted = 0;
  let resume = (): void => {};
  worker.on('message', () => {
    answers++;
    if (answers === wanted) resume();
  });
  const answered = (count: number): Promise<void> =>
    new Promise((resolve) => {
      wanted = count;
      resume = resolve;
      if (answers >= count) resolve();
    });
  const isTrips = task.kind === 'trips';
  const send = async (count: number): Promise<void> => {
    answers = 0;
    for (let i = 1; i <= count; i++) {
      worker.postMessage(message);
      if (isTrips) await answered(i);
      else if (i % WINDOW === 0 || i === count) await answered(Math.ceil(i / WINDOW));
    }
  };
  await send(warmUp(task));
  const start = now();
  await send(task.count);
  return Number(now() - start);
});

const overWords = (way: keyof typeof travel): Transport =>
  betweenThreads(async (_worker, { task, words }) => {
    await travel[way](words, 0, warmUp(task));
    const start = now();
    await travel[way](words, warmUp(task), task.count);
    return Number(now() - start);
  });

export const workersWait: Transport = overWords('wait');
export const workersWaitAsync: Transport = overWords('waitAsync');

/** The worker's part. */
export async function work({ task, words }: WorkerData, port: MessagePort): Promise<void> {
  pinToItself(task);
  if (task.transport === 'postMessage') return answer(task, port);
  port.postMessage('ready');
  const way = task.transport === 'workers, wait' ? 'wait' : 'waitAsync';
  await echo[way](words, 0, warmUp(task) + task.count);
}

function answer(task: Task, port: MessagePort): void {
  let received = 0;
  let left = warmUp(task);
  port.on('message', (message: Uint8Array) => {
    received++;
    if (task.kind === 'trips') port.postMessage(message);
    else if (received % WINDOW === 0 || received === left) port.postMessage('got');
    if (received !== left) return;
    received = 0;
    left = task.count;
  });
  port.postMessage('ready');
}

/** A thread begins on the processor of the one that starts it. */
function pinToItself({ oneCore }: Task): void {
  if (oneCore || availableParallelism() < 2) return;
  try {
    const id = readlinkSync('/proc/thread-self').replace(/.*\//, '');
    execFileSync('taskset', ['-cp', '1', id], { stdio: 'ignore' });
  } catch {
    // As in end.ts: they run where the kernel puts them.
  }
}
