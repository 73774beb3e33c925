// memspan's mutex: alone (the other side is attached, and idle), or a contest. Beside it, alone: the critical
// section, and a lock file for scale.

import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { CriticalSection, type Mutex, type MutexOptions, Span } from '../../src/index.ts';
import { contestOfA, contestOfB, count, now, timed, wordsOf } from '../contest.ts';
import { type Measurement, say, type Task, type Transport } from '../task.ts';

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

function mutexTransport({ alone, contend }: Way, options: MutexOptions): Transport {
  return {
    async a(task, { name, heard }) {
      using span = Span.create(name);
      const mutex = span.mutex('x', options);
      const words = wordsOf(span);
      const guard = mutex.lock();
      await heard();
      guard.release();
      const result =
        task.kind === 'contest'
          ? await contestOfA(task, words, contend.bind(undefined, mutex))
          : await timed(task, (count) => alone(mutex, count));
      span.unlink();
      return result;
    },

    async b(task, name) {
      using span = Span.join(name);
      const mutex = span.mutex('x', options);
      const words = wordsOf(span);
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      say('ready');
      if (task.kind === 'contest') {
        await contestOfB(task, words, contend.bind(undefined, mutex));
      }
      await isOver;
    },
  };
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

export const criticalSection: Transport = onlyA((task) => {
  const section = new CriticalSection();
  return timed(task, (count) => blocking.alone(section, count));
});

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
