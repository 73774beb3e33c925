// The seats of a pool's writers: nothing is sent to them or by them, they only say whether anybody will publish.

import type { Attachment } from '../span/attachment.ts';
import { add, compareExchange, load } from '../word/atomics.ts';
import { PoolWord, WRITERS_MAX } from './pool.layout.ts';
import { Seat } from './seat.ts';

/** The writers there were when a reader came: what had happened to them before is not its concern. */
export interface Former {
  readonly closings: number;
  readonly dead: ReadonlySet<number>;
}

/** What a reader without a message can expect. */
export type Outlook = 'waits' | 'ended' | 'died';

export class Writers {
  readonly #attachment: Attachment;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #closings: number;
  readonly #used: number;

  /** `index` is the pool's first word. */
  constructor(attachment: Attachment, index: number) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = index + PoolWord.writers;
    this.#closings = index + PoolWord.closings;
    this.#used = index + PoolWord.writersUsed;
  }

  /** A seat; undefined when the living have all. Those of the dead go first: who comes stands in for them. */
  take(): Seat | undefined {
    const used = this.#count();
    for (let number = 0; number < used; number++) {
      if (load(this.#words, this.#index + number) === 0) continue;
      const seat = this.#take(number);
      if (seat !== undefined) return seat;
    }
    for (let number = 0; number < WRITERS_MAX; number++) {
      this.#raise(number + 1);
      // step: pool-writer-before-seat
      const seat = this.#take(number);
      if (seat !== undefined) return seat;
    }
    return undefined;
  }

  #take(number: number): Seat | undefined {
    const seat = new Seat(this.#attachment, this.#index + number);
    return seat.take() === undefined ? undefined : seat;
  }

  /** Whatever somebody hostile has written, too: at most as many as there are. */
  #count(): number {
    return Math.min(load(this.#words, this.#used) >>> 0, WRITERS_MAX);
  }

  #raise(count: number): void {
    for (;;) {
      const before = load(this.#words, this.#used);
      if (before >>> 0 >= count) return;
      if (compareExchange(this.#words, this.#used, before, count) === before) return;
    }
  }

  /** Counted before the seat is left: who is killed in between has died. */
  leave(seat: Seat): void {
    add(this.#words, this.#closings, 1);
    // step: pool-closing-counted
    seat.leave();
  }

  former(): Former {
    const closings = load(this.#words, this.#closings);
    const dead = new Set<number>();
    for (const word of this.#taken()) if (!this.#isAlive(word)) dead.add(word);
    return { closings, dead };
  }

  /** Without a system call: 'ended' only when all have closed. */
  glance({ closings }: Former): Outlook {
    if (load(this.#words, this.#closings) === closings) return 'waits';
    for (const _ of this.#taken()) return 'waits';
    return 'ended';
  }

  look({ closings, dead }: Former): Outlook {
    let hasDied = false;
    for (const word of this.#taken()) {
      if (this.#isAlive(word)) return 'waits';
      if (!dead.has(word)) hasDied = true;
    }
    if (hasDied) return 'died';
    return load(this.#words, this.#closings) === closings ? 'waits' : 'ended';
  }

  *#taken(): IterableIterator<number> {
    const used = this.#count();
    for (let number = 0; number < used; number++) {
      const word = load(this.#words, this.#index + number);
      if (word !== 0) yield word;
    }
  }

  #isAlive(word: number): boolean {
    return word === this.#attachment.id || this.#attachment.view.isAlive(word);
  }
}
