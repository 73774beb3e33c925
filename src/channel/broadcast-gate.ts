// The gate of a broadcast in 'block': how far its writer may write, as the slowest living reader has it.

import { compareExchange, load } from '../word/atomics.ts';
import { JOINED, JOINING, positionOf, SeatWord } from './broadcast.layout.ts';
import type { BroadcastMemory } from './broadcast-memory.ts';

/** A seat that changes hands again and again while it is looked at gates until the next time. */
const LOOKS_MAX = 8;

/**
 * The position of the slowest reader, or the writer's own: from there on nothing is overwritten. Whoever joins after this look joins at
 * the writer's position or after. Dead readers that are in the way of `need` bytes lose their seats.
 */
export function tailOf(memory: BroadcastMemory, position: number, need: number): number {
  let lagMax = 0;
  for (let seat = 0; seat < memory.facts.readers; seat++) {
    lagMax = Math.max(lagMax, lagOf(memory, seat, position, need));
  }
  return (position - lagMax) | 0;
}

/** How many bytes the reader there is behind; 0 without one. */
function lagOf(memory: BroadcastMemory, seat: number, position: number, need: number): number {
  const { words, attachment, facts } = memory;
  const at = memory.seatAt(seat);
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const owner = load(words, at + SeatWord.owner);
    if (owner === 0) return 0;
    const cursor = load(words, at + SeatWord.cursor);
    if (cursor & JOINING) {
      // step: broadcast-before-install
      compareExchange(words, at + SeatWord.cursor, cursor, position | JOINED);
      continue;
    }
    if (!(cursor & JOINED)) return 0;
    const lag = (position - positionOf(cursor)) >>> 0;
    // Left by somebody who is long gone: who has the seat is about to join.
    if (lag > facts.capacity) return 0;
    if (need <= facts.capacity - lag || attachment.view.isAlive(owner)) return lag;
    // step: broadcast-before-free
    compareExchange(words, at + SeatWord.owner, owner, 0);
  }
  return facts.capacity;
}
