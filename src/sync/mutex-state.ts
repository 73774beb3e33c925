// A mutex as one thread has it: its word, what its asynchronous tasks wait for, and how deep it is in.
//
// All Mutex objects of a thread for the same bytes share this. Blocking: look for a while, publish a cell, look,
// sleep; at a fair one: publish a cell, look for a while, sleep. Asynchronous: a queue in the order of arrival, each
// with a cell of its own as long as there are any; whoever takes the word settles the first of the queue.

import type { Attachment } from '../span/attachment.ts';
import type { Listener } from '../span/doorbell.ts';
import { Mode } from '../span/participant.layout.ts';
import type { Ticket } from '../span/waiting.ts';
import { compareExchange, load, pause } from '../word/atomics.ts';
import { checkDeadlock } from './deadlock.ts';
import { OWNER } from './mutex.layout.ts';
import {
  giveUp,
  Look,
  type MutexPlace,
  Released,
  release,
  releaseDied,
  take,
} from './mutex-word.ts';

/** One asynchronous task that waits. */
export interface Request {
  ticket: Ticket | null;
  /** It has been taken for this request: `died` when its data has to be repaired. */
  taken(died: boolean): void;
  /** Without an error: it can never be had. */
  failed(error?: unknown): void;
}

export function isTaken(look: Look): boolean {
  return look === Look.taken || look === Look.takenDied;
}

// How often to look before sleeping, and how many turns to pass in between (a turn is about half a
// nanosecond). Each look takes the cache line away from the owner, so they are few: at first half a microsecond
// apart, then eight; 80 µs in all, about what it costs to sleep and to be woken.
const PATIENCE_MAX = 12;
/** How many requests of one thread for one fair mutex stand in the order of all threads. */
const FAIR_CELLS = 24;
const PATIENCE_MIN = 4;
const PAUSE_MIN = 1024;
const PAUSE_MAX = 16384;

export class MutexState implements Listener, MutexPlace {
  readonly words: Int32Array;
  readonly index: number;
  readonly id: number;
  readonly waiting: Attachment['waiting'];
  readonly isAlive: (id: number) => boolean;
  /** 0 while the memory is sound. */
  readonly status: Uint32Array;
  /** How often a recursive mutex is locked, less one. */
  depth = 0;
  readonly #attachment: Attachment;
  readonly #queue: Request[] = [];
  readonly #fair: boolean;
  // How often to look before sleeping: more after it was worth it.
  #patience = PATIENCE_MAX;

  constructor(attachment: Attachment, offset: number, fair: boolean) {
    const { view } = attachment;
    this.#attachment = attachment;
    this.words = view.words;
    this.index = offset / 4;
    this.id = attachment.id;
    this.waiting = attachment.waiting;
    this.isAlive = (id) => view.isAlive(id);
    this.status = view.status;
    this.#fair = fair;
  }

  get owner(): number {
    return load(this.words, this.index) & OWNER;
  }

  /**
   * Blocks until it is taken or can never be; `held` when the time is over. Throws
   * `ERR_MEMSPAN_DEADLOCK` when those who would have to give it up wait for this thread.
   */
  lock(deadline: number, checkMemory: () => void): Look {
    // Who waits for a fair one without a cell could be passed by any number of others.
    const soon = this.#fair ? Look.held : this.#takeSoon();
    if (soon !== Look.held) return soon;
    const ticket = this.waiting.publish(this.index, Mode.exclusive, true) as Ticket;
    // step: lock-published
    let look: Look;
    try {
      look = this.#sleepUntilTaken(ticket, deadline, checkMemory);
    } catch (error) {
      this.waiting.withdraw(ticket);
      this.unlockLate(giveUp(this));
      throw error;
    }
    this.waiting.withdraw(ticket);
    return look === Look.held ? giveUp(this) : look;
  }

  #sleepUntilTaken(ticket: Ticket, deadline: number, checkMemory: () => void): Look {
    let checkAt = performance.now() + this.waiting.sliceMs;
    for (;;) {
      const before = this.waiting.before();
      const look = take(this, true);
      if (look !== Look.held) return look;
      const now = performance.now();
      if (now >= deadline) return look;
      if (now >= checkAt) {
        checkDeadlock(this.#attachment, ticket);
        checkAt = now + this.waiting.sliceMs;
      }
      if (this.#fair && this.#isGrantedSoon()) continue;
      // step: lock-before-sleep
      this.waiting.sleep(before, Math.min(deadline - now, this.waiting.sliceMs));
      // step: lock-woken
      checkMemory();
    }
  }

  /** Takes it when it comes free while it is worth looking; else `held`. */
  #takeSoon(): Look {
    let turns = PAUSE_MIN;
    for (let looks = 0; looks < this.#patience; looks++) {
      // step: lock-before-take
      // Not a load first: its owner, who may be quick, would have taken it again before the exchange came.
      const word = compareExchange(this.words, this.index, 0, this.id);
      const owner = word & OWNER;
      let look: Look = Look.held;
      if (word === 0) {
        // step: lock-taken
        look = Look.taken;
      } else if (owner === this.id) return look;
      else if (owner === 0) look = take(this, false);
      if (look !== Look.held) {
        this.#patience = Math.min(PATIENCE_MAX, this.#patience + 4);
        return look;
      }
      pause(turns);
      turns = Math.min(4 * turns, PAUSE_MAX);
    }
    this.#patience = Math.max(PATIENCE_MIN, this.#patience >> 1);
    return Look.held;
  }

