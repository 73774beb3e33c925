// memspan's mutex: alone (the other side is attached, and idle), or a contest: both sides loop over lock, add
// one to two plain words, release, until they have done so `count` times together. Beside it, alone: the
// critical section, and a lock file for scale.

import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { CriticalSection, type Mutex, type MutexOptions, Span } from '../../src/index.ts';
import { type Measurement, say, type Task, type Transport } from '../task.ts';

/** The plain words that the mutex guards: how often in all, and by each side. */
const TOTAL = 0;
const OF_A = 1;
const OF_B = 2;
/** Not guarded. 1: b has warmed up; 2: the counting begins. One side may get all of the warm-up. */
const START = 3;

/** Long enough for the engine to have compiled all of it. */
const warmUp = ({ count }: Task): number => Math.ceil(count / 2);

const now = (): bigint => process.hrtime.bigint();

type Lock = Pick<Mutex | CriticalSection, 'lock' | 'lockAsync'>;

interface Way {
  alone(lock: Lock, count: number): Promise<void>;
  contend(lock: Lock, words: Int32Array, own: number, until: number): Promise<void>;
}

const blocking: Way = {
  async alone(lock, count) {
    for (let i = 0; i < count; i++) lock.lock().release();
  },
  async contend(lock, words, own, until) {
    for (let isOver = false; !isOver; ) {
      const guard = lock.lock();
      isOver = count(words, own, until);
      guard.release();
    }
  },
};

const async: Way = {
  async alone(lock, count) {
    for (let i = 0; i < count; i++) (await lock.lockAsync()).release();
  },
  async contend(lock, words, own, until) {
    for (let isOver = false; !isOver; ) {
      const guard = await lock.lockAsync();
      isOver = count(words, own, until);
      guard.release();
    }
  },
};

/** What the mutex guards. True when there were enough. */
function count(words: Int32Array, own: number, until: number): boolean {
  if ((words[TOTAL] as number) >= until) return true;
  (words[TOTAL] as number)++;
  (words[own] as number)++;
  return false;
}

function mutexTransport({ alone, contend }: Way, options: MutexOptions): Transport {
  return {
    async a(task, { name, heard }) {
      using span = Span.create(name);
      const mutex = span.mutex('x', options);
      const words = wordsOf(span);
      const guard = mutex.lock();
      await heard();
      guard.release();
      const result = await (task.kind === 'contest' ? contest() : timed(task, mutex, alone));
      span.unlink();
      return result;

      async function contest() {
        await contend(mutex, words, OF_A, warmUp(task));
        while (Atomics.load(words, START) === 0);
        const before = words[OF_A] as number;
        const start = now();
        Atomics.store(words, START, 2);
        await contend(mutex, words, OF_A, warmUp(task) + task.count);
        const ns = Number(now() - start);
        if ((words[OF_A] as number) + (words[OF_B] as number) !== words[TOTAL]) {
          throw new Error('the mutex let both in at once');
        }
        const own = (words[OF_A] as number) - before;
        return { nsPerOp: ns / task.count, busier: Math.max(own, task.count - own) / task.count };
      }
    },

    async b(task, name) {
      using span = Span.join(name);
      const mutex = span.mutex('x', options);
      const words = wordsOf(span);
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      say('ready');
      if (task.kind === 'contest') {
        await contend(mutex, words, OF_B, warmUp(task));
        Atomics.store(words, START, 1);
        while (Atomics.load(words, START) === 1);
        await contend(mutex, words, OF_B, warmUp(task) + task.count);
      }
      await isOver;
    },
  };
}

async function timed(task: Task, lock: Lock, alone: Way['alone']): Promise<Measurement> {
  // Several calls: the engine compiles a loop that runs differently from one that is called.
  for (let i = 0; i < 4; i++) await alone(lock, warmUp(task) / 4);
  const start = now();
  await alone(lock, task.count);
  return { nsPerOp: Number(now() - start) / task.count };
}

function wordsOf(span: Span): Int32Array {
  const bytes = span.bytes('counts', { size: 16 });
  return new Int32Array(bytes.buffer, bytes.byteOffset, 4);
}

export const mutex: Transport = mutexTransport(blocking, {});
export const fairMutex: Transport = mutexTransport(blocking, { fair: true });
export const asyncMutex: Transport = mutexTransport(async, {});

function onlyA(measure: (task: Task, name: string) => Promise<Measurement>): Transport {
  return {
    async a(task, { name, heard }) {
      await heard();
      return measure(task, name);
    },
    async b() {
      say('ready');
    },
  };
}

export const criticalSection: Transport = onlyA((task) =>
  timed(task, new CriticalSection(), blocking.alone),
);

/** The usual way: a folder that only one can make. On memory, not on a disk. */
export const lockFile: Transport = onlyA(async ({ count }, name) => {
  const path = join('/dev/shm', `${name}.lock`);
  const start = now();
  for (let i = 0; i < count; i++) {
    mkdirSync(path);
    rmdirSync(path);
  }
  return { nsPerOp: Number(now() - start) / count };
});
