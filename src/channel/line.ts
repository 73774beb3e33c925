// A line: who waits for one thing of a channel, such as a message or room for one, in the order of arrival.
//
// One word, the mark: 0, MARKED, or RUNG. Who waits publishes its cell, marks, looks, and then sleeps; who brings something
// brings it, and then looks at the mark. Both are sequentially consistent, so one of the two sees the other:
//
//   - No wake-up is lost. Who finds MARKED makes it RUNG, and rings the earliest who waits. That one marks again before it looks again,
//     and rings the next when it leaves, whether it has got something or has given up.
//   - Who finds RUNG has nothing to do: somebody is about to look, or was killed, which makes everybody look. So whoever brings a
//     thousand things while a waiter wakes up rings once. Only when that takes too long, because the one who was rung is busy with
//     something else or stopped, it rings again: who is awake by then is passed over.
//   - The mark goes when nobody waits: who takes it away looks once more whether somebody has come meanwhile, and
//     puts it back. If that one is killed in between, its death makes everybody look again, and mark again.
//   - While nobody waits, bringing costs one load.

import type { Attachment } from '../span/attachment.ts';
import { Patience } from '../sync/patience.ts';
import { type Limits, type Wait, WaitQueue } from '../sync/wait-queue.ts';
import { compareExchange, load, store } from '../word/atomics.ts';

const MARKED = 1;
const RUNG = 2;

/** Longer than it takes to wake somebody who has nothing else to do. */
const AGAIN_MS = 0.2;

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
  /** A waiting task, or the thread itself, is in its look. */
  #isLooking = false;
  /** When this thread has rung last. */
  #rungAt = 0;

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
    const mark = load(this.#words, this.#index);
    if (mark === 0) return;
    if (this.#isToRing(mark)) this.#ring();
    // A task of this thread needs no bell.
    this.#lookNow();
  }

  /** The same in the middle of something: tasks of this thread look later, when their bell tells them. */
  ringLater(): void {
    const mark = load(this.#words, this.#index);
    if (mark !== 0 && this.#isToRing(mark)) this.#ring();
  }

  #isToRing(mark: number): boolean {
    const now = performance.now();
    if (mark === MARKED) {
      // step: line-before-rung
      if (compareExchange(this.#words, this.#index, MARKED, RUNG) !== MARKED) return false;
      // step: line-rung
    } else if (now - this.#rungAt < AGAIN_MS) return false;
    this.#rungAt = now;
    return true;
  }

  /** For what concerns everybody, such as an end. */
  ringAll(): void {
    if (load(this.#words, this.#index) === 0) return;
    // Where nobody alive waits, the mark goes as well.
    if (!this.#attachment.waiting.ringAll(this.#index)) this.#ring();
    this.#lookNow();
  }

  /** Not from within a look: the task that looks would have two things, and one of them would be lost. */
  #lookNow(): void {
    if (!this.#isLooking) this.#queue.look();
  }

  #wait<T>(look: Look<T>): Wait<T> {
    return {
      mode: this.#mode,
      attempt: () => {
        // Before the look, and the cell before that.
        if (load(this.#words, this.#index) !== MARKED) store(this.#words, this.#index, MARKED);
        // step: line-marked
        this.#isLooking = true;
        try {
          return look();
        } finally {
          this.#isLooking = false;
        }
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