  /** For who has a cell at a fair one: true when it comes free, or is granted, while it is worth looking. */
  #isGrantedSoon(): boolean {
    let turns = PAUSE_MIN;
    for (let looks = 0; looks < this.#patience; looks++) {
      const { owner } = this;
      if (owner === 0 || owner === this.id) {
        this.#patience = Math.min(PATIENCE_MAX, this.#patience + 4);
        return true;
      }
      pause(turns);
      turns = Math.min(4 * turns, PAUSE_MAX);
    }
    this.#patience = Math.max(PATIENCE_MIN, this.#patience >> 1);
    return false;
  }

  /** False when the word is not this participant's. */
  unlock(): boolean {
    if (compareExchange(this.words, this.index, this.id, 0) === this.id) return true;
    if (this.owner !== this.id) return false;
    const released = release(this, this.#fair);
    if (released === Released.mine) this.#settleFirst(false);
    if (released === Released.lost) this.look();
    return true;
  }

  /** Gives back what was taken in the moment in which nobody here wanted it any more. */
  unlockLate(look: Look): void {
    if (look === Look.taken) this.unlock();
    else if (look === Look.takenDied) this.unlockDied();
  }

  /** The data could not be repaired: the next one shall try. */
  unlockDied(): void {
    releaseDied(this);
    this.look();
  }

  /** Puts a request into the queue and looks. */
  enqueue(request: Request): void {
    this.#queue.push(request);
    if (this.#queue.length === 1) this.#attachment.doorbell.add(this);
    try {
      this.look();
    } catch (error) {
      this.end(error);
    }
  }

  /** For a request that is given up: what it came to by then. */
  dequeue(request: Request): Look {
    const at = this.#queue.indexOf(request);
    if (at < 0) return Look.held;
    this.#queue.splice(at, 1);
    this.#withdraw(request);
    try {
      if (this.#queue.length === 0) {
        this.#restIfIdle();
        const look = giveUp(this);
        return this.status[0] === 0 ? look : Look.held;
      }
      // What came to this request comes to the next one.
      this.look();
    } catch {
      // The memory is gone, and what it might have come to with it.
    }
    return Look.held;
  }

  /** Settles what can be settled: for the doorbell, and after everything that may have freed the word. */
  look(): void {
    if (this.#queue.length === 0) return;
    this.#publish();
    const look = take(this, true);
    if (look === Look.unrecoverable) this.end();
    else if (isTaken(look)) this.#settleFirst(look === Look.takenDied);
  }

  /**
   * Gives the first request a cell, and where the order among all threads counts, the first few; those
   * without one are looked at when their turn comes.
   */
  #publish(): void {
    for (const request of this.#queue.slice(0, this.#fair ? FAIR_CELLS : 1)) {
      if (request.ticket !== null) continue;
      request.ticket = this.waiting.publish(this.index, Mode.exclusive, false);
      if (request.ticket === null) return;
    }
  }

  #settleFirst(died: boolean): void {
    const request = this.#queue.shift();
    if (request === undefined) {
      // Somebody else's cell said that it waits here: nobody does.
      releaseDied(this);
      return;
    }
    this.#withdraw(request);
    this.#restIfIdle();
    this.#publish();
    request.taken(died);
  }

  end(error?: unknown): void {
    for (const request of this.#queue.splice(0)) {
      this.#withdraw(request);
      request.failed(error);
    }
    this.#restIfIdle();
    // Whether we were the one to be rung, or granted, nobody can say where the memory is gone.
    if (this.status[0] === 0) this.unlockLate(giveUp(this));
  }

  #withdraw(request: Request): void {
    if (request.ticket !== null) this.waiting.withdraw(request.ticket);
    request.ticket = null;
  }

  #restIfIdle(): void {
    if (this.#queue.length === 0) this.#attachment.doorbell.delete(this);
  }
}
