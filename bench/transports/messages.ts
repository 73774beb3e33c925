// What carries messages by promises, whatever it is: there and back one at a time, or one way as fast as they go. The last word of
// a flow is an answer of one message.

import { now } from '../contest.ts';
import { say, type Task, type Transport } from '../task.ts';

/** One side's connection to the other one. */
export interface Ends {
  /** Resolves when the last one can be forgotten. As many at once as the carrier is fastest with. */
  send(message: Uint8Array, count: number): Promise<void>;
  /** Resolves when so many more have come. */
  receive(count: number): Promise<void>;
  close(): Promise<void> | void;
}

interface Carrier {
  /** For side a: starts what both need, and returns what ends it. */
  start?(name: string, task: Task): Promise<() => Promise<void>>;
  /** `isFirst` on side a. Rejects with a code of end.ts while it is too early. */
  open(name: string, isFirst: boolean, task: Task): Promise<Ends>;
}

const warmUp = ({ count }: Task): number => Math.ceil(count / 10);

export function messages({ start, open }: Carrier): Transport {
  return {
    async a(task, { name, heard }) {
      const end = await start?.(name, task);
      try {
        const isReady = heard();
        const ends = await open(name, true, task);
        await isReady;
        const message = new Uint8Array(task.size).fill(7);
        const measured = task.kind === 'trips' ? trips : flow;
        await measured(ends, message, warmUp(task));
        const begun = now();
        await measured(ends, message, task.count);
        const ns = Number(now() - begun);
        await ends.close();
        return { nsPerOp: ns / task.count };
      } finally {
        await end?.();
      }
    },

    async b(task, name) {
      const ends = await open(name, false, task);
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      say('ready');
      const message = new Uint8Array(task.size).fill(7);
      for (const count of [warmUp(task), task.count]) {
        if (task.kind === 'trips') await echo(ends, message, count);
        else {
          await ends.receive(count);
          await ends.send(message, 1);
        }
      }
      await isOver;
      await ends.close();
    },
  };
}

async function trips(ends: Ends, message: Uint8Array, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await ends.send(message, 1);
    await ends.receive(1);
  }
}

async function echo(ends: Ends, message: Uint8Array, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await ends.receive(1);
    await ends.send(message, 1);
  }
}

async function flow(ends: Ends, message: Uint8Array, count: number): Promise<void> {
  await ends.send(message, count);
  await ends.receive(1);
}

/** Counts what comes by events. */
export class Arrivals {
  #unread = 0;
  #wanted = 0;
  #resume: (() => void) | undefined;

  came(count: number): void {
    this.#unread += count;
    if (this.#resume !== undefined && this.#unread >= this.#wanted) this.#take();
  }

  receive(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = count;
      this.#resume = resolve;
      if (this.#unread >= count) this.#take();
    });
  }

  #take(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    this.#unread -= this.#wanted;
    resume?.();
  }
}
