// The transitions of a reader-writer lock's word (rwlock.layout.ts has the tables). Each is one compare-exchange.

import { Mode } from '../span/participant.layout.ts';
import type { Reads } from '../span/reads.ts';
import { Rung, type Waiter, type Waiting } from '../span/waiting.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { Look } from './mutex-word.ts';
import { DIED, DRAINING, OWNER, UNRECOVERABLE, WAITERS } from './rwlock.layout.ts';

export { Look } from './mutex-word.ts';

/** Where a lock is, and who looks at it. */
export interface RwPlace {
  readonly words: Int32Array;
  readonly index: number;
  /** This participant. */
  readonly id: number;
  readonly waiting: Waiting;
  readonly reads: Reads;
  readonly isAlive: (id: number) => boolean;
}

/** Why a word is looked at: does who looks wait for others, and for this thread itself? */
export const Marks = {
  nothing: 0,
  others: 1,
  /** A task can wait for what another task of its thread has. */
  all: 2,
} as const;

export type Marks = (typeof Marks)[keyof typeof Marks];

/** Takes the word, DRAINING, if nobody alive has it; `taken` also when it is this participant's, DRAINING. */
export function claim(place: RwPlace, marks: Marks): Look {
  const { words, index, id } = place;
  for (;;) {
    const word = load(words, index);
    const owner = word & OWNER;
    if ((word & UNRECOVERABLE) !== 0) return Look.unrecoverable;
    if (owner === id && (word & DRAINING) !== 0) return Look.taken;
    const isHeld = owner === id || (owner !== 0 && place.isAlive(owner));
    if (isHeld) {
      if (!mark(place, word, marks)) continue;
      return owner === id ? Look.mine : Look.held;
    }
    // Who died DRAINING had not touched the data yet.
    const died = owner !== 0 && (word & DRAINING) === 0 ? DIED : 0;
    const next = id | DRAINING | died | (word & (WAITERS | DIED));
    // step: write-before-take
    if (compareExchange(words, index, word, next) !== word) continue;
    // step: write-taken
    return Look.taken;
  }
}

/** Makes the owner of that word ring when it gives it up. False when the word has changed. */
export function mark({ words, index, id }: RwPlace, word: number, marks: Marks): boolean {
  if (marks === Marks.nothing || (word & WAITERS) !== 0) return true;
  if (marks === Marks.others && (word & OWNER) === id) return true;
  // step: rwlock-before-mark
  if (compareExchange(words, index, word, word | WAITERS) !== word) return false;
  // step: rwlock-marked
  return true;
}

/** For the owner of a DRAINING word: it is held when nobody living reads any more, of the others or at all. */
export function drain(place: RwPlace, others: boolean): Look {
  const { words, index, id, reads } = place;
  if (reads.isRead(index, others)) return Look.held;
  // step: write-drained
  for (;;) {
    const word = load(words, index);
    // Somebody hostile has changed it.
    if ((word & OWNER) !== id) return Look.held;
    if (compareExchange(words, index, word, word & ~DRAINING) !== word) continue;
    // step: write-held
    return (word & DIED) !== 0 ? Look.takenDied : Look.taken;
  }
}

/** Takes a dead owner away that had not touched the data. False when the word has changed. */
export function clearDead(place: RwPlace, word: number): boolean {
  if (compareExchange(place.words, place.index, word, word & WAITERS) !== word) return false;
  // step: read-cleared
  passOn(place);
  return true;
}

/** What a release has come to. */
export const Freed = {
  /** The word is somebody else's. */
  notOurs: 0,
  /** Nobody waits, or who is next has been rung. */
  done: 1,
  /** A task of this thread is next: it has to look. */
  mine: 2,
} as const;

export type Freed = (typeof Freed)[keyof typeof Freed];

