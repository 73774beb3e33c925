// A span's bytes as anybody may read them, attached or not: who is there, what is there. Never writes.
//
// Every byte may have been written by a hostile peer: what is read is checked at each use, and where the
// tables are was computed when the header was checked.

import { MemspanError } from '../errors.ts';
import type { Segment } from '../segment/segment.ts';
import { load } from '../word/atomics.ts';
import { readBytes, readFloat } from '../word/bytes.ts';
import { ENTRY_SIZE, Entry, NAME_SIZE, READY } from './directory.layout.ts';
import { type Described, describe, type Geometry, type Lifetime } from './geometry.ts';
import { Header, OBJECT_ALIGNMENT } from './header.layout.ts';
import {
  ATTACHED,
  BLOCKING,
  CELL_WORDS,
  CELLS,
  Cell,
  EPOCH_MASK,
  ID_MASK,
  idOf,
  MODE_MASK,
  SLOT_SIZE,
  Slot,
  slotOf,
  TEXT_SIZE,
} from './participant.layout.ts';
import { type StoredLayout, storedLayout } from './stored-layout.ts';

/** A named object, as its directory entry says. */
export interface ObjectEntry {
  readonly index: number;
  /** A kind's code. */
  readonly kind: number;
  readonly name: string;
  readonly options: number;
  /** Bytes from the span's start, and how many. */
  readonly offset: number;
  readonly length: number;
  /** Where its layout is described; `layoutOf` reads it. */
  readonly layout: StoredLayout | undefined;
}

/** An attached thread, as its slot says. */
export interface ParticipantInfo {
  readonly id: number;
  readonly name: string;
  readonly program: string;
  /** As it sees itself: a number of its own pid namespace. */
  readonly pid: number;
  readonly tid: number;
  readonly pidNamespace: number;
  readonly attachedAt: Date;
}

/** What a participant waits for. */
export interface WaitInfo {
  readonly id: number;
  /** The cell's state: the same state seen twice is one and the same wait. */
  readonly state: number;
  readonly mode: number;
  /** It can do nothing else meanwhile. */
  readonly blocking: boolean;
  /** The object's offset, in bytes. */
  readonly offset: number;
  readonly ticket: number;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
}

// A byte order mark is a part of the name.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** A Date ends a little later. */
const TIME_MAX = 8e15;

export class SpanView {
  readonly segment: Segment;
  readonly geometry: Geometry;
  readonly lifetime: Lifetime;
  /** The whole span. A word's index is its offset / 4. */
  readonly words: Int32Array;
  /** 0 while the memory is sound. */
  readonly status: Uint32Array;

  /** `described`: for who has made out of a damaged header what can be made of it; all of it is within the segment. */
  constructor(segment: Segment, operation: string, described?: Described) {
    this.segment = segment;
    const { buffer, name } = segment;
    const { geometry, lifetime } = described ?? describe(buffer, operation, name);
    this.geometry = geometry;
    this.lifetime = lifetime;
    this.words = new Int32Array(buffer, 0, Math.floor(geometry.size / 4));
    this.status = segment.status;
  }

