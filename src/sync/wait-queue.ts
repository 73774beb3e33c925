// How a thread waits for an object: blocking, or with any number of asynchronous tasks. One for all primitives.
//
// All JavaScript objects that a thread has for the same bytes share one. Blocking: publish a cell, look, sleep, until
// it has what it waits for. Asynchronous: a queue in the order of arrival, the first few with a cell of their own;
// whenever the thread's bell rings, the first of the queue looks, and if it gets it, so does the next.

import type { Attachment } from '../span/attachment.ts';
import type { Listener } from '../span/doorbell.ts';
import type { Ticket } from '../span/waiting.ts';
import { checkDeadlock } from './deadlock.ts';
import { limit } from './wait-options.ts';

/** What a wait is for. */
export interface Wait<T> {
  /** What its cell says. */
  readonly mode: number;
  /** The kind of lock that its deadlock event names; 'mutex' if it says nothing. */
  readonly kind?: string;
  /** Takes it if that is possible now, else null. Throws when it can never be had. The cell, if it has one. */
  attempt(ticket: Ticket | null): T | null;
  /** Called when its cell is withdrawn: others may be next. What it has come to after all, if it had not `taken` it. */
  withdrawn(taken: boolean): T | null;
  /** Gives back what came when nobody wanted it any more. */
  discard(value: T): void;
  /** True when it may be had soon, after looking for a while: worth another look before sleeping. */
  isSoon?(): boolean;
}

export interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A task in the queue. */
interface Request {
  readonly mode: number;
  ticket: Ticket | null;
  /** True when it is settled. */
  look(): boolean;
  end(error: unknown): void;
  /** Called when it has been ended and all cells are withdrawn. */
  ended(): void;
}

/** So many tasks of one object go on in one turn of the event loop. */
const SETTLED_PER_TURN = 256;

export class WaitQueue implements Listener {
  /** The object's word. */
  readonly index: number;
  readonly #attachment: Attachment;
  readonly #queue: Request[] = [];
  readonly #cells: number;
  /** How many tasks were settled in this turn of the event loop. */
  #settled = 0;

  /** `cells`: how many tasks of this thread stand in the order of all threads. */
  constructor(attachment: Attachment, offset: number, cells: number) {
    this.#attachment = attachment;
    this.index = offset / 4;
    this.#cells = cells;
  }

  /** Blocks until `wait` has what it waits for; null when the time is over. Throws what `check` throws. */
  block<T>(wait: Wait<T>, deadline: number, check: () => void): T | null {
    const { waiting } = this.#attachment;
    const ticket = waiting.publish(this.index, wait.mode, true) as Ticket;
    // step: wait-published
    let value: T | null;
    try {
      value = this.#sleepUntil(wait, ticket, deadline, check);
    } catch (error) {
      waiting.withdraw(ticket);
      this.#giveUp(wait);
      throw error;
    }
    waiting.withdraw(ticket);
    // step: wait-withdrawn
    return wait.withdrawn(value !== null) ?? value;
  }

  #sleepUntil<T>(wait: Wait<T>, ticket: Ticket, deadline: number, check: () => void): T | null {
    const { waiting } = this.#attachment;
    let checkAt = performance.now() + waiting.sliceMs;
    for (;;) {
      const before = waiting.before();
      const value = wait.attempt(ticket);
      if (value !== null) return value;
      const now = performance.now();
      if (now >= deadline) return null;
      if (now >= checkAt) {
        checkDeadlock(this.#attachment, ticket, wait.kind);
        checkAt = now + waiting.sliceMs;
      }
      if (wait.isSoon?.() === true) continue;
      // step: wait-before-sleep
      waiting.sleep(before, deadline - now);
      // step: wait-woken
      check();
    }
  }

