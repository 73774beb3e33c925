// Spans with a ring, for tests: anonymous ones that end with the test.
import type { TestContext } from 'node:test';
import { Ring, type RingReader, type RingWriter, Span } from '../../src/index.ts';

export interface SpanPair {
  readonly span: Span;
  readonly ring: Ring;
  readonly writer: RingWriter;
  readonly reader: RingReader;
  /** The ring's words, from its header on. */
  readonly words: Int32Array;
}

export function spanPair(t: TestContext, capacity = 64): SpanPair {
  const span = Span.anonymous({ size: 2 ** 20 });
  t.after(() => span.close());
  const ring = span.ring('r', { capacity });
  return {
    span,
    ring,
    writer: ring.writer(),
    reader: ring.reader(),
    words: wordsOf(span, Ring.bytesFor(capacity)),
  };
}

/** Of the first ring in the span: found by its magic number. */
export function wordsOf(span: Span, bytes: number): Int32Array {
  const words = new Int32Array(span.segment.buffer);
  const at = words.indexOf(0x474e5247);
  return words.subarray(at, at + bytes / 4);
}

export const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString();
