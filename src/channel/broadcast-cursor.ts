// Where a reader of a broadcast is: its seat, its cursor, and the next message. States and steps: broadcast.layout.ts.

import { compareExchange, fence, load, store } from '../word/atomics.ts';
import {
  CLOSED,
  Count,
  footprint,
  HEADER,
  JOINING,
  LAP_BITS,
  lapOf,
  positionOf,
  SeatWord,
  Word,
} from './broadcast.layout.ts';
import type { BroadcastData } from './broadcast-data.ts';
import type { BroadcastMemory, Spot } from './broadcast-memory.ts';

/** Where a reader begins: after all that was sent, or with the oldest message that is still there. */
export type From = 'end' | 'oldest';

/** A writer that overwrites each message before it can be copied: nothing to be had, for now. */
const PASSED_MAX = 64;

export class BroadcastCursor implements Spot {
  /** How many messages were overwritten before it had taken them, since it joined. */
  missed = 0;
  position = 0;
  lap = 0;
  readonly #memory: BroadcastMemory;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #data: BroadcastData;
  readonly #status: Uint32Array;
  readonly #drops: boolean;
  readonly #seat: number;
  /** The seat's first word. */
  readonly #at: number;
  /** `written` as it was loaded last, and its position. */
  #written = 0;
  #seen = 0;
  /** Of the next message: all of it. */
  #sequence = 0;
  readonly #next: number;

