// memspan's ring, a promise for each message on both ends: it looks for a while before it sleeps, as whoever uses it gets it.

import { Ring, Segment } from '../../src/index.ts';
import type { Transport } from '../task.ts';
import { messages } from './messages.ts';

export const asyncRing: Transport = messages({
  async open(name, isFirst, { size: length }) {
    const size = Ring.bytesFor(Math.max(1 << 20, length * 16));
    const segments = [name, `${name}-back`].map((name) =>
      isFirst
        ? Segment.create(name, { size, populate: true })
        : Segment.open(name, { populate: true }),
    ) as [Segment, Segment];
    const [there, back] = isFirst ? segments : segments.toReversed();
    const writer = new Ring(there as Segment).writer();
    const reader = new Ring(back as Segment).reader();
    return {
      async send(message, count) {
        for (let i = 0; i < count; i++) await writer.sendAsync(message);
      },
      async receive(count) {
        for (let i = 0; i < count; i++) await reader.receiveAsync();
      },
      close() {
        writer.close();
        reader.close();
        for (const segment of segments) {
          if (isFirst) segment.unlink();
          segment.close();
        }
      },
    };
  },
});
