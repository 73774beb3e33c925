// The writing side of a queue's algorithm (queue.layout.ts): claim, commit, abort. Never waits.

import { MemspanError } from '../errors.ts';
import { add, compareExchange, load } from '../word/atomics.ts';
import type { DeathWatch } from './death-watch.ts';
import {
  free,
  full,
  GIVEN_BACK,
  Kind,
  kindOf,
  ownerOf,
  QueueWord,
  Standing,
  writing,
} from './queue.layout.ts';
import { NONE, type QueueMemory } from './queue-memory.ts';

export class QueueTail {
  readonly #memory: QueueMemory;
  readonly #watch: DeathWatch;
  readonly #isAtMostOnce: boolean;
  /** Of the cell that was claimed last. */
  lap = 0;
  // The depth is known only roughly, until it may be higher than ever: head as it was when it was last looked at.
  #headSeen: number;
  #highSeen = 0;

  constructor(memory: QueueMemory) {
    this.#memory = memory;
    this.#watch = memory.watch();
    this.#isAtMostOnce = memory.facts.delivery === 'at-most-once';
    this.#headSeen = memory.load(QueueWord.head);
  }

  /** Takes the next cell to fill, of that lap: its index, or NONE when there is no room. Throws when the queue is ended. */
  claim(): number {
    const memory = this.#memory;
    const { words, positions, id } = memory;
    if (memory.isEnded) throw this.#ended();
    for (let tries = 0; ; tries++) {
      const tail = memory.position(QueueWord.tail);
      const index = positions.index(tail);
      const lap = positions.lap(tail);
      const at = memory.stateAt(index);
      const state = load(words, at);
      if (state === free(lap)) {
        // step: queue-before-claim
        if (compareExchange(words, at, state, writing(id, lap)) === state) {
          // step: queue-claimed
          memory.advance(QueueWord.tail, tail);
          // step: queue-claim-told
          this.lap = lap;
          // After the claim: who has seen the queue ended and this cell free has seen all there will be.
          if (memory.isEnded) {
            this.abort(index, lap);
            throw this.#ended();
          }
          this.#measure(positions.next(tail));
          return index;
        }
      } else if (!this.#passTail(tail, state, at)) return NONE;
      memory.checkTries(tries);
    }
  }

  /** Publishes `length` bytes that stand in the cell. */
  commit(index: number, lap: number, length: number): void {
    const memory = this.#memory;
    memory.putLength(index, length);
    // step: queue-before-commit
    this.#leave(index, lap, full(lap));
    // step: queue-committed
    memory.messages.ring();
  }

  /** Leaves a claimed cell to be skipped. */
  abort(index: number, lap: number): void {
    // step: queue-before-abort
    this.#leave(index, lap, writing(0, lap));
    // step: queue-aborted
    this.#memory.messages.ring();
  }

  #leave(index: number, lap: number, next: number): void {
    const memory = this.#memory;
    const mine = writing(memory.id, lap);
    if (compareExchange(memory.words, memory.stateAt(index), mine, next) === mine) return;
    memory.refuse(QueueWord.tail, memory.load(QueueWord.tail));
  }

  /** Moves tail on over what somebody has claimed. False: the cell is still of the lap before, there is no room. */
  #passTail(tail: number, state: number, at: number): boolean {
    const memory = this.#memory;
    const lap = memory.positions.lap(tail);
    const standing = memory.positions.standing(state, lap);
    // By another tail it would have been judged otherwise.
    if (memory.load(QueueWord.tail) !== tail) return true;
    if (standing === Standing.before) return this.#makeRoom(tail, state, at);
    if (standing === Standing.nonsense || standing === Standing.free) {
      memory.refuse(QueueWord.tail, tail);
    }
    memory.advance(QueueWord.tail, tail);
    return true;
  }

  /** Frees the cell if it belongs to the dead, or to nobody. */
  #makeRoom(tail: number, state: number, at: number): boolean {
    const memory = this.#memory;
    const kind = kindOf(state);
    if (kind !== Kind.writing && kind !== Kind.reading) return false;
    const owner = ownerOf(state);
    this.#watch.refresh();
    const isDead = owner !== 0 && this.#watch.isDead(owner);
    if (owner !== 0 && !isDead) return false;
    if (kind === Kind.writing) {
      // It is the oldest there is, so head is at it, or would be.
      for (let tries = 0; memory.passHead(memory.position(QueueWord.head), this.#watch); ) {
        memory.checkTries(++tries);
      }
      return load(memory.words, at) !== state;
    }
    if (isDead && this.#isAtMostOnce) {
      // step: queue-before-drop
      const freed = free(memory.positions.lap(tail));
      if (compareExchange(memory.words, at, state, freed) === state) {
        // step: queue-dropped
        memory.count(QueueWord.dropped);
      }
      return true;
    }
    // A reader has to take it; those who are awake look at this word.
    add(memory.words, memory.base + QueueWord.notice, GIVEN_BACK);
    memory.messages.ringLater();
    return false;
  }

  #measure(tail: number): void {
    const { positions } = this.#memory;
    if (positions.distance(this.#headSeen, tail) > this.#highSeen) this.#raise(tail);
  }

  #raise(tail: number): void {
    const memory = this.#memory;
    const { capacity } = memory.facts;
    this.#headSeen = memory.load(QueueWord.head);
    const depth = Math.min(memory.positions.distance(this.#headSeen, tail), capacity);
    const at = memory.base + QueueWord.highWater;
    for (;;) {
      const high = load(memory.words, at);
      this.#highSeen = Math.min(Math.max(high, 0), capacity);
      if (depth <= this.#highSeen) return;
      compareExchange(memory.words, at, high, depth);
    }
  }

  #ended(): MemspanError {
    const { view } = this.#memory.attachment;
    return new MemspanError('ERR_MEMSPAN_PEER_CLOSED', {
      operation: 'queue writer',
      object: `${view.segment.name ?? ''}/${view.nameAt(4 * this.#memory.base)}`,
      cause: 'the queue was ended',
      remedy: 'Send before anybody calls end(), or use another queue',
    });
  }
}
