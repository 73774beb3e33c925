// Waiting: cells, tickets and the bell, for every object of a span.
//
// Who waits for an object publishes a cell of its own slot, then looks at the object once more, then sleeps on
// its own bell. Who changes an object so that a waiter may go on looks for the cell with the earliest ticket,
// changes that participant's bell and wakes it. Cells are written by their owner alone, so there is no list
// that a death could break: a dead participant's cells are just not looked at.
//
//   waiter                                     changer
//   bell ← load(bell)                          change the object (sees the mark: somebody waits)
//   publish the cell                           find the earliest cell
//   look at the object, mark it    ←─ or ─→    add(bell), wake
//   sleep while the bell is the same
//
// A wake-up that is lost with its waiter's life is healed by that very death: everybody who sleeps here
// is disturbed by it and looks again (word/sleep.ts), and in any case each 100 ms.

import { add, compareExchange, load, store } from '../word/atomics.ts';
import { newsCount, sleep, wake } from '../word/sleep.ts';
import { Header } from './header.layout.ts';
import {
  BLOCKING,
  CELL_WORDS,
  CELLS,
  Cell,
  EPOCH_MASK,
  epochOf,
  idOf,
  MODE_MASK,
  Slot,
  slotOf,
} from './participant.layout.ts';
import type { SpanView } from './view.ts';

/** A sleeper looks again this often, whatever happens. */
export const SLICE_MS = 100;
/** The same where no news of deaths can be had. */
const SLICE_DEAF_MS = 10;
/** After news of a death, which comes before the death is done: soon at first, then less and less so. */
const SLICE_NEWS_MS = 1;

/** A published cell: its number in the slot, and its state while it is published. */
export interface Ticket {
  readonly cell: number;
  readonly state: number;
  readonly ticket: number;
}

/** The earliest waiter of an object. */
export interface Waiter extends Ticket {
  readonly id: number;
}

export const Rung = {
  woken: 0,
  /** It was not asleep: it is looking, or it is stopped. */
  awake: 1,
  dead: 2,
} as const;

export type Rung = (typeof Rung)[keyof typeof Rung];

export class Waiting {
  readonly #view: SpanView;
  readonly #words: Int32Array;
  readonly #id: number;
  readonly #slot: number;
  readonly #cells: number;
  readonly #summary: number;
  readonly #start: number;
  /** 0 where news of deaths cannot be had. */
  readonly watch: number;
  /** The word that this thread sleeps on. */
  readonly bell: number;
  // Cells that are free, except cell 0, which is for blocking.
  readonly #free: number[] = [];
  readonly #used = new Set<number>();
  #sequence = 0;
  #news = newsCount();
  #newsAt = Number.NEGATIVE_INFINITY;

