// A broadcast in a span of its own, and its words, from the first one on, to be looked at and written by hand.
import type { TestContext } from 'node:test';
import { type Broadcast, type BroadcastOptions, Span } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

export interface Stage {
  readonly span: Span;
  readonly broadcast: Broadcast;
  readonly words: Int32Array;
  /** The index of the data's first word. */
  readonly data: number;
}

export function stage(t: TestContext, options: BroadcastOptions): Stage {
  const span = Span.create(uniqueName(), { size: 2 ** 22, lifetime: 'last-close', as: 'me' });
  t.after(() => span.close());
  const broadcast = span.broadcast('b', options);
  const objectsOffset = new Uint32Array(span.segment.buffer)[13] as number;
  const words = new Int32Array(span.segment.buffer, objectsOffset);
  return { span, broadcast, words, data: (384 + 128 * broadcast.readersMax) / 4 };
}

/** Text as bytes, and back. */
export const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString();
