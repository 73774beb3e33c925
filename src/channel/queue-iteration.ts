// `for await` over a queue: a message is held until the next one is asked for.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { QueueLoan } from './queue-loan.ts';

/** After so many messages that were there the event loop goes round: timers, signals and I/O would wait for ever. */
const MESSAGES_PER_TURN = 1024;

interface Source<T> {
  tryTake(): QueueLoan<T, unknown> | null;
  takeAsync(): Promise<QueueLoan<T, unknown> | null>;
}

export class QueueIteration<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: Source<T>;
  #loan: QueueLoan<T, unknown> | null = null;
  #calls = 0;
  #isDone = false;

  constructor(source: Source<T>) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isDone) return { value: undefined, done: true };
    try {
      this.#loan?.release();
      this.#loan = null;
      if (++this.#calls % MESSAGES_PER_TURN === 0) await nextTurn();
      const loan = this.#source.tryTake() ?? (await this.#source.takeAsync());
      if (loan !== null) return { value: this.#hold(loan), done: false };
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
    this.#isDone = true;
    return { value: undefined, done: true };
  }

  /** The loop was left. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#isDone = true;
    this.#loan?.[Symbol.dispose]();
    this.#loan = null;
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Its value. One that has none, of another program, must not come back for ever. */
  #hold(loan: QueueLoan<T, unknown>): T {
    this.#loan = loan;
    try {
      return loan.copy();
    } catch (error) {
      loan.release();
      throw error;
    }
  }
}
