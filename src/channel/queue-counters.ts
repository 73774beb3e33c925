// What can be counted about a queue, from any process, without slowing down anybody.

import { load } from '../word/atomics.ts';
import { Kind, kindOf, QueueWord } from './queue.layout.ts';
import type { QueueMemory } from './queue-memory.ts';

/**
 * Read while others go on, so each number is of a moment of its own. While nothing happens they are exact, but for those who died in
 * the midst of a call: its message may have been counted already, or not yet.
 */
export interface QueueCounters {
  /** Messages that are to be taken, those that are being written included. */
  readonly depth: number;
  /** The largest depth there ever was, as writers saw it after a claim. */
  readonly highWater: number;
  /** Messages that were committed: those received, dropped, taken at the moment, and to be taken. */
  readonly sent: number;
  /** Messages that readers are done with. */
  readonly received: number;
  /** Bytes of the messages that were committed. */
  readonly bytes: number;
  /** Messages that nobody will receive: those of dead readers ('at-most-once'), and what was none. Wraps at 2^32. */
  readonly dropped: number;
  /** Claims that were passed over: aborted, or of dead writers. Wraps at 2^32. */
  readonly skipped: number;
  /** How often a message was delivered again. Wraps at 2^32. */
  readonly redelivered: number;
}

/** Looks at every cell. */
export function countersOf(memory: QueueMemory): QueueCounters {
  const { positions, facts, words } = memory;
  const dropped = memory.load(QueueWord.dropped) >>> 0;
  let received = 0;
  let bytes = 0;
  let held = 0;
  for (let index = 0; index < facts.capacity; index++) {
    const kind = kindOf(load(words, memory.stateAt(index)));
    if (kind === Kind.full || kind === Kind.reading) held++;
    received += memory.receivedOf(index);
    bytes += memory.volumeOf(index);
  }
  const distance = positions.distance(memory.load(QueueWord.head), memory.load(QueueWord.tail));
  return {
    depth: Math.min(Math.max(distance, 0), facts.capacity),
    highWater: Math.min(Math.max(memory.load(QueueWord.highWater), 0), facts.capacity),
    sent: received + dropped + held,
    received,
    bytes,
    dropped,
    skipped: memory.load(QueueWord.skipped) >>> 0,
    redelivered: memory.load(QueueWord.redelivered) >>> 0,
  };
}
