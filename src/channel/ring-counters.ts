// What has gone through a ring, for whoever looks.

import { readFloat } from '../word/bytes.ts';
import { Counter, READER, WRITER } from './ring.layout.ts';

/**
 * A moment's news of a ring, over all who have had its ends. While an end is at work, each may be one message behind; an end
 * that dies between a message and the count of it leaves it out for good.
 */
export interface RingCounters {
  /** Messages that are there: `sent` − `received`. */
  readonly depth: number;
  /**
   * The most messages that an end has found there when it had to look at what the other one has done, or that are there
   * now: at least half of the largest number there has ever been.
   */
  readonly highWater: number;
  /** Messages. */
  readonly sent: number;
  /** Messages whose room was given back. */
  readonly received: number;
  /** Of all messages sent, without their headers. */
  readonly bytes: number;
  /** Always 0: a ring drops nothing. */
  readonly dropped: 0;
}

/** `words` begin with the ring. */
export function countersOf(words: Int32Array): RingCounters {
  const at = (start: number, counter: number): number =>
    countOf(readFloat(words, start / 4 + 2 * counter));
  const received = at(READER.counters, Counter.messages);
  const sent = at(WRITER.counters, Counter.messages);
  const depth = Math.max(0, sent - received);
  return {
    depth,
    highWater: Math.max(
      depth,
      at(WRITER.counters, Counter.highWater),
      at(READER.counters, Counter.highWater),
    ),
    sent,
    received,
    bytes: at(WRITER.counters, Counter.bytes),
    dropped: 0,
  };
}

/** Whatever somebody hostile has written there. */
function countOf(value: number): number {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : 0;
}
