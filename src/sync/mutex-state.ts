// A mutex as one thread has it: its word, what its asynchronous tasks wait for, and how deep it is in.
//
// All Mutex objects of a thread for the same bytes share this. Blocking: look for a while, then wait (wait-queue.ts);
// at a fair one: publish a cell, and look for a while before each sleep.

import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { GRANTED, OWNER } from './mutex.layout.ts';
import {
  giveUp,
  Look,
  type MutexPlace,
  Released,
  release,
  releaseDied,
  take,
} from './mutex-word.ts';
import { Patience } from './patience.ts';
import { type Limits, type Wait, WaitQueue } from './wait-queue.ts';

export function isTaken(look: Look): boolean {
  return look === Look.taken || look === Look.takenDied;
}

/** How many requests of one thread for one fair mutex stand in the order of all threads. */
const FAIR_CELLS = 24;

export class MutexState implements MutexPlace {
  readonly words: Int32Array;
  readonly index: number;
  readonly id: number;
  readonly waiting: Attachment['waiting'];
  readonly isAlive: (id: number) => boolean;
  /** 0 while the memory is sound. */
  readonly status: Uint32Array;
  /** How often a recursive mutex is locked, less one. */
  depth = 0;
  readonly #fair: boolean;
  readonly #queue: WaitQueue;
  readonly #blocking: Wait<Look>;
  readonly #patience = new Patience();

  constructor(attachment: Attachment, offset: number, fair: boolean) {
    const { view } = attachment;
    this.words = view.words;
    this.index = offset / 4;
    this.id = attachment.id;
    this.waiting = attachment.waiting;
    this.isAlive = (id) => view.isAlive(id);
    this.status = view.status;
    this.#fair = fair;
    this.#queue = new WaitQueue(attachment, offset, fair ? FAIR_CELLS : 1);
    this.#blocking = {
      mode: Mode.exclusive,
      attempt: () => {
        const look = take(this, true);
        return look === Look.held ? null : look;
      },
      withdrawn: (taken) => {
        const look = taken ? Look.held : giveUp(this);
        return isTaken(look) ? look : null;
      },
      discard: (look) => this.#discard(look),
      isSoon: () => fair && this.#patience.soon(this.#lookForGrant) !== null,
    };
  }

  get #isGranted(): boolean {
    return (load(this.words, this.index) & (OWNER | GRANTED)) === (this.id | GRANTED);
  }

  get owner(): number {
    return load(this.words, this.index) & OWNER;
  }

  /**
   * Blocks until it is taken or can never be; `held` when the time is over. Throws
   * `ERR_MEMSPAN_DEADLOCK` when those who would have to give it up wait for this thread.
   */
  lock(deadline: number, check: () => void): Look {
    // Who waits for a fair one without a cell could be passed by any number of others.
    const soon = this.#fair ? null : this.#patience.soon(this.#lookToTake);
    if (soon !== null) return soon;
    return this.#queue.block(this.#blocking, deadline, check) ?? Look.held;
  }

  /**
   * Takes its turn after the tasks of this thread that wait already: `taken` or `takenDied`, null when the time is over.
   * Rejects with what `lost` makes when it can never be had.
   */
  lockAsync(limits: Limits, lost: () => Error): Promise<Look | null> {
    return this.#queue.waitAsync(
      {
        ...this.#blocking,
        attempt: () => {
          const look = take(this, true);
          if (look === Look.unrecoverable) throw lost();
          return isTaken(look) ? look : null;
        },
      },
      limits,
    );
  }

  readonly #lookToTake = (): Look | null => {
    // step: lock-before-take
    // Not a load first: its owner, who may be quick, would have taken it again before the exchange came.
    const word = compareExchange(this.words, this.index, 0, this.id);
    if (word === 0) {
      // step: lock-taken
      return Look.taken;
    }
    const owner = word & OWNER;
    if (owner !== 0 && owner !== this.id) return null;
    const look = take(this, false);
    return look === Look.held ? null : look;
  };

  /** For who has a cell at a fair one. */
  readonly #lookForGrant = (): true | null => {
    const { owner } = this;
    return owner === 0 || owner === this.id ? true : null;
  };

  /** False when the word is not this participant's. */
  unlock(): boolean {
    if (compareExchange(this.words, this.index, this.id, 0) === this.id) return true;
    if (this.owner !== this.id) return false;
    const released = release(this, this.#fair);
    if (released !== Released.done) this.#queue.look();
    // Somebody else's cell said that a task of ours waits here: nobody does.
    if (released === Released.mine && this.#isGranted) releaseDied(this);
    return true;
  }

  /** The data could not be repaired: the next one shall try. */
  unlockDied(): void {
    releaseDied(this);
    this.#queue.look();
  }

  /** What the word has come to in the moment in which nobody here wanted it any more. */
  #discard(look: Look): void {
    if (look === Look.taken) this.unlock();
    else if (look === Look.takenDied) this.unlockDied();
  }
}