/** Gives up what is held. With its data not repaired, the lock is lost, and everybody is told. */
export function release(place: RwPlace): Freed {
  const { words, index, id, waiting } = place;
  for (;;) {
    const word = load(words, index);
    if ((word & OWNER) !== id) return Freed.notOurs;
    if ((word & (DIED | UNRECOVERABLE)) === 0) {
      if (!free(place, word)) continue;
      return passOn(place, true) ? Freed.mine : Freed.done;
    }
    // step: write-before-lose
    const lost = UNRECOVERABLE | (word & WAITERS);
    if (compareExchange(words, index, word, lost) !== word) continue;
    // step: write-lost
    waiting.ringAll(index);
    return Freed.mine;
  }
}

/** Gives the word back as it was before it was claimed; also one whose data could not be repaired. */
export function giveBack(place: RwPlace, sparesOwn = false): Freed {
  for (;;) {
    const word = load(place.words, place.index);
    if ((word & OWNER) !== place.id) return Freed.notOurs;
    if (!free(place, word)) continue;
    return passOn(place, sparesOwn) ? Freed.mine : Freed.done;
  }
}

/** False when the word has changed. */
function free({ words, index }: RwPlace, word: number): boolean {
  // step: write-before-free
  if (compareExchange(words, index, word, word & (WAITERS | DIED)) !== word) return false;
  // step: write-freed
  return true;
}

/** The owner has repaired the data. */
export function markConsistent({ words, index, id }: RwPlace): void {
  for (;;) {
    const word = load(words, index);
    if ((word & OWNER) !== id || (word & DIED) === 0) return;
    if (compareExchange(words, index, word, word & ~DIED) === word) return;
  }
}

/**
 * Rings who is next at a lock that no writer has, or takes the mark away when nobody waits. Also for who gives up
 * waiting: it may be the one who was rung. With `sparesOwn`, a task of this thread that is next is not rung: true then.
 *
 * Waiters are looked for only after the word is free, and once more after the mark is gone: that exchange cannot tell this
 * free lock from the next one, for which somebody may have been waiting without setting a mark of its own.
 */
export function passOn(place: RwPlace, sparesOwn = false): boolean {
  const { words, index } = place;
  for (;;) {
    const word = load(words, index);
    if ((word & ~DIED) !== WAITERS) return false;
    const rung = ringNext(place, sparesOwn);
    if (rung !== 'nobody') return rung === 'mine';
    if (compareExchange(words, index, word, word & DIED) !== word) continue;
    return ringNext(place, sparesOwn) === 'mine';
  }
}

/** For a reader that waited, and has entered: the mark goes with the last one. */
export function tidyUp(place: RwPlace): void {
  const { words, index, waiting } = place;
  if (load(words, index) === WAITERS && waiting.first(index) === null) passOn(place);
}

/**
 * Rings the writer that has waited longest. One that was not asleep may be stopped: so the next one is rung, too, until
 * one was really woken; and when none was, all readers are.
 */
function ringNext({ waiting, index, id }: RwPlace, sparesOwn: boolean): 'mine' | 'rung' | 'nobody' {
  let some = false;
  const first = waiting.first(index, undefined, Mode.exclusive);
  for (let writer = first; first !== null && writer !== null; ) {
    if (sparesOwn && writer.id === id) return 'mine';
    const rung = waiting.ring(writer.id);
    if (rung === Rung.woken) return 'rung';
    if (rung === Rung.awake) some = true;
    const next: Waiter | null = waiting.first(index, writer, Mode.exclusive);
    // Tickets that somebody hostile has written may go round and round.
    const passed = (writer.ticket - first.ticket) | 0;
    writer = next !== null && ((next.ticket - first.ticket) | 0) > passed ? next : null;
  }
  const isMine = sparesOwn && waiting.waitsFor(id, index, Mode.shared);
  if (waiting.ringAll(index, Mode.shared)) some = true;
  if (isMine) return 'mine';
  return some ? 'rung' : 'nobody';
}