  /** Joins. Throws `ERR_MEMSPAN_LIMIT` when all seats are taken by the living. */
  constructor(memory: BroadcastMemory, from: From) {
    const { words, base, data, attachment } = memory;
    this.#memory = memory;
    this.#words = words;
    this.#base = base;
    this.#data = data;
    this.#status = attachment.view.status;
    this.#drops = memory.drops;
    this.#seat = memory.takeReaderSeat();
    this.#at = memory.seatAt(this.#seat);
    this.#next = memory.countOf(this.#seat, 'next');
    // step: broadcast-taken
    try {
      if (this.#drops) this.#joinAnywhere(from);
      else this.#joinGating();
    } catch (error) {
      this.leave();
      throw error;
    }
    this.#seen = this.position;
    memory.counts[this.#next] = this.#sequence;
    memory.counts[memory.countOf(this.#seat, 'missed')] = 0;
    // step: broadcast-joined
    store(words, this.#at + SeatWord.ready, attachment.id);
    // The writer may have waited for whose seat this was.
    memory.room.ring();
  }

  /** A copy of the next message, which is thereby taken, if there is one. `settle` says so to the writer. */
  take(): Uint8Array | null {
    return this.#drops ? this.#takeUnlessPassed() : this.#takeGated();
  }

  /** The next message where it is ('block' only), which is not taken thereby; a copy where it runs over the data's end. */
  look(): Uint8Array | null {
    const length = this.#nextLength();
    if (length < 0) return null;
    const { position } = this;
    return this.#data.inPlace(position, length) ?? this.#data.copy(position, length);
  }

  /** Takes what `look` has shown. */
  skip(length: number): void {
    this.#advance(length);
    this.settle();
  }

  /** Tells the writer how far it has come. */
  settle(): void {
    if (this.#drops) return;
    // step: broadcast-before-settle
    store(this.#words, this.#at + SeatWord.cursor, this.#memory.cursorAt(this.position));
    // step: broadcast-settled
    this.#memory.room.ring();
  }

  /** The last writer has closed, and all of its messages were taken, when it was looked at last. */
  get isEnded(): boolean {
    return this.#seen === this.position && (this.#written & CLOSED) !== 0;
  }

  /**
   * For after a `take` or `look` in vain: whether the writer has died. What it has sent meanwhile, or a successor, make it false.
   */
  isWriterDead(): boolean {
    const { attachment } = this.#memory;
    const words = this.#words;
    const owner = load(words, this.#base + Word.writer);
    if (owner === 0 || this.isEnded || attachment.view.isAlive(owner)) return false;
    // Its last words, after its death.
    return (
      load(words, this.#base + Word.written) === this.#written &&
      load(words, this.#base + Word.writer) === owner &&
      this.#seen === this.position
    );
  }

  leave(): void {
    const words = this.#words;
    store(words, this.#at + SeatWord.ready, 0);
    store(words, this.#at + SeatWord.cursor, 0);
    // step: broadcast-before-leave
    this.#memory.readerSeat(this.#seat).leave();
    // step: broadcast-left
    this.#memory.room.ring();
  }

  // -- 'block'

  #joinGating(): void {
    const words = this.#words;
    const at = this.#at + SeatWord.cursor;
    store(words, at, JOINING);
    // step: broadcast-joining
    this.position = positionOf(load(words, this.#base + Word.written));
    const cursor = this.#memory.cursorAt(this.position);
    if (compareExchange(words, at, JOINING, cursor) !== JOINING) {
      // A writer has looked meanwhile, and counts on where it has put us.
      this.position = positionOf(load(words, at));
    }
    const low = this.#data.sequenceAt(this.position);
    const laps = lapOf(low, load(words, this.#base + Word.messageLaps));
    this.#sequence = this.#memory.wholeSequence(low, laps);
  }

  #takeGated(): Uint8Array | null {
    const length = this.#nextLength();
    if (length < 0) return null;
    const copy = this.#data.copy(this.position, length);
    // step: broadcast-copied
    // Memory that was cut off meanwhile reads as zeros: that was no message.
    if (this.#status[0] !== 0) this.#memory.check('reader.receive');
    this.#advance(length);
    return copy;
  }

  /** The next message's length, or −1. What the memory says is looked at before it is used. */
  #nextLength(): number {
    const { position } = this;
    let available = (this.#seen - position) | 0;
    if (available === 0) {
      this.#written = load(this.#words, this.#base + Word.written);
      this.#seen = positionOf(this.#written);
      available = (this.#seen - position) | 0;
      if (available === 0) return -1;
      if (available < 0 || available > this.#memory.facts.capacity - HEADER) {
        throw this.#corrupt(`the writer's position is off by ${available} bytes`);
      }
      this.#noteBacklog();
    }
    const length = this.#data.lengthAt(position);
    // Unsigned, so that a negative length is too long. What is available comes in multiples of 8.
    if (length >>> 0 > available - HEADER) {
      throw this.#corrupt(`a message of ${length} bytes in ${available}`);
    }
    this.#requireSequence(this.#data.sequenceAt(position));
    return length;
  }

  // -- 'drop-oldest'

  #joinAnywhere(from: From): void {
    for (let turn = 0; turn < PASSED_MAX; turn++) {
      // Who is passed by joins at the end.
      const isOldest = from === 'oldest' && turn === 0;
      if (this.#moveTo(isOldest ? Word.oldest : Word.written)) return;
    }
    throw this.#memory.failure(
      'ERR_MEMSPAN_WOULD_BLOCK',
      'broadcast.reader',
      `in ${PASSED_MAX} attempts everything was overwritten while it joined`,
      'Make the broadcast with more capacity',
    );
  }

  #takeUnlessPassed(): Uint8Array | null {
    const data = this.#data;
    for (let turn = 0; turn < PASSED_MAX; turn++) {
      if (this.#seen === this.position && !this.#lookAgain()) return null;
      const { position } = this;
      const available = (this.#seen - position) | 0;
      const length = data.lengthAt(position);
      const sequence = data.sequenceAt(position);
      // Where a message was overwritten, anything may stand.
      const isPossible = length >>> 0 <= available - HEADER && available > 0;
      const copy = isPossible ? data.copy(position, length) : null;
      // step: broadcast-copied
      // What was read before is not older than the `oldest` that is loaded now.
      fence();
      if (this.#status[0] !== 0) this.#memory.check('reader.receive');
      if (!this.#memory.isPassed(this)) {
        if (copy === null) throw this.#corrupt(`a message of ${length} bytes in ${available}`);
        this.#requireSequence(sequence);
        this.#advance(length);
        return copy;
      }
      // With a writer at full speed the oldest is overwritten before it can be copied: from the end on there is time.
      this.#jump(turn === 0 ? Word.oldest : Word.written);
    }
    return null;
  }

  /** Whether there is anything after the position, or `oldest` has passed it. */
  #lookAgain(): boolean {
    const words = this.#words;
    this.#written = load(words, this.#base + Word.written);
    this.#seen = positionOf(this.#written);
    if (this.#seen !== this.position) {
      this.#noteBacklog();
      return true;
    }
    // As many times 2^32 bytes further it would look the same.
    return (load(words, this.#base + Word.byteLaps) - this.lap) >>> 0 > 1;
  }

  /** Goes on from there; what lies between was missed. */
  #jump(word: typeof Word.oldest | typeof Word.written): void {
    const before = this.#sequence;
    if (!this.#moveTo(word)) return;
    const missed = this.#sequence - before;
    if (missed < 0) throw this.#corrupt(`message ${this.#sequence} comes after ${before}`);
    this.missed += missed;
    const { counts } = this.#memory;
    counts[this.#next] = this.#sequence;
    counts[this.#memory.countOf(this.#seat, 'missed')] = this.missed;
  }

  /** False when that was passed, too, before its number was known: everything is as it was. */
  #moveTo(word: typeof Word.oldest | typeof Word.written): boolean {
    const memory = this.#memory;
    const spot = memory.spotOf(word);
    const laps = load(this.#words, this.#base + Word.messageLaps);
    const low = this.#data.sequenceAt(spot.position);
    fence();
    // step: broadcast-found
    if (memory.isPassed(spot)) return false;
    this.position = spot.position;
    this.lap = spot.lap;
    this.#seen = spot.position;
    this.#written = 0;
    this.#sequence = memory.wholeSequence(low, laps);
    return true;
  }

  // -- both

  #advance(length: number): void {
    const next = (this.position + footprint(length)) | 0;
    if ((next ^ this.position) >>> LAP_BITS !== 0) this.lap = (this.lap + 1) | 0;
    this.position = next;
    this.#sequence++;
    this.#memory.counts[this.#next] = this.#sequence;
  }

  #requireSequence(low: number): void {
    if (low === (this.#sequence | 0)) return;
    throw this.#corrupt(`message ${low >>> 0} where ${this.#sequence} is expected`);
  }

  #noteBacklog(): void {
    const memory = this.#memory;
    const first = this.#drops ? memory.count(Count.first) : 0;
    memory.noteBacklog(memory.count(Count.sent) - Math.max(this.#sequence, first));
  }

  #corrupt(cause: string): Error {
    return this.#memory.corrupt('reader.receive', cause);
  }
}
