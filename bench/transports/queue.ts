// memspan's queue with two writers and two readers, each a process: the sides that are measured, and one more of each, which they
// start and which runs on the same processor. Blocking on all ends.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Queue, type QueueOfBytes, Span } from '../../src/index.ts';
import { now } from '../contest.ts';
import { say, type Task, type Transport } from '../task.ts';

/** The words that the processes meet at: which round has begun; how many writers, and readers, have ended one. */
const Meeting = { round: 0, written: 1, read: 2 } as const;
const WORDS = 3;
const CAPACITY = 1024;

type Bytes = Queue<Uint8Array, Uint8Array | string, Uint8Array>;

interface Office {
  readonly queue: Bytes;
  readonly words: Int32Array;
}

/** What the other writer or reader is told. */
export interface Orders {
  readonly name: string;
  readonly role: 'writer' | 'reader';
  readonly task: Task;
}

function officeIn(span: Span, { size }: Task): Office {
  const options: QueueOfBytes = { capacity: CAPACITY, messageMax: size };
  const queue: Bytes = span.queue('q', options);
  const { buffer, byteOffset } = span.bytes('words', { size: 4 * WORDS });
  return { queue, words: new Int32Array(buffer, byteOffset, WORDS) };
}

/** The first is to warm up. */
function roundsOf({ count }: Task): [number, number] {
  return [Math.ceil(count / 4), count];
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Half of the messages of each round. Who ends last says so to both readers, by a message of no bytes to each. */
export async function write({ queue, words }: Office, task: Task): Promise<void> {
  const writer = queue.writer();
  const message = new Uint8Array(task.size).fill(7);
  for (const [i, count] of roundsOf(task).entries()) {
    await until(() => Atomics.load(words, Meeting.round) > i);
    for (let sent = 0; sent < count / 2; sent++) writer.send(message);
    if (Atomics.add(words, Meeting.written, 1) !== 2 * i + 1) continue;
    writer.send('');
    writer.send('');
  }
}

/** The messages of one round, as many as come. */
function readRound({ queue, words }: Office): void {
  const reader = queue.reader();
  while ((reader.receive() as Uint8Array).length > 0);
  Atomics.add(words, Meeting.read, 1);
}

export async function read(office: Office, task: Task): Promise<void> {
  for (const i of roundsOf(task).keys()) {
    await until(() => Atomics.load(office.words, Meeting.round) > i);
    readRound(office);
  }
}

export async function follow({ name, role, task }: Orders): Promise<void> {
  using span = Span.join(name);
  await (role === 'writer' ? write : read)(officeIn(span, task), task);
}

/** Resolves when it has ended. */
function another(orders: Orders): Promise<void> {
  const path = fileURLToPath(new URL('../queue-process.js', import.meta.url));
  const child = fork(path, [JSON.stringify(orders)], { execArgv: [] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a ${orders.role} ended with ${code}`));
    });
  });
}

export const queue: Transport = {
  async a(task, { name, heard }) {
    using span = Span.create(name, { size: 2 ** 24 });
    const office = officeIn(span, task);
    const { words } = office;
    const other = another({ name, role: 'reader', task });
    await heard();
    let ns = 0;
    for (const i of roundsOf(task).keys()) {
      const start = now();
      Atomics.store(words, Meeting.round, i + 1);
      readRound(office);
      await until(() => Atomics.load(words, Meeting.read) === 2 * (i + 1));
      ns = Number(now() - start);
    }
    await other;
    span.unlink();
    return { nsPerOp: ns / task.count };
  },

  async b(task, name) {
    using span = Span.join(name);
    const office = officeIn(span, task);
    const other = another({ name, role: 'writer', task });
    say('ready');
    await write(office, task);
    await other;
  },
};
