// A condition as one thread has it: notifications, and what its tasks wait for.

import { MemspanError } from '../errors.ts';
import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import { Count } from './count.ts';
import { type Wait, WaitQueue } from './wait-queue.ts';

export class ConditionState {
  readonly queue: WaitQueue;
  readonly #count: Count;

  constructor(attachment: Attachment, offset: number) {
    this.#count = new Count(attachment, offset, 0);
    // Who had no cell could not be counted, and would not be notified.
    this.queue = new WaitQueue(attachment, offset, Number.POSITIVE_INFINITY);
  }

  /** How many live and wait. */
  get waiters(): number {
    return this.#count.isMarked ? this.#count.waiters : 0;
  }

  /** A wait, which calls `release` as soon as it can be notified. */
  wait(release: () => void, subject: { operation: string; object: string }): Wait<true> {
    return {
      mode: Mode.notification,
      published: (ticket) => {
        if (ticket === null) throw tooMany(subject);
        this.#count.mark();
        // step: condition-marked
        release();
        // step: condition-released
      },
      attempt: (ticket) => (this.#count.take(ticket, true) ? true : null),
      withdrawn: () => {
        this.#count.passOn();
        return null;
      },
      discard: () => this.notify(1),
    };
  }

  /** For who is about to wait: what is left of those who have died is not meant for it. */
  forgetDead(): void {
    this.#count.limit((value) => (value === 0 ? 0 : Math.min(value, this.#count.waiters)));
  }

  /** How many there were to be notified, up to `most`. */
  notify(most: number): number {
    for (;;) {
      // Who waits has marked it before it released the mutex.
      if (!this.#count.isMarked) return 0;
      const { value, waiters } = this.#count;
      const amount = Math.min(most, waiters - value);
      if (amount <= 0) return 0;
      if (!this.#count.give(amount, () => waiters)) continue;
      this.queue.look();
      return amount;
    }
  }
}

function tooMany(subject: { operation: string; object: string }): MemspanError {
  return new MemspanError('ERR_MEMSPAN_LIMIT', {
    ...subject,
    cause: 'this thread waits for as many things at once as it can',
    remedy: 'Wait for less at a time, or in several threads',
  });
}
