// shared-memory-disruptor: elements of one size, claimed, written to and committed one by one; what is there is consumed together.
// Both ends spin, as its own benchmark has it.

import { rmSync, statSync } from 'node:fs';
import { now } from '../contest.ts';
import { peerPackage } from '../packages.ts';
import { say, type Task, type Transport } from '../task.ts';

/** What is used of it: https://github.com/davedoesdev/shared-memory-disruptor. */
interface Disruptor {
  produceClaimSync(): Uint8Array;
  produceCommitSync(): boolean;
  consumeNewSync(): Uint8Array[];
  consumeCommit(): boolean;
  release(): void;
}

interface Disruptors {
  Disruptor: new (
    name: string,
    elements: number,
    size: number,
    consumers: number,
    consumer: number,
    isFirst: boolean,
    spins: boolean,
  ) => Disruptor;
}

const PRODUCER = -1;
const CONSUMER = 0;
const BYTES = 1 << 20;

const pathOf = (name: string): string => `/dev/shm/${name}`;

/** Throws what end.ts waits for while the other side has not made it whole. */
function checkMade(name: string): void {
  if (statSync(pathOf(name)).size > 0) return;
  throw Object.assign(new Error('it has no size yet'), { code: 'ENOENT' });
}

/** That many bytes in all as the other rings, at least 16 messages. */
function open(name: string, { size }: Task, role: number, isFirst: boolean): Disruptor {
  const { Disruptor } = peerPackage('shared-memory-disruptor') as Disruptors;
  const elements = Math.max(16, BYTES / size);
  return new Disruptor(`/${name}`, elements, size, 1, role, isFirst, true);
}

function send(ring: Disruptor, message: Uint8Array, count: number): void {
  for (let left = count; left > 0; left--) {
    ring.produceClaimSync().set(message);
    ring.produceCommitSync();
  }
}

class Consumer {
  readonly #ring: Disruptor;
  readonly #target: Buffer;
  /** Consumed, and not yet asked for. */
  #surplus = 0;

  constructor(ring: Disruptor, { size }: Task) {
    this.#ring = ring;
    this.#target = Buffer.alloc(size);
  }

  /** Copies each message, as a reader of a ring does. */
  receive(count: number): void {
    const { length } = this.#target;
    while (this.#surplus < count) {
      for (const messages of this.#ring.consumeNewSync()) {
        for (let at = 0; at < messages.length; at += length) {
          (messages as Buffer).copy(this.#target, 0, at, at + length);
        }
        this.#surplus += messages.length / length;
      }
      this.#ring.consumeCommit();
    }
    this.#surplus -= count;
  }
}

const warmUp = ({ count }: Task): number => Math.ceil(count / 10);

export const disruptor: Transport = {
  async a(task, { name, heard }) {
    const there = open(`${name}-there`, task, PRODUCER, true);
    const back = open(`${name}-back`, task, CONSUMER, true);
    try {
      const answers = new Consumer(back, task);
      await heard();
      const message = new Uint8Array(task.size).fill(7);
      const measured = (count: number): void => {
        const [awaited, each] = task.kind === 'flow' ? [1, count] : [count, 1];
        for (let i = 0; i < awaited; i++) {
          send(there, message, each);
          answers.receive(1);
        }
      };
      measured(warmUp(task));
      const start = now();
      measured(task.count);
      return { nsPerOp: Number(now() - start) / task.count };
    } finally {
      there.release();
      back.release();
      for (const part of ['there', 'back']) rmSync(pathOf(`${name}-${part}`));
    }
  },

  async b(task, name) {
    checkMade(`${name}-there`);
    checkMade(`${name}-back`);
    const there = open(`${name}-there`, task, CONSUMER, false);
    const back = open(`${name}-back`, task, PRODUCER, false);
    const consumer = new Consumer(there, task);
    say('ready');
    const message = new Uint8Array(task.size).fill(7);
    for (const count of [warmUp(task), task.count]) {
      // Each is answered, or all of them once.
      const [answers, each] = task.kind === 'flow' ? [1, count] : [count, 1];
      for (let i = 0; i < answers; i++) {
        consumer.receive(each);
        send(back, message, 1);
      }
    }
  },
};
