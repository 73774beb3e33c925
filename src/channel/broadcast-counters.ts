// What can be counted of a broadcast, from any process.

import { fence, load } from '../word/atomics.ts';
import { Count, positionOf, Word } from './broadcast.layout.ts';
import type { BroadcastMemory } from './broadcast-memory.ts';

/** With a writer at full speed, what was read last will do. */
const LOOKS_MAX = 64;

export interface BroadcastReaderCounters {
  /** What its thread is called in the span. */
  readonly name: string;
  /** As it sees itself; in another container the number means nothing here. */
  readonly pid: number;
  /** How many messages were sent that it has not taken, also those that are overwritten by now. */
  readonly lag: number;
  /** How many it has found to be overwritten, since it joined. */
  readonly dropped: number;
}

/**
 * A snapshot. While others send and receive, each number is one that was true a moment ago; at rest all are exact. `bytes` may
 * be a message ahead when a writer was killed.
 */
export interface BroadcastCounters {
  /** How many of the messages that are still there the slowest reader has not taken. */
  readonly depth: number;
  /** The greatest depth that a reader has found when it had taken all that it knew of, or that was there now. */
  readonly highWater: number;
  /** How many messages were sent in all. */
  readonly sent: number;
  /** How many bytes these had. */
  readonly bytes: number;
  /** The readers' `dropped` together. */
  readonly dropped: number;
  /** Those who live, in the order of their seats. */
  readonly readers: readonly BroadcastReaderCounters[];
}

export function countersOf(memory: BroadcastMemory): BroadcastCounters {
  const sent = sentIn(memory);
  const readers: BroadcastReaderCounters[] = [];
  for (let seat = 0; seat < memory.facts.readers; seat++) {
    const owner = memory.readerIn(seat);
    if (owner === 0) continue;
    const info = memory.attachment.view.participant(owner);
    readers.push({
      name: info?.name ?? '',
      pid: info?.pid ?? 0,
      lag: Math.max(0, sent - memory.count(memory.countOf(seat, 'next'))),
      dropped: memory.count(memory.countOf(seat, 'missed')),
    });
  }
  const there = memory.drops ? Math.max(0, sent - memory.count(Count.first)) : sent;
  const depth = Math.min(there, Math.max(0, ...readers.map(({ lag }) => lag)));
  return {
    depth,
    highWater: Math.max(depth, memory.count(Count.highWater)),
    sent,
    bytes: memory.count(Count.bytes),
    dropped: readers.reduce((sum, { dropped }) => sum + dropped, 0),
    readers,
  };
}

/** The number of the message that comes next: so many have been. */
function sentIn(memory: BroadcastMemory): number {
  const { words, base, data } = memory;
  for (let looks = 0; ; looks++) {
    const written = load(words, base + Word.written);
    const laps = load(words, base + Word.messageLaps);
    const low = data.sequenceAt(positionOf(written));
    fence();
    const isStill = load(words, base + Word.written) === written;
    if (isStill || looks >= LOOKS_MAX) return memory.wholeSequence(low, laps);
  }
}
