// Queues for tests: of spans of their own, and with states written by hand.
import assert from 'node:assert/strict';
import { CELLS_OFFSET, Positions, QueueWord, strideOf } from '../../src/channel/queue.layout.ts';
import { type Message, type Queue, type QueueOfBytes, Span } from '../../src/index.ts';

export type Bytes = Queue<Uint8Array, Message, Uint8Array>;

export interface Bench extends Disposable {
  readonly span: Span;
  readonly queue: Bytes;
  /** Of the whole span. */
  readonly words: Int32Array;
  /** The queue's first. */
  readonly base: number;
  readonly positions: Positions;
  /** The word of that cell's state. */
  cell(index: number): number;
  word(name: keyof typeof QueueWord): number;
}

export function bench(options: QueueOfBytes = { capacity: 2, messageMax: 8 }): Bench {
  const span = Span.anonymous();
  return benchOf(span, span.queue('q', options));
}

export function benchOf(span: Span, queue: Bytes): Bench {
  const { view } = span.attachment('test');
  const entry = [...view.entries()].find(({ name }) => name === queue.name);
  const base = (entry?.offset as number) / 4;
  return {
    span,
    queue,
    words: view.words,
    base,
    positions: new Positions(queue.capacity),
    cell: (index) => base + (CELLS_OFFSET + index * strideOf(queue.messageMax)) / 4,
    word: (name) => base + QueueWord[name],
    [Symbol.dispose]: () => span.close(),
  };
}

/** The id of a participant that has died. */
export const DEAD: number = (40_000 << 12) | 3;

export function textOf(message: Uint8Array | null): string | null {
  return message === null ? null : Buffer.from(message).toString();
}

/** What is in it, and then no more. */
export function drain(queue: Bytes): string[] {
  using reader = queue.reader();
  return reader.readBatch(queue.capacity + 1).map((message) => textOf(message) as string);
}

/** In order: what was committed is received, dropped, or there. */
export function checkConserved(queue: Bytes): void {
  const { sent, received, dropped, depth } = queue.counters;
  assert.equal(sent - received - dropped, depth, 'sent, less what is done with, is what is there');
}
