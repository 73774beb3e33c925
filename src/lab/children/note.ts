// `named-lifetime`: writes a note into a named segment, and reads it.

import { Segment } from '../../index.ts';
import { obey } from './orders.ts';

let segment: Segment;

obey({
  write: ({ name, size, text }: { name: string; size: number; text: string }) => {
    segment = Segment.create(name, { size });
    Buffer.from(segment.buffer).write(text);
  },
  open: ({ name }: { name: string }) => {
    try {
      segment = Segment.open(name);
      return null;
    } catch (error) {
      return (error as { code: string }).code;
    }
  },
  /** Up to the first byte of 0, as C has it. */
  read: () => {
    const bytes = Buffer.from(segment.buffer);
    return bytes.toString('latin1', 0, bytes.indexOf(0));
  },
});