  /**
   * Resolves with what `wait` gets, or with null when the time is over; rejects with what its attempt throws, with
   * the signal's reason, or with why the span has ended. Its cell, if there is one to be had, is published when
   * this returns.
   */
  waitAsync<T>(wait: Wait<T>, { timeoutMs, signal }: Limits): Promise<T | null> {
    return new Promise((resolve, reject) => {
      let unlimit = (): void => {};
      const request: Request = {
        mode: wait.mode,
        ticket: null,
        look: () => {
          let value: T | null;
          try {
            value = wait.attempt(request.ticket);
            if (value === null) return false;
          } catch (error) {
            fail(error);
            return true;
          }
          unlimit();
          try {
            this.#remove(request);
            resolve(wait.withdrawn(true) ?? value);
          } catch (error) {
            // The memory is gone, and what was taken with it.
            reject(error);
          }
          return true;
        },
        end: (error) => {
          unlimit();
          reject(error);
        },
        ended: () => this.#giveUp(wait),
      };
      const fail = (error: unknown): void => {
        unlimit();
        reject(error);
        this.#remove(request);
        this.#giveUp(wait);
      };
      const elapsed = (): void => {
        unlimit();
        try {
          resolve(this.#dequeue(request, wait));
        } catch (error) {
          reject(error);
        }
      };
      const aborted = (reason: unknown): void => {
        unlimit();
        reject(reason);
        try {
          const late = this.#dequeue(request, wait);
          if (late !== null) wait.discard(late);
        } catch {
          // The memory is gone, and what was taken with it.
        }
      };
      unlimit = limit(timeoutMs, signal, elapsed, aborted);
      this.#enqueue(request);
    });
  }

  /** How many tasks of this thread wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Settles what can be settled: for the doorbell, and after everything by which this thread's tasks may go on. */
  look(): void {
    // Tasks that hand something to each other live on promises alone: the event loop must have its turn.
    while (this.#settled < SETTLED_PER_TURN) {
      this.#publish();
      if (this.#queue[0]?.look() !== true) return;
      if (this.#settled++ === 0) setImmediate(this.#nextTurn);
    }
  }

  readonly #nextTurn = (): void => {
    this.#settled = 0;
    try {
      this.look();
    } catch (error) {
      this.end(error);
    }
  };

  end(error: unknown): void {
    const ended = this.#queue.splice(0);
    for (const request of ended) {
      this.#withdraw(request);
      request.end(error);
    }
    this.#restIfIdle();
    for (const request of ended) request.ended();
  }

  #enqueue(request: Request): void {
    this.#queue.push(request);
    if (this.#queue.length === 1) this.#attachment.doorbell.add(this);
    try {
      this.#publish();
      // Nobody passes by who came before: if the first cannot go on, nor can this one.
      if (this.#queue[0] === request) this.look();
    } catch (error) {
      this.end(error);
    }
  }

  /** For one that is given up: what it came to by then. */
  #dequeue<T>(request: Request, wait: Wait<T>): T | null {
    this.#remove(request);
    // What came to this one comes to the next.
    this.look();
    const late = wait.withdrawn(false);
    return this.#attachment.view.status[0] === 0 ? late : null;
  }

  #giveUp<T>(wait: Wait<T>): void {
    // What it came to where the memory is gone, nobody can say.
    const { status } = this.#attachment.view;
    if (status[0] !== 0) return;
    try {
      const late = wait.withdrawn(false);
      if (late !== null) wait.discard(late);
    } catch (error) {
      // Cut short this very moment? Others who wait have to be ended all the same.
      if (status[0] === 0) throw error;
    }
  }

  #remove(request: Request): void {
    const at = this.#queue.indexOf(request);
    if (at >= 0) this.#queue.splice(at, 1);
    this.#withdraw(request);
    this.#restIfIdle();
  }

  #publish(): void {
    for (let i = 0; i < Math.min(this.#queue.length, this.#cells); i++) {
      const request = this.#queue[i] as Request;
      request.ticket ??= this.#attachment.waiting.publish(this.index, request.mode, false);
      if (request.ticket === null) return;
    }
  }

  #withdraw(request: Request): void {
    if (request.ticket !== null) this.#attachment.waiting.withdraw(request.ticket);
    request.ticket = null;
  }

  #restIfIdle(): void {
    if (this.#queue.length === 0) this.#attachment.doorbell.delete(this);
  }
}