  constructor(view: SpanView, id: number, watch: number) {
    this.#view = view;
    this.#words = view.words;
    this.#id = id;
    this.#slot = slotOf(id);
    const at = view.slotAt(this.#slot);
    this.#cells = at + Slot.cells;
    this.#summary = view.geometry.waitsOffset / 4 + this.#slot;
    this.bell = at + Slot.bell;
    this.watch = watch;
    this.#start = Date.now();
    for (let cell = CELLS - 1; cell >= 1; cell--) this.#free.push(cell);
  }

  get sliceMs(): number {
    if (this.watch === 0) return SLICE_DEAF_MS;
    const age = performance.now() - this.#newsAt;
    return Math.min(SLICE_MS, Math.max(SLICE_NEWS_MS, age));
  }

  /** Null when this thread has no free cell: it waits for as many things as it can. */
  publish(object: number, mode: number, blocking: boolean): Ticket | null {
    const cell = blocking ? 0 : this.#free.pop();
    if (cell === undefined) return null;
    const at = this.#cells + cell * CELL_WORDS;
    this.#sequence = (this.#sequence + 1) & 0x7f_ffff;
    const state = ((this.#sequence << 8) | (blocking ? BLOCKING : 0) | mode) & 0x7fff_ffff;
    const ticket = add(this.#words, Header.tickets, 1);
    store(this.#words, at + Cell.ticket, ticket);
    store(this.#words, at + Cell.object, object);
    store(this.#words, at + Cell.since, Date.now() - this.#start);
    this.#used.add(cell);
    this.#count();
    // step: cell-filled
    store(this.#words, at + Cell.state, state);
    return { cell, state, ticket };
  }

  withdraw({ cell }: Ticket): void {
    store(this.#words, this.#cells + cell * CELL_WORDS + Cell.state, 0);
    this.#used.delete(cell);
    if (cell !== 0) this.#free.push(cell);
    this.#count();
  }

  #count(): void {
    let count = 0;
    for (const cell of this.#used) count = Math.max(count, cell + 1);
    store(this.#words, this.#summary, (epochOf(this.#id) << 16) | count);
  }

  /**
   * The waiter of the object with the earliest ticket, of this participant or another; after `previous`; with
   * `mode`, of those who wait like that.
   */
  first(object: number, previous?: Waiter, mode?: number): Waiter | null {
    const { waitsOffset, participants } = this.#view.geometry;
    const words = this.#words;
    let found: Waiter | null = null;
    for (let slot = 0; slot < participants; slot++) {
      const summary = load(words, waitsOffset / 4 + slot);
      const count = Math.min(summary & 0xffff, CELLS);
      if (count === 0) continue;
      const cells = this.#view.slotAt(slot) + Slot.cells;
      for (let cell = 0; cell < count; cell++) {
        const at = cells + cell * CELL_WORDS;
        const state = load(words, at + Cell.state);
        if (state === 0 || load(words, at + Cell.object) >>> 0 !== object) continue;
        if (mode !== undefined && (state & MODE_MASK) !== mode) continue;
        const ticket = load(words, at + Cell.ticket);
        // Tickets wrap: the difference tells which is earlier.
        if (previous !== undefined && ((ticket - previous.ticket) | 0) <= 0) continue;
        if (found !== null && ((ticket - found.ticket) | 0) >= 0) continue;
        if (load(words, at + Cell.state) !== state) continue;
        found = { id: idOf(slot, (summary >>> 16) & EPOCH_MASK), cell, state, ticket };
      }
    }
    return found;
  }

  /** Whether that waiter still waits. */
  stillWaits({ id, cell, state }: Waiter): boolean {
    const at = this.#view.slotAt(slotOf(id)) + Slot.cells + cell * CELL_WORDS;
    return load(this.#words, at + Cell.state) === state && this.#isCounted(id);
  }

  /** Whether participant `id` waits for the object; with `mode`, like that. */
  waitsFor(id: number, object: number, mode?: number): boolean {
    const waits = this.#view.waitsOf(id);
    return waits.some((wait) => wait.offset === object * 4 && wait.mode === (mode ?? wait.mode));
  }

  #isCounted(id: number): boolean {
    return this.#view.cellsInUse(slotOf(id), id) > 0;
  }

  /**
   * Rings the earliest waiter of the object. One that was not asleep may be stopped, so the next one is rung,
   * too, until somebody was really woken. False when nobody alive waits.
   */
  ringFirst(object: number): boolean {
    let some = false;
    const first = this.first(object);
    for (let waiter = first; first !== null && waiter !== null; ) {
      const rung = this.ring(waiter.id);
      if (rung === Rung.woken) return true;
      if (rung === Rung.awake) some = true;
      const next = this.first(object, waiter);
      // Tickets that somebody hostile has written may go round and round.
      if (
        next === null ||
        ((next.ticket - first.ticket) | 0) <= ((waiter.ticket - first.ticket) | 0)
      )
        break;
      waiter = next;
    }
    return some;
  }

  /** Makes a participant look again. The cells of a dead one are no longer looked at. */
  ring(id: number): Rung {
    const slot = slotOf(id);
    const bell = this.#view.slotAt(slot) + Slot.bell;
    add(this.#words, bell, 1);
    // step: bell-rung
    if (wake(this.#words, bell, Number.POSITIVE_INFINITY) > 0) return Rung.woken;
    // Awake, paused, or dead.
    if (id === this.#id || this.#view.isAlive(id)) return Rung.awake;
    this.forget(id);
    return Rung.dead;
  }

  /** Takes a dead participant's cells out of sight. */
  forget(id: number): void {
    const at = this.#view.geometry.waitsOffset / 4 + slotOf(id);
    const summary = load(this.#words, at);
    // The epoch in the word: who has the slot by now is not touched.
    if (((summary >>> 16) & EPOCH_MASK) !== epochOf(id)) return;
    compareExchange(this.#words, at, summary, epochOf(id) << 16);
  }

  /** Rings everybody who waits for the object; with `mode`, who waits like that. False when nobody alive does. */
  ringAll(object: number, mode?: number): boolean {
    let some = false;
    for (let slot = 0; slot < this.#view.geometry.participants; slot++) {
      const summary = load(this.#words, this.#view.geometry.waitsOffset / 4 + slot);
      if ((summary & 0xffff) === 0) continue;
      const id = idOf(slot, (summary >>> 16) & EPOCH_MASK);
      if (this.waitsFor(id, object, mode) && this.ring(id) !== Rung.dead) some = true;
    }
    return some;
  }

  /** Throws `ERR_MEMSPAN_TRUNCATED` or `ERR_MEMSPAN_CLOSED` when the memory is gone. */
  checkMemory(): void {
    // The kernel may have seen it first: a touch makes it known to the guard.
    load(this.#words, this.bell);
    void this.#view.segment.buffer;
  }

  /** What must be read before the look that comes before a sleep. */
  before(): Before {
    const news = newsCount();
    if (news !== this.#news) {
      this.#news = news;
      this.#newsAt = performance.now();
    }
    return { bell: load(this.#words, this.bell), news };
  }

  /** Sleeps until this participant is rung, somebody dies, a slice or the time is over. False when the memory is gone. */
  sleep(before: Before, leftMs: number): boolean {
    const { bell, watch, sliceMs } = this;
    return sleep(this.#words, bell, before.bell, leftMs, sliceMs, watch, before.news);
  }
}

export interface Before {
  readonly bell: number;
  readonly news: number;
}
