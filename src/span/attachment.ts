// A thread's attachment to a span: gate, slot, watch. A thread has one for each span, however often it opens it.

import { native } from '../binding.ts';
import type { Lifeline } from '../segment/lifeline.ts';
import type { Segment } from '../segment/segment.ts';
import { Doorbell } from './doorbell.ts';
import { leaveSlot, type TakenSlot, takeSlot } from './slot.ts';
import type { SpanView } from './view.ts';
import { Waiting } from './waiting.ts';

/** The gate: shared while attached, exclusive for what may happen only while nobody is. */
export const GATE = 0;

/** What an object keeps per thread, whatever the number of its JavaScript objects. */
export interface Local {
  /** The span is being closed, or its memory is gone: nothing more will come. */
  end(error: unknown): void;
}

interface AttachmentFacts {
  readonly key: string;
  readonly created: boolean;
  readonly recovered: boolean;
  readonly as: string | undefined;
}

export class Attachment {
  readonly view: SpanView;
  readonly id: number;
  readonly waiting: Waiting;
  readonly doorbell: Doorbell;
  /** The inode. */
  readonly key: string;
  /** Made by this thread. */
  readonly created: boolean;
  /** Everybody had died before this thread came. */
  readonly recovered: boolean;
  readonly #gate: Lifeline;
  readonly #slot: TakenSlot;
  readonly #locals = new Map<number, Local>();
  #users = 0;
  #isOpen = true;

  constructor(view: SpanView, gate: Lifeline, { as, created, recovered, key }: AttachmentFacts) {
    this.key = key;
    this.view = view;
    this.#gate = gate;
    this.created = created;
    this.recovered = recovered;
    this.#slot = takeSlot(view, as);
    this.id = this.#slot.id;
    this.waiting = new Waiting(view, this.id, view.segment.watch());
    this.doorbell = new Doorbell(view.words, this.waiting, (error) => this.#endLocals(error));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  use(): this {
    this.#users++;
    return this;
  }

  /** The state of the object at that offset, made by the first who asks in this thread. */
  local<T extends Local>(offset: number, make: () => T): T {
    let local = this.#locals.get(offset);
    if (local === undefined) {
      local = make();
      this.#locals.set(offset, local);
    }
    return local as T;
  }

  /** True when that was the last user: the thread is no longer attached. */
  release(error: unknown): boolean {
    if (--this.#users > 0) return false;
    this.#isOpen = false;
    this.#endLocals(error);
    this.doorbell.close();
    if (this.waiting.watch > 0) native.unwatchFile(this.waiting.watch);
    const { segment } = this.view;
    leaveSlot(this.view, this.#slot);
    this.#gate.release();
    // step: gate-released
    // What was cut short under us is no longer ours to judge.
    const isSound = this.view.status[0] === 0;
    if (isSound && this.view.lifetime === 'last-close') unlinkIfLast(segment);
    segment.close();
    return true;
  }

  #endLocals(error: unknown): void {
    for (const local of this.#locals.values()) local.end(error);
  }
}

/** The last one out takes the name along. Whoever attaches meanwhile finds it gone, and begins anew. */
function unlinkIfLast(segment: Segment): void {
  const gate = segment.lifeline(GATE);
  if (gate === null) return;
  // step: close-before-unlink
  try {
    segment.unlink();
    // step: close-after-unlink
  } finally {
    gate.release();
  }
}
