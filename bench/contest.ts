// How a lock is measured, whatever it is: taken and released alone, or by two sides that both loop over take, add
// one to two plain words, release, until they have done so `count` times together.

import type { Span } from '../src/index.ts';
import type { Measurement, Task } from './task.ts';

/** The plain words that the lock guards: how often in all, and by each side. */
const TOTAL = 0;
export const OF_A = 1;
export const OF_B = 2;
/** Not guarded. 1: b has warmed up; 2: the counting begins. One side may get all of the warm-up. */
const START = 3;
const WORDS = 4;

/** Takes and releases so many times. */
export type Alone = (count: number) => Promise<void>;

/** Takes, counts and releases as the side `own`, until there were `until` in all. */
export type Contend = (words: Int32Array, own: number, until: number) => Promise<void>;

export const now = (): bigint => process.hrtime.bigint();

/** Long enough for the engine to have compiled all of it. */
const warmUp = ({ count }: Task): number => Math.ceil(count / 2);

export function wordsOf(span: Span): Int32Array {
  const bytes = span.bytes('counts', { size: WORDS * 4 });
  return new Int32Array(bytes.buffer, bytes.byteOffset, WORDS);
}

/** What the lock guards. True when there were enough. */
export function count(words: Int32Array, own: number, until: number): boolean {
  if ((words[TOTAL] as number) >= until) return true;
  (words[TOTAL] as number)++;
  (words[own] as number)++;
  return false;
}

export async function timed(task: Task, alone: Alone): Promise<Measurement> {
  // Several calls: the engine compiles a loop that runs differently from one that is called.
  for (let i = 0; i < 4; i++) await alone(Math.ceil(warmUp(task) / 4));
  const start = now();
  await alone(task.count);
  return { nsPerOp: Number(now() - start) / task.count };
}

export async function contestOfA(
  task: Task,
  words: Int32Array,
  contend: Contend,
): Promise<Measurement> {
  await contend(words, OF_A, warmUp(task));
  while (Atomics.load(words, START) === 0);
  const before = words[OF_A] as number;
  const start = now();
  Atomics.store(words, START, 2);
  await contend(words, OF_A, warmUp(task) + task.count);
  const ns = Number(now() - start);
  if ((words[OF_A] as number) + (words[OF_B] as number) !== words[TOTAL]) {
    throw new Error('the lock let both in at once');
  }
  const own = (words[OF_A] as number) - before;
  return { nsPerOp: ns / task.count, busier: Math.max(own, task.count - own) / task.count };
}

export async function contestOfB(task: Task, words: Int32Array, contend: Contend): Promise<void> {
  await contend(words, OF_B, warmUp(task));
  Atomics.store(words, START, 1);
  while (Atomics.load(words, START) === 1);
  await contend(words, OF_B, warmUp(task) + task.count);
}
