// memspan's newest value: side b publishes as fast as it can, side a reads whatever is the newest.

import { Span } from '../../src/index.ts';
import { now } from '../contest.ts';
import { say, type Transport } from '../task.ts';

const LINES = 64;
/** Publications in one turn of the event loop. */
const PER_TURN = 1000;

export const latest: Transport = {
  async a({ size, count }, { name, heard }) {
    using span = Span.create(name, { size: 2 ** 21 + 32 * size });
    const value = span.latest('x', { size });
    await heard();
    const copy = new Uint8Array(size);
    const read = (times: number): void => {
      for (let i = 0; i < times; i++) {
        value.readInto(copy);
        if (copy[0] !== copy[size - 1]) throw new Error('read half of a value');
      }
    };
    // Several calls: the engine compiles a loop that runs differently from one that is called.
    for (let i = 0; i < 4; i++) read(Math.ceil(count / 10));
    const start = now();
    read(count);
    const ns = Number(now() - start);
    span.unlink();
    return { nsPerOp: ns / count };
  },

  async b({ size }, name) {
    using span = Span.join(name);
    using writer = span.latest('x', { size }).writer();
    const lines = Array.from({ length: LINES }, (_, i) => new Uint8Array(size).fill(i));
    let isOver = false;
    process.once('disconnect', () => {
      isOver = true;
    });
    for (let turn = 0; !isOver; turn++) {
      for (let i = 0; i < PER_TURN; i++) writer.publish(lines[i % LINES] as Uint8Array);
      if (turn === 0) say('at work');
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
};
