// What tells a stream of `memspan send` and `memspan recv` from every other segment: in the segment's last 64 bytes
// stands who came, and from byte 32 of them on a label. Lifeline 2 is the gate, which both sides hold shared.

import type { Segment } from '../segment/segment.ts';

export const TRAILER_BYTES = 64;
/** Where the label is in the trailer. */
export const LABEL_AT = 32;
export const LABEL: string = 'memspan stream 1'.padEnd(32, '\n');
export const STREAM_GATE = 2;

/** Whether these two commands made it. */
export function isStream(segment: Segment): boolean {
  return segment.size > TRAILER_BYTES && labelOf(segment).toString('latin1') === LABEL;
}

export function labelOf({ buffer, size }: Segment): Buffer {
  return Buffer.from(buffer, size - TRAILER_BYTES + LABEL_AT, LABEL.length);
}
