// The seats of a pool's writers: nothing is sent to them or by them, they only say whether anybody will publish.

import type { Attachment } from '../span/attachment.ts';
import { add, load } from '../word/atomics.ts';
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

  /** `index` is the pool's first word. */
  constructor(attachment: Attachment, index: number) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = index + PoolWord.writers;
    this.#closings = index + PoolWord.closings;
  }

  /** A seat; undefined when the living have all. Those of the dead go first: who comes stands in for them. */
  take(): Seat | undefined {
    return this.#take((word) => word !== 0) ?? this.#take((word) => word === 0);
  }

  #take(isWanted: (word: number) => boolean): Seat | undefined {
    for (let number = 0; number < WRITERS_MAX; number++) {
      if (!isWanted(load(this.#words, this.#index + number))) continue;
      const seat = new Seat(this.#attachment, this.#index + number);
      if (seat.take() !== undefined) return seat;
    }
    return undefined;
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
    for (let number = 0; number < WRITERS_MAX; number++) {
      const word = load(this.#words, this.#index + number);
      if (word !== 0) yield word;
    }
  }

  #isAlive(word: number): boolean {
    return word === this.#attachment.id || this.#attachment.view.isAlive(word);
  }
}
