// A value that side b replaces as fast as it can, and that side a reads, whatever keeps it: for peers of memspan's newest value
// (latest.ts), read and checked as it is.

import { now } from '../contest.ts';
import { say, type Task, type Transport } from '../task.ts';

export interface Place {
  publish(value: Uint8Array): unknown;
  readInto(target: Uint8Array): Promise<void> | void;
  close(): Promise<void> | void;
}

interface Keeper {
  /** For side a: starts what both need, and returns what ends it. */
  start(name: string): Promise<() => Promise<void>>;
  open(name: string, task: Task): Promise<Place>;
}

const LINES = 64;
/** Publications in one turn of the event loop, and promises of them at once. */
const PER_TURN = 100;

export function newest({ start, open }: Keeper): Transport {
  return {
    async a(task, { name, heard, channel }) {
      const { size, count } = task;
      const end = await start(name);
      try {
        const isReady = heard();
        const place = await open(name, task);
        await isReady;
        const copy = new Uint8Array(size);
        const read = async (times: number): Promise<void> => {
          for (let i = 0; i < times; i++) {
            const done = place.readInto(copy);
            if (done) await done;
            if (copy[0] !== copy[size - 1]) throw new Error('read half of a value');
          }
        };
        // Several calls: the engine compiles a loop that runs differently from one that is called.
        for (let i = 0; i < 4; i++) await read(Math.ceil(count / 10));
        const begun = now();
        await read(count);
        const ns = Number(now() - begun);
        const isStill = heard();
        channel.send('over');
        await isStill;
        await place.close();
        return { nsPerOp: ns / count };
      } finally {
        await end();
      }
    },

    async b(task, name) {
      const place = await open(name, task);
      const lines = Array.from({ length: LINES }, (_, i) => new Uint8Array(task.size).fill(i));
      let isOver = false;
      process.once('message', () => {
        isOver = true;
      });
      for (let turn = 0; !isOver; turn++) {
        const some = Array.from({ length: PER_TURN }, (_, i) =>
          place.publish(lines[i % LINES] as Uint8Array),
        );
        await Promise.all(some);
        if (turn === 0) say('at work');
        await new Promise((resolve) => setImmediate(resolve));
      }
      await place.close();
      say('still');
    },
  };
}
