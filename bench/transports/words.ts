// Round trips over two words on different cache lines: spinning on them, or sleeping in wait/notify.

import { notify, Segment, wait } from '../../src/index.ts';
import { say, type Task, type Transport } from '../task.ts';

const THERE = 0;
const BACK = 32;

type Await = (words: Int32Array, index: number, previous: number) => void;

function words(sleeps: boolean): Transport {
  const awaitChange: Await = sleeps
    ? (words, index, previous) => {
        while (Atomics.load(words, index) === previous) wait(words, index, previous);
      }
    : (words, index, previous) => {
        while (Atomics.load(words, index) === previous);
      };
  const put = sleeps
    ? (words: Int32Array, index: number, value: number): void => {
        Atomics.store(words, index, value);
        notify(words, index, 1);
      }
    : (words: Int32Array, index: number, value: number): void => {
        Atomics.store(words, index, value);
      };
  return {
    async a({ count }: Task, peer) {
      using segment = Segment.create(peer.name, { size: 4096 });
      await peer.heard();
      const cells = new Int32Array(segment.buffer);
      const warm = Math.ceil(count / 10);
      let start = 0n;
      for (let i = 1; i <= warm + count; i++) {
        if (i === warm + 1) start = process.hrtime.bigint();
        put(cells, THERE, i);
        awaitChange(cells, BACK, i - 1);
      }
      const ns = Number(process.hrtime.bigint() - start);
      segment.unlink();
      return { nsPerOp: ns / count };
    },
    async b({ count }, name) {
      using segment = Segment.open(name);
      const cells = new Int32Array(segment.buffer);
      say('ready');
      const all = Math.ceil(count / 10) + count;
      for (let i = 1; i <= all; i++) {
        awaitChange(cells, THERE, i - 1);
        put(cells, BACK, i);
      }
    },
  };
}

export const spin: Transport = words(false);
export const futex: Transport = words(true);
