// `private-vs-shared`: maps a segment privately or not, and reads and writes numbers in it, one on each page.

import { Segment } from '../../index.ts';
import { obey } from './orders.ts';

let segment: Segment;

const wordAt = (at: number): Int32Array => new Int32Array(segment.buffer, at, 1);

obey({
  open: ({ name, isPrivate }: { name: string; isPrivate: boolean }) => {
    segment = Segment.open(name, { private: isPrivate });
  },
  read: ({ places }: { places: readonly number[] }) => places.map((at) => wordAt(at)[0]),
  write: ({ at, value }: { at: number; value: number }) => {
    wordAt(at)[0] = value;
  },
  close: () => segment.close(),
});