  get createdAt(): Date {
    return new Date(this.#float(Header.createdAt));
  }

  /** Whether participant `id` lives: the kernel's word. */
  isAlive(id: number): boolean {
    const slot = slotOf(id);
    const isPossible = id > 0 && id <= ID_MASK && slot >= 0 && slot < this.geometry.participants;
    return isPossible && this.segment.isHeld(id);
  }

  /** The first word of a slot. */
  slotAt(slot: number): number {
    return (this.geometry.participantsOffset + slot * SLOT_SIZE) / 4;
  }

  /** Ids of who has attached and not left; some may be dead. */
  *ids(): IterableIterator<number> {
    for (let slot = 0; slot < this.geometry.participants; slot++) {
      const identity = load(this.words, this.slotAt(slot) + Slot.identity);
      const id = identity & ID_MASK;
      if (identity === (id | ATTACHED) && slotOf(id) === slot) yield id;
    }
  }

  /** Undefined when the slot is no longer that participant's. */
  participant(id: number): ParticipantInfo | undefined {
    const slot = slotOf(id);
    if (slot < 0 || slot >= this.geometry.participants) return undefined;
    const at = this.slotAt(slot);
    const info: ParticipantInfo = {
      id,
      name: this.#text(at + Slot.name),
      program: this.#text(at + Slot.program),
      pid: load(this.words, at + Slot.pid) >>> 0,
      tid: load(this.words, at + Slot.tid) >>> 0,
      pidNamespace: load(this.words, at + Slot.pidNamespace) >>> 0,
      attachedAt: new Date(this.#float(at + Slot.attachedAt)),
    };
    // Read after the rest: a slot is filled anew only under another id.
    return (load(this.words, at + Slot.identity) & ID_MASK) === id ? info : undefined;
  }

  /** What participant `id` waits for, with `blocking` only what its thread blocks on. */
  waitsOf(id: number, blocking = false): WaitInfo[] {
    const slot = slotOf(id);
    if (slot < 0 || slot >= this.geometry.participants) return [];
    const count = this.cellsInUse(slot, id);
    const found: WaitInfo[] = [];
    for (let cell = 0; cell < (blocking ? Math.min(count, 1) : count); cell++) {
      const wait = this.#wait(id, slot, cell);
      if (wait !== undefined) found.push(wait);
    }
    return found;
  }

  /** How many cells of the slot may be in use; 0 when the slot is not that participant's. */
  cellsInUse(slot: number, id: number): number {
    const summary = load(this.words, this.geometry.waitsOffset / 4 + slot);
    if (idOf(slot, (summary >>> 16) & EPOCH_MASK) !== id) return 0;
    return Math.min(summary & 0xffff, CELLS);
  }

  #wait(id: number, slot: number, cell: number): WaitInfo | undefined {
    const at = this.slotAt(slot) + Slot.cells + cell * CELL_WORDS;
    const state = load(this.words, at + Cell.state);
    if (state === 0) return undefined;
    const wait: WaitInfo = {
      id,
      state,
      mode: state & MODE_MASK,
      blocking: (state & BLOCKING) !== 0,
      offset: (load(this.words, at + Cell.object) >>> 0) * 4,
      ticket: load(this.words, at + Cell.ticket),
      since:
        this.#float(this.slotAt(slot) + Slot.attachedAt) +
        (load(this.words, at + Cell.since) >>> 0),
    };
    return load(this.words, at + Cell.state) === state ? wait : undefined;
  }

  /** The word in which a directory entry begins. */
  entryAt(index: number): number {
    return (this.geometry.directoryOffset + index * ENTRY_SIZE) / 4;
  }

  /**
   * The named objects. Entries with impossible numbers, or with others behind them although they are not
   * READY, end it with `ERR_MEMSPAN_CORRUPT`, or are left out with `damaged: 'skip'`.
   */
  *entries(damaged: 'throw' | 'skip' = 'throw'): IterableIterator<ObjectEntry> {
    for (let index = 0; index < this.geometry.entries; index++) {
      if (!this.#isReady(index) && !this.#isFollowed(index)) return;
      const entry = this.#isReady(index) ? this.#entry(index) : undefined;
      if (entry !== undefined) yield entry;
      else if (damaged === 'throw') throw this.#damagedEntry(index);
    }
  }

  /** Whether so many bytes from that offset on lie within one named object. */
  isInObject(offset: number, length: number): boolean {
    for (const entry of this.entries('skip')) {
      if (offset >= entry.offset && offset + length <= entry.offset + entry.length) return true;
    }
    return false;
  }

  /** What the object at that offset, or the one around it, is called. */
  nameAt(offset: number): string {
    for (const entry of this.entries('skip')) {
      if (offset < entry.offset || offset >= entry.offset + entry.length) continue;
      return offset === entry.offset ? entry.name : `${entry.name}+${offset - entry.offset}`;
    }
    return `@${offset}`;
  }

  #isReady(index: number): boolean {
    return load(this.words, this.entryAt(index) + Entry.state) === READY;
  }

  /** Whether the next entry is in use, as it can be only once this one is READY: who asks looks at that after. */
  #isFollowed(index: number): boolean {
    const next = index + 1;
    return next < this.geometry.entries && load(this.words, this.entryAt(next) + Entry.state) !== 0;
  }

  #entry(index: number): ObjectEntry | undefined {
    const at = this.entryAt(index);
    const nameLength = load(this.words, at + Entry.nameLength) >>> 0;
    const offset = this.#long(at + Entry.offset);
    const length = this.#long(at + Entry.length);
    const { objectsOffset, size } = this.geometry;
    const isInside = offset >= objectsOffset && offset + length <= size;
    const isAligned = offset % OBJECT_ALIGNMENT === 0;
    if (!isInside || !isAligned || nameLength < 1 || nameLength > NAME_SIZE) return undefined;
    const layout = storedLayout(this.words, at, { offset, length }, size);
    if (layout === null) return undefined;
    return {
      index,
      kind: load(this.words, at + Entry.kind) >>> 0,
      name: decoder.decode(readBytes(this.words, 4 * (at + Entry.name), nameLength)),
      options: load(this.words, at + Entry.options),
      offset,
      length,
      layout,
    };
  }

  #damagedEntry(index: number): MemspanError {
    return new MemspanError('ERR_MEMSPAN_CORRUPT', {
      operation: 'span',
      object: this.segment.name,
      cause: `entry ${index} of its directory is damaged`,
      remedy: 'Remove the span with Span.unlink or `memspan rm`, and make it anew',
    });
  }

  #long(at: number): number {
    return (load(this.words, at) >>> 0) + (load(this.words, at + 1) >>> 0) * 2 ** 32;
  }

  #float(at: number): number {
    const value = readFloat(this.words, at);
    return Math.abs(value) <= TIME_MAX ? value : 0;
  }

  #text(at: number): string {
    const bytes = readBytes(this.words, 4 * at, TEXT_SIZE);
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}
