// How a lock is measured, whatever it is: taken and released alone, or by two sides that both loop over take, add
// one to two plain words, release, until they have done so `count` times together; or that hand it to each other.

import type { Span } from '../src/index.ts';
import type { Measurement, Task } from './task.ts';

/** The plain words that the lock guards: how often in all, and by each side. */
const TOTAL = 0;
export const OF_A = 1;
export const OF_B = 2;
/** Not guarded. 1: b has warmed up; 2: the counting begins. One side may get all of the warm-up. */
const START = 3;
/** Guarded, where they take turns: whose turn it was last. */
const LAST = 4;
/** Not guarded, at OF_A and OF_B from here: how many turns that side has had or waits for. */
const ASKED = 4;
const WORDS = 7;
export const COUNTS_SIZE: number = WORDS * 4;

/** Takes and releases so many times. */
export type Alone = (count: number) => Promise<void>;

/** Takes, counts and releases as the side `own`, until there were `until` in all. */
export type Contend = (words: Int32Array, own: number, until: number) => Promise<void>;

/** Calls `work` while it holds the one lock that both sides ask for. */
export type Request = <T>(work: () => T | Promise<T>) => Promise<T>;

export const now = (): bigint => process.hrtime.bigint();

/** Long enough for the engine to have compiled all of it. */
const warmUp = ({ count }: Task): number => Math.ceil(count / 2);

export function wordsOf(span: Span): Int32Array {
  const bytes = span.bytes('counts', { size: COUNTS_SIZE });
  return new Int32Array(bytes.buffer, bytes.byteOffset, WORDS);
}

/** What the lock guards. True when there were enough. */
export function count(words: Int32Array, own: number, until: number): boolean {
  if ((words[TOTAL] as number) >= until) return true;
  (words[TOTAL] as number)++;
  (words[own] as number)++;
  return false;
}

/** One task that asks again and again, or two that take turns. */
export function repeated(request: Request, { kind, isAsync }: Task): Alone {
  const work = isAsync ? async (): Promise<void> => {} : (): void => {};
  const repeat: Alone = async (count) => {
    for (let i = 0; i < count; i++) await request(work);
  };
  if (kind !== 'tasks') return repeat;
  return async (count) => {
    await Promise.all([repeat(count / 2), repeat(count / 2)]);
  };
}

/** They take turns: whoever has it keeps it until the other one has asked for it, too. To have it twice counts once. */
export function handingOver(request: Request): Contend {
  return async (words, own, until) => {
    const other = own === OF_A ? OF_B : OF_A;
    for (let isOver = false; !isOver; ) {
      const asked = request(() => {
        const isTurn = words[LAST] !== own;
        words[LAST] = own;
        isOver = isTurn && count(words, own, until);
        if (!isTurn || isOver) Atomics.sub(words, ASKED + own, 1);
        return isOver || hasAsked(words, other) ? undefined : untilAsked(words, other);
      });
      Atomics.add(words, ASKED + own, 1);
      await asked;
    }
  };
}

/** Whether that side waits for the lock, which the caller has. */
function hasAsked(words: Int32Array, side: number): boolean {
  return Atomics.load(words, ASKED + side) > (words[side] as number);
}

async function untilAsked(words: Int32Array, side: number): Promise<void> {
  while (!hasAsked(words, side)) await nextTurn();
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
  while (Atomics.load(words, START) === 0) await nextTurn();
  const [allBefore, ownBefore] = [words[TOTAL] as number, words[OF_A] as number];
  const start = now();
  Atomics.store(words, START, 2);
  await contend(words, OF_A, warmUp(task) + task.count);
  const ns = Number(now() - start);
  const [all, ofA, ofB] = [TOTAL, OF_A, OF_B].map((i) => words[i]) as [number, number, number];
  if (ofA + ofB !== all) throw new Error('the lock let both in at once');
  const share = (ofA - ownBefore) / (all - allBefore);
  return { nsPerOp: ns / task.count, busier: Math.max(share, 1 - share) };
}

export async function contestOfB(task: Task, words: Int32Array, contend: Contend): Promise<void> {
  await contend(words, OF_B, warmUp(task));
  Atomics.store(words, START, 1);
  while (Atomics.load(words, START) === 1) await nextTurn();
  await contend(words, OF_B, warmUp(task) + task.count);
}

/** The other side may need this one's event loop to go on. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
