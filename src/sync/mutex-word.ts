// The transitions of a mutex's word (mutex.layout.ts has the table). Each is one compare-exchange.

import { Rung, type Waiting } from '../span/waiting.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { DIED, GRANTED, OWNER, UNRECOVERABLE, WAITERS } from './mutex.layout.ts';

export const Look = {
  /** Taken. */
  taken: 0,
  /** Taken, and the data has to be repaired: an owner has died. */
  takenDied: 1,
  /** Somebody alive has it. */
  held: 2,
  /** This participant has it already. */
  mine: 3,
  unrecoverable: 4,
} as const;

export type Look = (typeof Look)[keyof typeof Look];

/** Where a mutex is, and who looks at it. */
export interface MutexPlace {
  readonly words: Int32Array;
  readonly index: number;
  /** This participant. */
  readonly id: number;
  readonly waiting: Waiting;
  readonly isAlive: (id: number) => boolean;
}

/** Takes it if nobody alive has it. `marks`: what is held is marked, so that its owner rings who waits. */
export function take(place: MutexPlace, marks: boolean): Look {
  const { words, index, id } = place;
  for (;;) {
    const word = load(words, index);
    const owner = word & OWNER;
    let next: number;
    if ((word & UNRECOVERABLE) !== 0) return Look.unrecoverable;
    if (owner === id && (word & GRANTED) === 0) {
      if (!marks || (word & WAITERS) !== 0) return Look.mine;
      if (compareExchange(words, index, word, word | WAITERS) === word) return Look.mine;
      continue;
    }
    if (owner === 0 || owner === id) next = id | (word & (WAITERS | DIED));
    else if (!place.isAlive(owner) || isVoid(place, word)) {
      // Who was granted it and died knew nothing of it: the data is as it was.
      next = id | (word & (WAITERS | DIED)) | ((word & GRANTED) !== 0 ? 0 : DIED);
    } else if (!marks || (word & WAITERS) !== 0) return Look.held;
    else {
      // step: lock-before-mark
      if (compareExchange(words, index, word, word | WAITERS) !== word) continue;
      // step: lock-marked
      return Look.held;
    }
    // step: lock-before-take
    if (compareExchange(words, index, word, next) !== word) continue;
    // step: lock-taken
    return (next & DIED) !== 0 ? Look.takenDied : Look.taken;
  }
}

/** A grant to somebody who no longer waits: who granted it has died before it could see that. */
function isVoid({ waiting, index }: MutexPlace, word: number): boolean {
  return (word & GRANTED) !== 0 && !waiting.waitsFor(word & OWNER, index);
}

/** What a release has come to: who has to be told. */
export const Released = {
  /** Nobody waits, or who waits has been rung. */
  done: 0,
  /** The earliest waiter is a task of this participant: it has been granted it. */
  mine: 1,
  /** The data was not repaired: the mutex is lost, and everybody has been rung. */
  lost: 2,
} as const;

export type Released = (typeof Released)[keyof typeof Released];

/** Gives it up. The word is this participant's. */
export function release(place: MutexPlace, fair: boolean): Released {
  const { words, index, id } = place;
  for (;;) {
    if (compareExchange(words, index, id, 0) === id) return Released.done;
    const word = load(words, index);
    // Somebody hostile has changed it: what stands there is not ours to change.
    if ((word & OWNER) !== id) return Released.done;
    // Whatever fails here because the word has changed meanwhile is done again.
    if ((word & (DIED | UNRECOVERABLE)) !== 0) {
      if (lose(place, word)) return Released.lost;
      continue;
    }
    // step: unlock-before-find
    const first = fair ? firstAlive(place) : place.waiting.first(index);
    if (first?.id === id) {
      if (compareExchange(words, index, word, word | GRANTED) === word) return Released.mine;
      continue;
    }
    if (first !== null && fair) {
      if (grant(place, first)) return Released.done;
      continue;
    }
    if (compareExchange(words, index, word, WAITERS) !== word) continue;
    // step: unlock-before-wake
    passOn(place);
    // step: unlock-done
    return Released.done;
  }
}

/** False when the word has been marked meanwhile. */
function lose({ words, index, waiting }: MutexPlace, word: number): boolean {
  const lost = UNRECOVERABLE | (word & WAITERS);
  // step: unlock-before-lose
  if (compareExchange(words, index, word, lost) !== word) return false;
  // step: unlock-lost
  waiting.ringAll(index);
  return true;
}

/** Gives it up with its data still to be repaired: the next one shall try. */
export function releaseDied(place: MutexPlace): void {
  const { words, index, id } = place;
  for (;;) {
    const word = load(words, index);
    if ((word & OWNER) !== id) return;
    if (compareExchange(words, index, word, word & (WAITERS | DIED)) === word) break;
  }
  passOn(place);
}

/** The owner has repaired the data. */
export function markConsistent({ words, index, id }: MutexPlace): void {
  for (;;) {
    const word = load(words, index);
    if ((word & OWNER) !== id || (word & DIED) === 0) return;
    if (compareExchange(words, index, word, word & ~DIED) === word) return;
  }
}

/**
 * Rings the earliest waiter of a mutex that is free, or takes the mark away when there is none. Also for
 * who gives up waiting: it may be the one who was rung.
 *
 * The waiter is looked for only after the word is free: whoever gives up before that sees a held mutex and
 * rings nobody. And once more after the mark is gone: that exchange cannot tell this free mutex from the
 * next one, for which somebody may have been waiting without setting a mark of its own.
 */
export function passOn({ words, index, waiting }: MutexPlace): void {
  for (;;) {
    const word = load(words, index);
    if ((word & ~DIED) !== WAITERS) return;
    if (waiting.ringFirst(index)) return;
    if (compareExchange(words, index, word, word & DIED) !== word) continue;
    waiting.ringFirst(index);
    return;
  }
}

/**
 * For who has withdrawn its cell without having taken it. Taken after all when it had been granted to this
 * participant by then and nobody else here wants it; else `held`.
 */
export function giveUp(place: MutexPlace): Look {
  const { words, index, id, waiting } = place;
  const word = load(words, index);
  const isGranted = (word & OWNER) === id && (word & GRANTED) !== 0;
  if (isGranted && !waiting.waitsFor(id, index)) return take(place, false);
  passOn(place);
  return Look.held;
}

function firstAlive({ waiting, index, isAlive, id }: MutexPlace): ReturnType<Waiting['first']> {
  for (;;) {
    const first = waiting.first(index);
    if (first === null || first.id === id || isAlive(first.id)) return first;
    waiting.forget(first.id);
  }
}

/** Hands the word to a waiter. False when that one has given up meanwhile: the word is ours again. */
function grant(place: MutexPlace, first: NonNullable<ReturnType<Waiting['first']>>): boolean {
  const { words, index, id, waiting } = place;
  const granted = first.id | GRANTED | WAITERS;
  const word = load(words, index);
  if ((word & OWNER) !== id) return true;
  if (compareExchange(words, index, word, granted) !== word) return false;
  // step: unlock-granted
  // Who gives up withdraws its cell and then looks at the word; we look the other way round. Either of us
  // sees the other, and one compare-exchange decides.
  if (waiting.stillWaits(first) && waiting.ring(first.id) !== Rung.dead) return true;
  return compareExchange(words, index, granted, id | WAITERS) !== granted;
}
