// A thread's attachment to a span: gate, slot, watch. A thread has one for each span, however often it opens it.

import { MemspanError } from '../errors.ts';
import type { Lifeline } from '../segment/lifeline.ts';
import { Doorbell } from './doorbell.ts';
import { unlinkIfLast } from './gate.ts';
import { Reads } from './reads.ts';
import { clearDead, leaveSlot, type TakenSlot } from './slot.ts';
import type { SpanView } from './view.ts';
import { Waiting } from './waiting.ts';

interface AttachmentFacts {
  readonly key: string;
  readonly created: boolean;
  readonly recovered: boolean;
}

export class Attachment {
  readonly view: SpanView;
  readonly id: number;
  readonly waiting: Waiting;
  readonly reads: Reads;
  readonly doorbell: Doorbell;
  /** The inode. */
  readonly key: string;
  /** Made by this thread. */
  readonly created: boolean;
  /** Everybody had died before this thread came. */
  readonly recovered: boolean;
  readonly #gate: Lifeline;
  readonly #slot: TakenSlot;
  /** Of each class, by offset. */
  readonly #locals = new Map<unknown, Map<number, unknown>>();
  #users = 0;
  #isOpen = true;

  constructor(
    view: SpanView,
    gate: Lifeline,
    slot: TakenSlot,
    { created, recovered, key }: AttachmentFacts,
  ) {
    this.key = key;
    this.view = view;
    this.#gate = gate;
    this.created = created;
    this.recovered = recovered;
    this.#slot = slot;
    this.id = slot.id;
    const watch = view.segment.watch();
    this.waiting = new Waiting(view, this.id, watch);
    this.reads = new Reads(view, this.id);
    this.doorbell = new Doorbell(view.words, this.waiting);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  use(): this {
    this.#users++;
    return this;
  }

  /**
   * What this thread keeps of the object at that offset, however many JavaScript objects it has for it. Where a
   * directory that somebody has written over puts two objects into the same bytes, each has its own.
   */
  local<T>(Kind: abstract new (...given: never[]) => T, offset: number, make: () => T): T {
    let locals = this.#locals.get(Kind);
    if (locals === undefined) {
      locals = new Map();
      this.#locals.set(Kind, locals);
    }
    let local = locals.get(offset);
    if (local === undefined) {
      local = make();
      locals.set(offset, local);
    }
    return local as T;
  }

  /** True when that was the last user: the thread is no longer attached. */
  release(error: unknown): boolean {
    if (--this.#users > 0) return false;
    this.doorbell.end(error);
    if (this.waiting.watch > 0) this.view.segment.unwatch(this.waiting.watch);
    try {
      this.leave();
    } finally {
      this.view.segment.close();
    }
    return true;
  }

  /** Gives up slot and gate, once; the memory stays. */
  leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#forgetDead();
    this.reads.leave();
    leaveSlot(this.view, this.#slot);
    this.#gate.release();
    // step: gate-released
    unlinkIfLast(this.view);
  }

  /** Who died while we were here was ours to see to, so that a span which we leave in order is not stale. */
  #forgetDead(): void {
    if (this.view.status[0] !== 0) return;
    try {
      clearDead(this.view);
    } catch (error) {
      // Cut short this very moment.
      if (!(error instanceof MemspanError)) throw error;
    }
  }
}
