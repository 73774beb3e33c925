// Who waits for an object, in the order of arrival: for what is given out first come, first served.
//
// Nothing is handed over, so nothing can be lost on the way. What is free belongs to those who have waited
// longest and live, as many of them as there is of it. Each takes its own when it looks; who changes how much
// there is, or leaves the queue, rings those whose turn it may be; and whose turn it is by the death of one
// before hears of that death as everybody does (waiting.ts).

import { load } from '../word/atomics.ts';
import type { Attachment } from './attachment.ts';
import { EPOCH_MASK, idOf } from './participant.layout.ts';
import type { WaitInfo } from './view.ts';

type Place = Pick<Attachment, 'id' | 'view' | 'waiting'>;

/**
 * Counts those who live and wait for the object, with a cell earlier than that ticket; without one, all. A thread that
 * blocks cannot do what its own earlier tasks wait for, and goes in their place.
 */
export function countEarlier(place: Place, object: number, ticket?: number): number {
  const waits = living(place, object);
  let limit = ticket;
  if (limit !== undefined && waits.some(({ id, blocking }) => blocking && id === place.id)) {
    for (const { id, ticket } of waits) if (id === place.id) limit = earlier(limit, ticket);
  }
  let count = 0;
  for (const { ticket } of waits) {
    if (limit === undefined || earlier(ticket, limit) !== limit) count++;
  }
  return count;
}

/** Tickets wrap: the difference tells which is earlier. */
function earlier(a: number, b: number): number {
  return ((a - b) | 0) < 0 ? a : b;
}

/** Rings the first `count` of those who live and wait for the object; how many there were. */
export function ringEarliest(place: Place, object: number, count: number): number {
  const first = living(place, object)
    .sort((a, b) => (a.ticket - b.ticket) | 0)
    .slice(0, count);
  for (const id of new Set(first.map((wait) => wait.id))) place.waiting.ring(id);
  return first.length;
}

/** The waits of the living, in no order. The cells of the dead are taken out of sight. */
function living({ id, view, waiting }: Place, object: number): WaitInfo[] {
  const { waitsOffset, participants } = view.geometry;
  const found: WaitInfo[] = [];
  for (let slot = 0; slot < participants; slot++) {
    const summary = load(view.words, waitsOffset / 4 + slot);
    if ((summary & 0xffff) === 0) continue;
    const owner = idOf(slot, (summary >>> 16) & EPOCH_MASK);
    const waits = view.waitsOf(owner).filter((wait) => wait.offset === object * 4);
    if (waits.length === 0) continue;
    if (owner === id || view.isAlive(owner)) found.push(...waits);
    else waiting.forget(owner);
  }
  return found;
}
