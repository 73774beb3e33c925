// memspan's mutex, and a lock file for scale: alone (the other side is attached, and idle), or a contest: both
// sides loop over lock, add one to two plain words, release, until they have done so `count` times together.

import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutex, type MutexOptions, Span } from '../../src/index.ts';
import { say, type Task, type Transport } from '../task.ts';

/** The plain words that the mutex guards: how often in all, and by each side. */
const TOTAL = 0;
const OF_A = 1;
const OF_B = 2;
/** Not guarded: 1 when the counting begins. One side may get all of a round, so both have to be there. */
const START = 3;

const warmUp = ({ count }: Task): number => Math.ceil(count / 10);

const now = (): bigint => process.hrtime.bigint();

type Loop = (mutex: Mutex, count: number) => Promise<void>;
type Contend = (mutex: Mutex, words: Int32Array, own: number, until: number) => Promise<void>;

interface Way {
  alone: Loop;
  contend: Contend;
}

const blocking: Way = {
  async alone(mutex, count) {
    for (let i = 0; i < count; i++) mutex.lock().release();
  },
  async contend(mutex, words, own, until) {
    for (let isOver = false; !isOver; ) {
      const guard = mutex.lock();
      isOver = count(words, own, until);
      guard.release();
    }
  },
};

const async: Way = {
  async alone(mutex, count) {
    for (let i = 0; i < count; i++) (await mutex.lockAsync()).release();
  },
  async contend(mutex, words, own, until) {
    for (let isOver = false; !isOver; ) {
      const guard = await mutex.lockAsync();
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
      const result = task.kind === 'contest' ? await contest() : await lockAlone();
      span.unlink();
      return result;

      async function lockAlone() {
        await alone(mutex, warmUp(task));
        const start = now();
        await alone(mutex, task.count);
        return { nsPerOp: Number(now() - start) / task.count };
      }

      async function contest() {
        await contend(mutex, words, OF_A, warmUp(task));
        const before = words[OF_A] as number;
        const start = now();
        Atomics.store(words, START, 1);
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
        while (Atomics.load(words, START) === 0);
        await contend(mutex, words, OF_B, warmUp(task) + task.count);
      }
      await isOver;
    },
  };
}

function wordsOf(span: Span): Int32Array {
  const bytes = span.bytes('counts', { size: 16 });
  return new Int32Array(bytes.buffer, bytes.byteOffset, 4);
}

export const mutex: Transport = mutexTransport(blocking, {});
export const fairMutex: Transport = mutexTransport(blocking, { fair: true });
export const asyncMutex: Transport = mutexTransport(async, {});

/** The usual way: a folder that only one can make. On memory, not on a disk. */
export const lockFile: Transport = {
  async a(task, { name, heard }) {
    await heard();
    const path = join('/dev/shm', `${name}.lock`);
    const start = now();
    for (let i = 0; i < task.count; i++) {
      mkdirSync(path);
      rmdirSync(path);
    }
    return { nsPerOp: Number(now() - start) / task.count };
  },
  async b() {
    say('ready');
  },
};
