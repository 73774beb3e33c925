// The textbook's bounded buffer: items of 256 bytes, three named semaphores, and a log of who did what, for the picture.
//
//   struct {
//     uint32_t in, out;              // the slots of the next put and the next get
//     uint32_t full, empty, events;  // how often somebody had to wait, and how many puts and gets there were
//     char item[SLOTS][256];
//     uint8_t log[EVENTS_MAX];       // of each: a put or a get, whether it had to wait, and the fill level after it
//   }

import type { Segment } from '../../index.ts';
import { sem_open, sem_post, type sem_t, sem_timedwait, sem_trywait } from '../../os/posix.ts';
import { LONG_MS } from './orders.ts';

export const CAPACITY = 4;
/** One more than items, or the indices of a full ring would be those of an empty one. */
export const SLOTS: number = CAPACITY + 1;
export const ITEM = 256;
export const EVENTS_MAX = 256;
export const SIZE: number = 4 * 5 + SLOTS * ITEM + EVENTS_MAX;

const IN = 0;
const OUT = 1;
const FULL = 2;
const EMPTY = 3;
const EVENTS = 4;
const ITEMS_AT = 4 * 5;
const LOG_AT = ITEMS_AT + SLOTS * ITEM;
/** In the log, beside the level. */
const PUT = 0x80;
const WAITED = 0x40;

/** What happened, in the order in which it did. */
export interface BufferEvent {
  readonly isPut: boolean;
  readonly waited: boolean;
  /** How many items there were after it. */
  readonly level: number;
}

export class BoundedBuffer {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #room: sem_t;
  readonly #items: sem_t;
  /** Who may change the indices. */
  readonly #turn: sem_t;

  /** Opens the segment, and the semaphores; `oflag` O_CREAT makes those. */
  constructor({ buffer, name }: Segment, oflag = 0) {
    this.#words = new Uint32Array(buffer, 0, ITEMS_AT / 4);
    this.#bytes = new Uint8Array(buffer);
    this.#room = sem_open(`/${name}-room`, oflag, 0o600, CAPACITY);
    this.#items = sem_open(`/${name}-items`, oflag, 0o600, 0);
    this.#turn = sem_open(`/${name}-turn`, oflag, 0o600, 1);
  }

  put(text: string): void {
    const waited = this.#take(this.#room, FULL);
    this.#take(this.#turn);
    const slot = this.#next(IN);
    slot.fill(0);
    slot.set(Buffer.from(text));
    this.#log(PUT | waited);
    sem_post(this.#turn);
    sem_post(this.#items);
  }

  get(): string {
    const waited = this.#take(this.#items, EMPTY);
    this.#take(this.#turn);
    const text = Buffer.from(this.#next(OUT)).toString().replace(/\0+$/, '');
    this.#log(waited);
    sem_post(this.#turn);
    sem_post(this.#room);
    return text;
  }

  /** How often a put has found it full, and a get empty. */
  get waits(): { readonly full: number; readonly empty: number } {
    return { full: Atomics.load(this.#words, FULL), empty: Atomics.load(this.#words, EMPTY) };
  }

  /** Whether a put waits for room just now, and a get for an item: it has counted that, and is not in the log yet. */
  get waiting(): { readonly put: boolean; readonly get: boolean } {
    const done = this.events.filter(({ waited }) => waited);
    const puts = done.filter(({ isPut }) => isPut).length;
    const { full, empty } = this.waits;
    return { put: full > puts, get: empty > done.length - puts };
  }

  get events(): BufferEvent[] {
    const count = Atomics.load(this.#words, EVENTS);
    return Array.from(this.#bytes.subarray(LOG_AT, LOG_AT + count), (what) => ({
      isPut: (what & PUT) !== 0,
      waited: (what & WAITED) !== 0,
      level: what & (WAITED - 1),
    }));
  }

  /** Counts under `count` when it has to wait. */
  #take(semaphore: sem_t, count?: number): number {
    try {
      sem_trywait(semaphore);
      return 0;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_MEMSPAN_WOULD_BLOCK') throw error;
    }
    if (count !== undefined) Atomics.add(this.#words, count, 1);
    sem_timedwait(semaphore, Date.now() + LONG_MS);
    return WAITED;
  }

  #next(index: number): Uint8Array {
    const slot = this.#words[index]!;
    this.#words[index] = (slot + 1) % SLOTS;
    const at = ITEMS_AT + slot * ITEM;
    return this.#bytes.subarray(at, at + ITEM);
  }

  #log(what: number): void {
    const level = (this.#words[IN]! - this.#words[OUT]! + SLOTS) % SLOTS;
    this.#bytes[LOG_AT + this.#words[EVENTS]!++] = what | level;
  }
}
