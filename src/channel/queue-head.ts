// The reading side of a queue's algorithm (queue.layout.ts): take, release, give back, and looking for what the dead had
// taken. Never waits.
//
// Messages that the dead had taken, or that were given back, lie behind head. They are looked for
//
//   - by a reader at its first message, and then at every 64th;
//   - by a reader that finds nothing at the head: so before each sleep, and whenever news of a death has ended that;
//   - at the next message by every reader, after somebody has given one back, or a writer found one in its way.
//
// So nothing sticks: who sleeps finds them at once, who is busy soon, and when tail comes round at the latest. It costs one
// load for each position, once: a reader does not come back to what was done with.

import { add, compareExchange, load } from '../word/atomics.ts';
import type { DeathWatch } from './death-watch.ts';
import {
  ENDED,
  free,
  full,
  GIVEN_BACK,
  Kind,
  kindOf,
  ownerOf,
  QueueWord,
  reading,
  Standing,
} from './queue.layout.ts';
import { NONE, type QueueMemory } from './queue-memory.ts';

/** As an owner. */
const NOBODY = 0;

/** So many messages in a row are taken before a look at who has died. */
const MESSAGES_PER_LOOK = 64;

export class QueueHead {
  readonly #memory: QueueMemory;
  readonly #watch: DeathWatch;
  readonly #isAtMostOnce: boolean;
  /** Of the cell that was taken last. */
  lap = 0;
  isRedelivered = false;
  /** After NONE: nothing will ever come. */
  isEnded = false;
  #notice = 0;
  #calls = -1;
  /** Positions before this one are done with. */
  #done: number;
  /** At the last look, a living participant other than this one had taken something. */
  #isSomeTaken = false;

  constructor(memory: QueueMemory) {
    this.#memory = memory;
    this.#watch = memory.watch();
    this.#isAtMostOnce = memory.facts.delivery === 'at-most-once';
    this.#done = memory.positions.lapBefore(memory.load(QueueWord.head));
  }

  /** Takes the next message, of that lap: its cell's index, or NONE. */
  take(): number {
    const memory = this.#memory;
    const { words, positions } = memory;
    this.isEnded = false;
    this.isRedelivered = false;
    const notice = memory.load(QueueWord.notice);
    if (notice !== this.#notice || ++this.#calls % MESSAGES_PER_LOOK === 0) {
      const found = this.#lookBetween(notice);
      if (found !== NONE) return found;
    }
    let isFresh = false;
    for (let tries = 0; ; memory.checkTries(++tries)) {
      const head = memory.position(QueueWord.head);
      const index = positions.index(head);
      const lap = positions.lap(head);
      const at = memory.stateAt(index);
      const state = full(lap);
      if (load(words, at) === state) {
        // step: queue-before-take
        if (compareExchange(words, at, state, reading(memory.id, lap)) === state) {
          // step: queue-taken
          memory.advance(QueueWord.head, head);
          // step: queue-take-told
          this.lap = lap;
          return index;
        }
      } else {
        if (!isFresh) this.#watch.refresh();
        isFresh = true;
        if (!memory.passHead(head, this.#watch)) {
          // Committed meanwhile?
          if (load(words, at) !== state) break;
          continue;
        }
        // What was passed may be a dead reader's, and comes before the next.
        const found = this.#orphan();
        if (found !== NONE) return found;
      }
    }
    return this.#lookBehind(notice);
  }

  /** Done with it. */
  release(index: number, lap: number): void {
    const memory = this.#memory;
    memory.countReceived(index);
    // step: queue-before-release
    this.#leave(index, lap, free(memory.positions.nextLap(lap)));
    // step: queue-released
    this.#freed();
  }

  /** Done with one that is none. */
  drop(index: number, lap: number): void {
    const memory = this.#memory;
    this.#leave(index, lap, free(memory.positions.nextLap(lap)));
    memory.count(QueueWord.dropped);
    this.#freed();
  }

  /** To be delivered again. */
  giveBack(index: number, lap: number): void {
    const memory = this.#memory;
    // step: queue-before-give-back
    this.#leave(index, lap, reading(0, lap));
    // step: queue-given-back
    add(memory.words, memory.base + QueueWord.notice, GIVEN_BACK);
    // step: queue-noticed
    memory.messages.ring();
  }

  #leave(index: number, lap: number, next: number): void {
    const memory = this.#memory;
    const mine = reading(memory.id, lap);
    if (compareExchange(memory.words, memory.stateAt(index), mine, next) === mine) return;
    memory.refuse(QueueWord.head, memory.load(QueueWord.head));
  }

