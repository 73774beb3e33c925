// The transitions of a barrier: taking a seat, arriving, giving up, breaking it, beginning anew (barrier.layout.ts has
// the table and the argument). Each is one compare-exchange, or a series of them that may end anywhere.

import type { Waiting } from '../span/waiting.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { BROKEN, countOf, GENERATION_MASK, generationOf, wordOf } from './barrier.layout.ts';
import {
  isAnyDead,
  isDeserted,
  lookAround,
  type Seat,
  type SeatsPlace,
  sit,
  standUp,
  vacate,
} from './barrier-seats.ts';

/** Where a barrier is, and who looks at it. */
export interface BarrierPlace extends SeatsPlace {
  readonly waiting: Waiting;
}

/** What has become of a phase, to one who has arrived in it. */
export const Phase = {
  /** Not all are there yet. */
  open: 0,
  completed: 1,
  broken: 2,
} as const;

export type Phase = (typeof Phase)[keyof typeof Phase];

/** An arrival that counts. */
export interface Arrived {
  readonly generation: number;
  /** How many were there before. */
  readonly order: number;
}

/** Why there is none. */
export type Refusal =
  /** A party has died, and nobody has reset it since. */
  | 'broken'
  /** All seats have living owners. */
  | 'full'
  /** More have arrived than there are parties. */
  | 'corrupt'
  /** Others are not there yet: for who wants to be the last one, or nothing. */
  | 'early';

export function phaseIn(word: number, generation: number): Phase {
  const steps = (generationOf(word) - generation) & GENERATION_MASK;
  if (steps % 2 === 1) return Phase.completed;
  return steps === 0 && (word & BROKEN) === 0 ? Phase.open : Phase.broken;
}

/** How far the phase of that generation is. Who finds a dead party breaks it. */
export function lookAt(place: BarrierPlace, generation: number): Phase {
  for (;;) {
    const word = load(place.words, place.index);
    const phase = phaseIn(word, generation);
    if (phase !== Phase.open || !isAnyDead(place)) return phase;
    breakAt(place, word);
  }
}

/**
 * Sees to it that this participant has a seat for one arrival more than `pending`; begins anew where nobody was
 * left. The word as it was before a look at the seats that found nothing wrong.
 */
export function takeSeat(place: BarrierPlace, pending: number): number | Refusal {
  for (;;) {
    const word = load(place.words, place.index);
    // step: barrier-loaded
    const seating = lookAround(place);
    const { mine, dead, empty } = seating;
    if (isDeserted(seating)) {
      if ((word & BROKEN) !== 0 || countOf(word) !== 0 || dead.length > 0) {
        renewDeserted(place, word, dead);
        continue;
      }
    } else {
      const state = judge(place, word, dead);
      if (state === 'broken') return state;
      if (state === 'changed') continue;
    }
    if (mine > pending) return word;
    if (empty === undefined) return 'full';
    // step: barrier-before-sit
    sit(place, empty);
    // step: barrier-sat
  }
}

/** Arrives. The last one completes the phase, and rings the others. */
export function arrive(
  place: BarrierPlace,
  pending: number,
  isLastOrNothing = false,
): Arrived | Refusal {
  const { words, index, parties, waiting } = place;
  for (;;) {
    const word = takeSeat(place, pending);
    if (typeof word === 'string') return word;
    const order = countOf(word);
    if (order >= parties) return 'corrupt';
    const isLast = order === parties - 1;
    if (isLastOrNothing && !isLast) return 'early';
    const generation = generationOf(word);
    const next = isLast ? wordOf(generation + 1, 0) : word + 1;
    // step: barrier-before-arrive
    if (compareExchange(words, index, word, next) !== word) continue;
    // step: barrier-arrived
    if (isLast) waiting.ringAll(index);
    // step: barrier-done
    return { generation, order };
  }
}

/** Arrives if that completes the phase; otherwise nothing has changed. */
export function arriveLast(place: BarrierPlace, pending: number): Arrived | Refusal {
  for (;;) {
    const word = load(place.words, place.index);
    // step: barrier-loaded
    const seating = lookAround(place);
    const isFirst = isDeserted(seating);
    const state = isFirst ? 'sound' : judge(place, word, seating.dead);
    if (state === 'broken') return state;
    if (state === 'changed') continue;
    if ((isFirst ? 0 : countOf(word)) < place.parties - 1) return 'early';
    const arrived = arrive(place, pending, true);
    if (arrived === 'early') standUp(place, seating.mine);
    return arrived;
  }
}

/** Takes an arrival back, while its phase is open; what had become of the phase. */
export function giveUp({ words, index }: BarrierPlace, generation: number): Phase {
  for (;;) {
    const word = load(words, index);
    const phase = phaseIn(word, generation);
    // Nobody can have arrived less than once but in a word that somebody has written over.
    if (phase !== Phase.open || countOf(word) === 0) return phase;
    // step: barrier-before-give-up
    if (compareExchange(words, index, word, word - 1) !== word) continue;
    // step: barrier-given-up
    return phase;
  }
}

/** Ends all waits of now, and begins anew without the dead. */
export function reset(place: BarrierPlace): void {
  for (;;) {
    const word = load(place.words, place.index);
    if (renew(place, word, lookAround(place).dead)) break;
  }
  // step: barrier-reset
  place.waiting.ringAll(place.index);
}

/**
 * What a word means that was loaded before a look at the seats which found somebody alive in one. A broken one may be the
 * last run's, if it has changed since; where a party has died, it is broken now, and has to be looked at again.
 */
function judge(
  place: BarrierPlace,
  word: number,
  dead: readonly Seat[],
): 'sound' | 'broken' | 'changed' {
  if ((word & BROKEN) !== 0) return load(place.words, place.index) === word ? 'broken' : 'changed';
  if (dead.length === 0) return 'sound';
  breakAt(place, word);
  return 'changed';
}

/** False when the word has changed, or somebody has come meanwhile. */
function renewDeserted(place: BarrierPlace, word: number, dead: readonly Seat[]): boolean {
  const again = lookAround(place);
  const isKnown = ({ id }: Seat): boolean => dead.some((each) => each.id === id);
  return isDeserted(again) && again.dead.every(isKnown) && renew(place, word, dead);
}

/** Begins anew from that very word, without those who were dead when it was there. */
function renew(place: BarrierPlace, word: number, dead: readonly Seat[]): boolean {
  const { words, index } = place;
  const broken = brokenOf(word);
  // step: barrier-before-renew
  if (word !== broken && compareExchange(words, index, word, broken) !== word) return false;
  // step: barrier-renewing
  for (const seat of dead) vacate(place, seat);
  // step: barrier-vacated
  const next = wordOf(generationOf(word) + 2, 0);
  return compareExchange(words, index, broken, next) === broken;
}

/** Breaks it, if the word is still that one. */
function breakAt({ words, index, waiting }: BarrierPlace, word: number): void {
  // step: barrier-before-break
  if (compareExchange(words, index, word, brokenOf(word)) !== word) return;
  // step: barrier-broken
  waiting.ringAll(index);
}

function brokenOf(word: number): number {
  return wordOf(generationOf(word), 0) | BROKEN;
}
