// `ring`: one end of the textbook's bounded buffer, and one of memspan's ring.

import { type RingReader, type RingWriter, Segment, Span } from '../../index.ts';
import { BoundedBuffer } from './bounded-buffer.ts';
import { LONG_MS, obey } from './orders.ts';

interface Items {
  readonly from: number;
  readonly count: number;
}

let buffer: BoundedBuffer;
let span: Span;
let writer: RingWriter<string>;
let reader: RingReader<Uint8Array>;

obey({
  open: (names: { name: string; span: string }) => {
    buffer = new BoundedBuffer(Segment.open(names.name));
    span = Span.join(names.span);
  },
  put: ({ from, count }: Items) => {
    for (let i = from; i < from + count; i++) buffer.put(`item ${i}`);
  },
  get: ({ count }: Items) => Array.from({ length: count }, () => buffer.get()),

  write: ({ from, count }: Items) => {
    writer = span.ring<Uint8Array, string>('items').writer();
    for (let i = from; i < from + count; i++) writer.send(`item ${i}`, { timeoutMs: LONG_MS });
  },
  /** As many as there are, until the writer ends or is dead: which of the two. */
  read: () => {
    reader = span.ring('items').reader();
    const texts: string[] = [];
    try {
      for (;;) {
        const item = reader.receive({ timeoutMs: LONG_MS });
        if (item === null) return { texts, end: 'closed' };
        texts.push(Buffer.from(item).toString());
      }
    } catch (error) {
      return { texts, end: (error as { code?: string }).code };
    }
  },
});
