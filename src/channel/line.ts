// A line: who waits for one thing of a channel, such as a message or room for one, in the order of arrival.
//
// One word, the mark: 0, or MARKED. Who waits publishes its cell, marks, looks, and then sleeps; who brings something
// brings it, and then looks at the mark. Both are sequentially consistent, so one of the two sees the other:
//
//   - No wake-up is lost. Who finds the mark rings the earliest who waits; that one rings the next when it leaves, whether
//     it has got something or has given up.
//   - The mark goes when nobody waits: who takes it away looks once more whether somebody has come meanwhile, and
//     puts it back. If that one is killed in between, its death makes everybody look again, and mark again.
//   - While nobody waits, bringing costs one load.

import type { Attachment } from '../span/attachment.ts';
import { Patience } from '../sync/patience.ts';
import { type Limits, type Wait, WaitQueue } from '../sync/wait-queue.ts';
import { compareExchange, load, store } from '../word/atomics.ts';

const MARKED = 1;

/** How many tasks of one thread stand in the order of all threads. */
const CELLS = 8;

/** What has come, or null: nothing yet. Throws when nothing can come any more. */
export type Look<T> = () => T | null;

export class Line {
  readonly #attachment: Attachment;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #mode: number;
  readonly #queue: WaitQueue;
  readonly #patience: Patience = new Patience();

  /** @internal */
  constructor(attachment: Attachment, offset: number, mode: number) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#index = offset / 4;
    this.#mode = mode;
    this.#queue = new WaitQueue(attachment, offset, CELLS);
  }

  /** This thread's, of the mark at that offset of the span. `mode` (span's `Mode`) is what the cells say. */
  static of(attachment: Attachment, offset: number, mode: number): Line {
    return attachment.local(Line, offset, () => new Line(attachment, offset, mode));
  }

  /** Looks, first for a while and then between sleeps, until something has come; null at the deadline (`performance.now`). */
  block<T>(look: Look<T>, deadline: number, check: () => void): T | null {
    return this.#patience.soon(look) ?? this.#queue.block(this.#wait(look), deadline, check);
  }

  /** The same without blocking. The tasks of a thread are served in their order. */
  waitAsync<T>(look: Look<T>, limits: Limits): Promise<T | null> {
    return this.#queue.waitAsync(this.#wait(look), limits);
  }

  /** Whether tasks of this thread wait: who comes now has to stand behind them. */
  get isBusy(): boolean {
    return this.#queue.length > 0;
  }

  /** For who has brought one thing. */
  ring(): void {
    if (load(this.#words, this.#index) === 0) return;
    this.#ring();
    // A task of this thread needs no bell.
    this.#queue.look();
  }

  /** For what concerns everybody, such as an end. */
  ringAll(): void {
    if (load(this.#words, this.#index) === 0) return;
    // Where nobody alive waits, the mark goes as well.
    if (!this.#attachment.waiting.ringAll(this.#index)) this.#ring();
    this.#queue.look();
  }

  #wait<T>(look: Look<T>): Wait<T> {
    return {
      mode: this.#mode,
      attempt: () => {
        // Before the look, and the cell before that.
        if (load(this.#words, this.#index) !== MARKED) store(this.#words, this.#index, MARKED);
        // step: line-marked
        return look();
      },
      withdrawn: () => {
        // A task that has been aborted may have been rung, and really woken, for what it leaves to others.
        if (load(this.#words, this.#index) !== 0) this.#ring();
        return null;
      },
      discard: () => {},
    };
  }

  #ring(): void {
    const { waiting } = this.#attachment;
    for (;;) {
      // step: line-before-ring
      if (waiting.ringFirst(this.#index)) return;
      const mark = load(this.#words, this.#index);
      if (compareExchange(this.#words, this.#index, mark, 0) !== mark) continue;
      // step: line-unmarked
      // Who has come meanwhile relies on the mark.
      if (mark === 0 || waiting.first(this.#index) === null) return;
      store(this.#words, this.#index, MARKED);
    }
  }
}
