// memspan's reader-writer lock: to write, alone; to read, alone (the other side is attached, and idle) or by both
// sides at once. A reader looks at a pair of words. In a contest side a does so `count` times, and what side b has done
// meanwhile counts, too.

import { type RwLock, Span } from '../../src/index.ts';
import { type Alone, now, timed } from '../contest.ts';
import { type Measurement, say, type Task, type Transport } from '../task.ts';

/** Guarded by the lock. */
const PAIR = 0;
/** Each on lines of its own: how often b has read; 1 when it is over. */
const READS_OF_B = 32;
const IS_OVER = 64;
const WORDS = 96;

function parts(span: Span) {
  const bytes = span.bytes('words', { size: WORDS * 4 });
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, WORDS);
  return { lock: span.rwlock('x'), words };
}

function readPair(lock: RwLock, words: Int32Array): void {
  const guard = lock.read();
  if (words[PAIR] !== words[PAIR + 1]) throw new Error('read half of a pair');
  guard.release();
}

async function read(lock: RwLock, words: Int32Array, count: number): Promise<void> {
  for (let i = 0; i < count; i++) readPair(lock, words);
}

async function write(lock: RwLock, _words: Int32Array, count: number): Promise<void> {
  for (let i = 0; i < count; i++) lock.write().release();
}

async function together(task: Task, words: Int32Array, alone: Alone): Promise<Measurement> {
  while (Atomics.load(words, READS_OF_B) < task.count / 10);
  for (let i = 0; i < 4; i++) await alone(task.count / 8);
  const before = Atomics.load(words, READS_OF_B);
  const start = now();
  await alone(task.count);
  const ns = Number(now() - start);
  const others = (Atomics.load(words, READS_OF_B) - before) >>> 0;
  Atomics.store(words, IS_OVER, 1);
  return { nsPerOp: ns / (task.count + others) };
}

function readUntilOver(lock: RwLock, words: Int32Array): void {
  // Plain stores and loads: the processor makes them seen soon enough, and they order nothing.
  for (let reads = 1; words[IS_OVER] === 0; reads++) {
    readPair(lock, words);
    words[READS_OF_B] = reads;
  }
}

function rwlockTransport(use: typeof read): Transport {
  return {
    async a(task, { name, heard }) {
      using span = Span.create(name);
      const { lock, words } = parts(span);
      await heard();
      const alone: Alone = (count) => use(lock, words, count);
      const result = await (task.kind === 'contest'
        ? together(task, words, alone)
        : timed(task, alone));
      span.unlink();
      return result;
    },

    async b(task, name) {
      using span = Span.join(name);
      const { lock, words } = parts(span);
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      say('ready');
      if (task.kind === 'contest') readUntilOver(lock, words);
      await isOver;
    },
  };
}

export const rwlockRead: Transport = rwlockTransport(read);
export const rwlockWrite: Transport = rwlockTransport(write);
