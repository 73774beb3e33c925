// The seats of a barrier: who its parties are, and which of them are dead (barrier.layout.ts has the protocol).

import { compareExchange, load } from '../word/atomics.ts';
import { SEATS } from './barrier.layout.ts';

/** Where the seats of a barrier are, and who looks at them. */
export interface SeatsPlace {
  readonly words: Int32Array;
  /** Of its first word. */
  readonly index: number;
  readonly parties: number;
  /** This participant. */
  readonly id: number;
  readonly isAlive: (id: number) => boolean;
}

/** A seat, by its number, and what stands in it. */
export interface Seat {
  readonly seat: number;
  readonly id: number;
}

export interface Seating {
  /** How many this participant has. */
  readonly mine: number;
  /** How many others have who live. */
  readonly others: number;
  /** Those whose owners have died. */
  readonly dead: readonly Seat[];
  /** The first empty one; undefined when there is none. */
  readonly empty: number | undefined;
}

/** Looks at all seats, one after the other. */
export function lookAround(place: SeatsPlace): Seating {
  let mine = 0;
  let others = 0;
  const dead: Seat[] = [];
  let empty: number | undefined;
  let last = 0;
  for (let seat = 0; seat < place.parties; seat++) {
    const id = seatOf(place, seat);
    if (id === 0) empty ??= seat;
    else if (id === place.id) mine++;
    else if (id === last || place.isAlive(id)) {
      // Several seats of one thread stand side by side, as a rule.
      last = id;
      others++;
    } else dead.push({ seat, id });
  }
  return { mine, others, dead, empty };
}

/** Nobody alive has a seat: nobody misses the dead. */
export function isDeserted({ mine, others }: Seating): boolean {
  return mine === 0 && others === 0;
}

/** Whether some party has died: for those who wait, without making anything. */
export function isAnyDead(place: SeatsPlace): boolean {
  let last = place.id;
  for (let seat = 0; seat < place.parties; seat++) {
    const id = seatOf(place, seat);
    if (id === 0 || id === last) continue;
    if (!place.isAlive(id)) return true;
    last = id;
  }
  return false;
}

/** Ids of those who have a seat, dead or alive, each once. */
export function sittersOf(place: SeatsPlace): number[] {
  const ids = Array.from({ length: place.parties }, (_, seat) => seatOf(place, seat));
  return [...new Set(ids)].filter((id) => id !== 0);
}

/** False when somebody else has taken it meanwhile. */
export function sit(place: SeatsPlace, seat: number): boolean {
  return exchange(place, seat, 0, place.id);
}

/** Empties that seat if it is still that id's. */
export function vacate(place: SeatsPlace, { seat, id }: Seat): void {
  exchange(place, seat, id, 0);
}

/** Gives back all but so many of this participant's seats, the last ones first. */
export function standUp(place: SeatsPlace, kept: number): void {
  let { mine } = lookAround(place);
  for (let seat = place.parties - 1; seat >= 0 && mine > kept; seat--) {
    if (exchange(place, seat, place.id, 0)) mine--;
  }
}

function seatOf({ words, index }: SeatsPlace, seat: number): number {
  return load(words, index + SEATS + seat);
}

function exchange(place: SeatsPlace, seat: number, from: number, to: number): boolean {
  return compareExchange(place.words, place.index + SEATS + seat, from, to) === from;
}
