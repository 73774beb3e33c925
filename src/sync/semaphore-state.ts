// A semaphore as one thread has it: its permits, those that are this thread's, and what its tasks wait for.

import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import type { Ticket } from '../span/waiting.ts';
import { Count } from './count.ts';
import { OwnedPermits } from './owned-permits.ts';
import type { Permit } from './permit.ts';
import type { SemaphoreFacts } from './semaphore-options.ts';
import { type Limits, type Wait, WaitQueue } from './wait-queue.ts';

/** How many tasks of one thread stand in the order of all threads. */
const CELLS = 24;

/** What has been taken: the number of a permit that has an owner, else any. */
export type Taken = number;
const ANY: Taken = -1;

export class SemaphoreState {
  /** Null with `undo`. */
  readonly count: Count | null;
  readonly owned: OwnedPermits | null;
  /** With undo: what is this thread's, the earliest first. */
  readonly permits: Map<Taken, Permit> = new Map();
  readonly #max: number;
  readonly #queue: WaitQueue;
  readonly #wait: Wait<Taken>;

  constructor(attachment: Attachment, offset: number, { initial, max, undo }: SemaphoreFacts) {
    this.count = undo ? null : new Count(attachment, offset, initial);
    this.owned = undo ? new OwnedPermits(attachment, offset, max) : null;
    this.#max = max;
    this.#queue = new WaitQueue(attachment, offset, CELLS);
    this.#wait = {
      mode: Mode.permit,
      attempt: (ticket) => this.take(ticket, true),
      withdrawn: () => {
        (this.count ?? this.owned)?.passOn();
        return null;
      },
      discard: (taken) => this.give(taken),
    };
  }

  get value(): number {
    return (this.count ?? this.owned)?.value ?? 0;
  }

  take(ticket: Ticket | null, marks: boolean): Taken | null {
    if (this.count !== null) return this.count.take(ticket, marks) ? ANY : null;
    return this.owned?.take(ticket, marks) ?? null;
  }

  /** Null when the time is over. */
  block(deadline: number, check: () => void): Taken | null {
    return this.#queue.block(this.#wait, deadline, check);
  }

  waitAsync(limits: Limits): Promise<Taken | null> {
    return this.#queue.waitAsync(this.#wait, limits);
  }

  /** False when it is not this thread's, or there are as many free as there can be. */
  give(taken: Taken): boolean {
    this.permits.delete(taken);
    const isGiven = this.owned?.give(taken) ?? this.add(1);
    this.#queue.look();
    return isGiven;
  }

  /** Adds so many permits without an owner. False when that would be more than there can be. */
  add(amount: number): boolean {
    const isAdded = this.count?.give(amount, () => this.#max) ?? false;
    this.#queue.look();
    return isAdded;
  }
}