  #freed(): void {
    const memory = this.#memory;
    memory.room.ring();
    // Who waits for the end waits for the last that was taken.
    if (memory.isEnded) memory.messages.ringAll();
  }

  /** Before a take. */
  #lookBetween(notice: number): number {
    this.#watch.refresh();
    if (notice !== this.#notice) {
      this.#notice = notice;
      // Somebody has found something that this one may have passed.
      this.#done = this.#memory.positions.lapBefore(this.#memory.position(QueueWord.head));
    }
    return this.#orphan();
  }

  /** After there was nothing at the head. */
  #lookBehind(notice: number): number {
    // First: what is taken from now on was not there a moment ago.
    const isLast = (notice & ENDED) !== 0 && this.#isEmpty();
    const found = this.#orphan();
    this.isEnded = isLast && found === NONE && !this.#isSomeTaken;
    return found;
  }

  /** Whether there is nothing at the head, not even something that is being written. */
  #isEmpty(): boolean {
    const memory = this.#memory;
    const { positions } = memory;
    for (let tries = 0; ; memory.checkTries(++tries)) {
      const head = memory.position(QueueWord.head);
      const state = load(memory.words, memory.stateAt(positions.index(head)));
      if (memory.load(QueueWord.head) !== head) continue;
      const standing = positions.standing(state, positions.lap(head));
      return standing === Standing.free || standing === Standing.before;
    }
  }

  /**
   * Takes the oldest message that was given back, or (at-least-once) that the dead had taken; frees (at-most-once) the cells of
   * the dead. NONE when there is none.
   */
  #orphan(): number {
    const memory = this.#memory;
    const { positions, facts } = memory;
    const head = memory.position(QueueWord.head);
    const distance = positions.distance(this.#done, head);
    const isNear = distance >= 0 && distance <= facts.capacity;
    let position = isNear ? this.#done : positions.lapBefore(head);
    let isAllDone = true;
    this.#isSomeTaken = false;
    while (position !== head) {
      const taker = this.#adopt(position);
      if (taker === memory.id && this.isRedelivered) return positions.index(position);
      if (taker !== NOBODY) isAllDone = false;
      if (taker !== NOBODY && taker !== memory.id) this.#isSomeTaken = true;
      position = positions.next(position);
      if (isAllDone) this.#done = position;
    }
    return NONE;
  }

  /** Who has the message of that position in the end, or NOBODY; `isRedelivered` if that is new. */
  #adopt(position: number): number {
    const memory = this.#memory;
    const { words, positions, facts, id } = memory;
    const lap = positions.lap(position);
    const at = memory.stateAt(positions.index(position));
    for (let tries = 0; ; memory.checkTries(++tries)) {
      const state = load(words, at);
      const isTaken =
        kindOf(state) === Kind.reading && positions.standing(state, lap) === Standing.reading;
      if (!isTaken) return NOBODY;
      // It is of this lap if head has not come round since: two bits tell no more.
      const head = memory.load(QueueWord.head);
      if (positions.distance(position, head) > 2 * facts.capacity) return NOBODY;
      const owner = ownerOf(state);
      if (owner !== 0 && !this.#watch.isDead(owner)) return owner;
      if (this.#isAtMostOnce && owner !== 0) {
        this.#dropOf(at, state, lap);
        continue;
      }
      // step: queue-before-adopt
      if (compareExchange(words, at, state, reading(id, lap)) !== state) continue;
      // step: queue-adopted
      memory.count(QueueWord.redelivered);
      // step: queue-adoption-counted
      this.lap = lap;
      this.isRedelivered = true;
      return id;
    }
  }

  #dropOf(at: number, state: number, lap: number): void {
    const memory = this.#memory;
    const freed = free(memory.positions.nextLap(lap));
    // step: queue-before-drop
    if (compareExchange(memory.words, at, state, freed) !== state) return;
    // step: queue-dropped
    memory.count(QueueWord.dropped);
    // step: queue-drop-counted
    memory.room.ringLater();
  }
}
