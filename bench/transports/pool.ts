// memspan's pool: side b loans, writes in place and publishes, side a takes, looks and releases. Both poll, as the C program does.

import { Span } from '../../src/index.ts';
import { now } from '../contest.ts';
import { say, type Task, type Transport } from '../task.ts';

const CHUNKS = 3;
/** The reader looks at one byte of so many. */
const SAMPLE = 65536;

function poolIn(span: Span, { size }: Task) {
  return span.pool('p', { chunks: CHUNKS, chunkSize: size, readers: 1 });
}

const warmUp = ({ count }: Task): number => Math.ceil(count / 10);

/** `fills`: every byte of a message is written; else only its number. */
function overPool(fills: boolean): Transport {
  return {
    async a(task, { name, heard }) {
      const { size, count } = task;
      using span = Span.create(name, { size: 2 ** 20 + CHUNKS * size });
      using reader = poolIn(span, task).reader();
      await heard();
      let number = 0;
      const take = (times: number): void => {
        for (const end = number + times; number < end; number++) {
          let taken = reader.tryTake();
          while (taken === null) taken = reader.tryTake();
          const { bytes } = taken;
          if (bytes[0] !== (number & 255)) throw new Error('a message is lost or repeated');
          for (let at = SAMPLE - 1; fills && at < size; at += SAMPLE) {
            if (bytes[at] !== (number & 255)) throw new Error('a message is torn');
          }
          taken.release();
        }
      };
      take(warmUp(task));
      const start = now();
      take(count);
      const ns = Number(now() - start);
      span.unlink();
      return { nsPerOp: ns / count };
    },

    async b(task, name) {
      using span = Span.join(name);
      const pool = poolIn(span, task);
      using writer = pool.writer();
      // What is published before there is a reader goes to nobody.
      while (pool.counters.readers.length === 0) await new Promise((go) => setImmediate(go));
      say('at work');
      const total = warmUp(task) + task.count;
      for (let number = 0; number < total; number++) {
        let loan = writer.tryLoan();
        while (loan === null) loan = writer.tryLoan();
        const bytes = fills ? loan.plainBytes : loan.bytes;
        if (fills) bytes.fill(number);
        bytes[0] = number;
        loan.publish();
      }
    },
  };
}

export const filledPool: Transport = overPool(true);
export const handedPool: Transport = overPool(false);
