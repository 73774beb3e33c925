// A condition as one thread has it: notifications, who waits for them here, and how they sleep.
//
// A waiter keeps its cell until it holds the mutex again, and takes its notification only then. So what was for one that
// dies anywhere before that is the next one's, and nobody who is about to go on is counted as waiting for more.
// All cells are published, and WAITERS and what is left over are taken away, by who holds the mutex: none of
// these can get in the way of another.

import { countEarlier, ringEarliest } from '../span/arrivals.ts';
import type { Attachment } from '../span/attachment.ts';
import type { Listener } from '../span/doorbell.ts';
import { BLOCKING, Mode } from '../span/participant.layout.ts';
import type { Ticket } from '../span/waiting.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { ARRIVALS, NOTIFICATIONS, WAITERS } from './condition.layout.ts';
import { limit } from './wait-options.ts';
import type { Limits } from './wait-queue.ts';

/** One more. */
const ARRIVAL: number = ARRIVALS & -ARRIVALS;

interface Task {
  readonly ticket: Ticket;
  /** Its turn has come. */
  go(): void;
  fail(error: unknown): void;
}

export class ConditionState implements Listener {
  readonly #attachment: Attachment;
  readonly #words: Int32Array;
  readonly #index: number;
  /** In the order of arrival. */
  readonly #tasks: Task[] = [];
  /** Those that have a cell. */
  readonly #waits = new Set<Ticket>();

  constructor(attachment: Attachment, offset: number) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = offset / 4;
  }

  /** How many live and have not been notified. */
  get waiters(): number {
    const word = this.#word;
    return word < 0 ? Math.max(0, this.#living() - (word & NOTIFICATIONS)) : 0;
  }

  /**
   * From now on, the caller, who holds the mutex, can be notified. Null when this thread waits for as many things as it
   * can. Who blocks has no cell of a blocking thread here: it needs that one to wait for the mutex.
   */
  begin(blocking: boolean): Ticket | null {
    // What was for those who have died is not meant for this one.
    this.tidy();
    const mode = Mode.notification | (blocking ? BLOCKING : 0);
    const ticket = this.#attachment.waiting.publish(this.#index, mode, false);
    if (ticket === null) return null;
    this.#waits.add(ticket);
    for (;;) {
      const word = this.#word;
      const arrivals = (word + ARRIVAL) & ARRIVALS;
      // step: condition-before-mark
      if (this.#replace(word, WAITERS | arrivals | (word & NOTIFICATIONS))) break;
    }
    // step: condition-marked
    return ticket;
  }

  /** There are notifications for all who have waited longer, and for this one. */
  isTurn(ticket: Ticket): boolean {
    for (;;) {
      const word = this.#word;
      if (!this.#isTurn(ticket, word)) return false;
      // Else somebody may have taken it, and its cell back, before it could be counted.
      if (this.#word === word) return true;
    }
  }

  #isTurn({ ticket }: Ticket, word: number): boolean {
    const value = word & NOTIFICATIONS;
    return value > 0 && value > countEarlier(this.#attachment, this.#index, ticket);
  }

  /** Blocks until it is its turn; false when the time is over. Throws what `check` throws. */
  block(ticket: Ticket, deadline: number, check: () => void): boolean {
    const { waiting } = this.#attachment;
    for (;;) {
      const before = waiting.before();
      if (this.isTurn(ticket)) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      // step: condition-before-sleep
      waiting.sleep(before, left);
      // step: condition-woken
      check();
    }
  }

  /** Resolves when it is its turn, false when the time is over; rejects with the signal's reason, or why the span ended. */
  turn(ticket: Ticket, { timeoutMs, signal }: Limits): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        unlimit();
        const at = this.#tasks.indexOf(task);
        if (at >= 0) this.#tasks.splice(at, 1);
        this.#restIfIdle();
      };
      const elapsed = (): void => {
        leave();
        resolve(false);
      };
      const aborted = (reason: unknown): void => {
        leave();
        reject(reason);
      };
      if (signal?.aborted) throw signal.reason;
      const unlimit = limit(timeoutMs, signal, elapsed, aborted);
      const task: Task = {
        ticket,
        go: () => {
          unlimit();
          resolve(true);
        },
        fail: (error) => {
          unlimit();
          reject(error);
        },
      };
      this.#enqueue(task);
    });
  }

  #enqueue(task: Task): void {
    const { ticket } = task.ticket;
    const next = this.#tasks.findIndex((other) => ((other.ticket.ticket - ticket) | 0) > 0);
    this.#tasks.splice(next < 0 ? this.#tasks.length : next, 0, task);
    if (this.#tasks.length === 1) this.#attachment.doorbell.add(this);
    try {
      this.look();
    } catch (error) {
      this.end(error);
    }
  }

  look(): void {
    for (let first = this.#tasks[0]; first !== undefined && this.isTurn(first.ticket); ) {
      this.#tasks.shift();
      first.go();
      first = this.#tasks[0];
    }
    this.#restIfIdle();
  }

  end(error: unknown): void {
    for (const task of this.#tasks.splice(0)) task.fail(error);
    this.#restIfIdle();
  }

  #restIfIdle(): void {
    if (this.#tasks.length === 0) this.#attachment.doorbell.delete(this);
  }

  /** With the mutex: takes its notification, if there is one for it, and waits no more. */
  finish(ticket: Ticket): boolean {
    let isNotified = false;
    for (;;) {
      const word = this.#word;
      if (!this.#isTurn(ticket, word)) break;
      // step: condition-before-take
      isNotified = this.#replace(word, word - 1);
      if (isNotified) break;
    }
    // step: condition-taken
    this.giveUp(ticket);
    this.tidy();
    return isNotified;
  }

  /** Waits no more. What was for it is the next one's. Again is harmless. */
  giveUp(ticket: Ticket): void {
    const { waiting, view } = this.#attachment;
    if (!this.#waits.delete(ticket)) return;
    waiting.withdraw(ticket);
    // step: condition-withdrawn
    if (view.status[0] !== 0) return;
    const value = this.#word & NOTIFICATIONS;
    if (value > 0) ringEarliest(this.#attachment, this.#index, value);
    this.look();
  }

  /** With the mutex: there are no more notifications than there are waiters, and no mark when there is none of them. */
  tidy(): void {
    for (;;) {
      const word = this.#word;
      if (word === 0) return;
      const living = this.#living();
      const value = Math.min(word & NOTIFICATIONS, living);
      const next = living === 0 ? 0 : (word & ~NOTIFICATIONS) | value;
      if (next === word || this.#replace(word, next)) return;
    }
  }

  /** How many there were to be notified, up to `most`. */
  notify(most: number): number {
    for (;;) {
      const word = this.#word;
      // Who waits has marked it before it released the mutex.
      if (word >= 0) return 0;
      const value = word & NOTIFICATIONS;
      const amount = Math.min(most, this.#living() - value);
      // step: condition-before-notify
      if (amount <= 0) {
        // Who came while others went may not have been counted.
        if (this.#word === word) return 0;
        continue;
      }
      if (!this.#replace(word, word + amount)) continue;
      // step: condition-notified
      ringEarliest(this.#attachment, this.#index, value + amount);
      // step: condition-rung
      this.look();
      return amount;
    }
  }

  get #word(): number {
    return load(this.#words, this.#index);
  }

  #replace(word: number, next: number): boolean {
    return compareExchange(this.#words, this.#index, word, next) === word;
  }

  #living(): number {
    return countEarlier(this.#attachment, this.#index);
  }
}
