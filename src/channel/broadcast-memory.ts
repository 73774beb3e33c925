// A broadcast's memory as a thread has it: words, data and lines; positions on a number line without end; errors.

import { MemspanError } from '../errors.ts';
import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import type { Span } from '../span/span.ts';
import { load } from '../word/atomics.ts';
import {
  Count,
  JOINED,
  LAP,
  LAP_BITS,
  lapOf,
  lengthMaxOf,
  positionOf,
  SEAT_SIZE,
  SEATS,
  SeatCount,
  SeatWord,
  Word,
} from './broadcast.layout.ts';
import { BroadcastData } from './broadcast-data.ts';
import type { BroadcastFacts } from './broadcast-options.ts';
import { Line } from './line.ts';
import { Seat } from './seat.ts';

/** A position, and in which lap it is. */
export interface Spot {
  readonly position: number;
  readonly lap: number;
}

/** Somebody who changes words without end must not keep us looking. */
const LOOKS_MAX = 64;

export class BroadcastMemory {
  readonly span: Span;
  readonly attachment: Attachment;
  readonly fullName: string;
  readonly facts: BroadcastFacts;
  readonly lengthMax: number;
  readonly words: Int32Array;
  /** The index of its first word. */
  readonly base: number;
  readonly data: BroadcastData;
  /** What others count; never decides anything. */
  readonly counts: Float64Array;
  /** Of the readers, for messages. For who rings: each end that waits has a line of its own. */
  readonly messages: Line;
  /** Of the writer, for room. */
  readonly room: Line;

  constructor(
    span: Span,
    attachment: Attachment,
    offset: number,
    name: string,
    facts: BroadcastFacts,
  ) {
    const { view } = attachment;
    this.span = span;
    this.attachment = attachment;
    this.fullName = `${span.name ?? ''}/${name}`;
    this.facts = facts;
    this.lengthMax = lengthMaxOf(facts.capacity);
    this.words = view.words;
    this.base = offset / 4;
    const dataOffset = SEATS + facts.readers * SEAT_SIZE;
    const { bulk } = view.segment;
    this.data = new BroadcastData(view.words, bulk, offset + dataOffset, facts.capacity);
    this.counts = new Float64Array(bulk, offset, dataOffset / 8);
    this.messages = this.lineFor('messages');
    this.room = this.lineFor('room');
  }

  /** One for each end: its tasks stand behind nobody else's, who may be elsewhere. */
  lineFor(what: 'messages' | 'room'): Line {
    const mode = what === 'room' ? Mode.room : Mode.message;
    return new Line(this.attachment, 4 * (this.base + Word[what]), mode);
  }

  get drops(): boolean {
    return this.facts.overflow === 'drop-oldest';
  }

  get writerSeat(): Seat {
    return new Seat(this.attachment, this.base + Word.writer);
  }

  readerSeat(seat: number): Seat {
    return new Seat(this.attachment, this.seatAt(seat) + SeatWord.owner);
  }

  /** The number of one that is this thread's from now on. */
  takeReaderSeat(): number {
    const { readers } = this.facts;
    for (let seat = 0; seat < readers; seat++) {
      if (this.readerSeat(seat).take() !== undefined) return seat;
    }
    throw this.failure(
      'ERR_MEMSPAN_LIMIT',
      'broadcast.reader',
      `it has all of its ${readers} readers`,
      'Close one that is no longer needed, or make the broadcast with more readers',
    );
  }

  /** The first word of a reader's seat. */
  seatAt(seat: number): number {
    return this.base + (SEATS + seat * SEAT_SIZE) / 4;
  }

  /** Who has that reader's seat, if that one lives and has joined; else 0. */
  readerIn(seat: number): number {
    const at = this.seatAt(seat);
    const owner = load(this.words, at + SeatWord.owner);
    const isReady = owner !== 0 && load(this.words, at + SeatWord.ready) === owner;
    return isReady && this.attachment.view.isAlive(owner) ? owner : 0;
  }

  /** How many readers live. */
  countReaders(): number {
    let count = 0;
    for (let seat = 0; seat < this.facts.readers; seat++) if (this.readerIn(seat) !== 0) count++;
    return count;
  }

  /** A count as somebody has written it: whatever that was, a whole number from 0 up. */
  count(index: number): number {
    const value = this.counts[index] as number;
    return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : 0;
  }

  /** The index of a seat's number among the counts. */
  countOf(seat: number, which: keyof typeof SeatCount): number {
    return (SEATS + seat * SEAT_SIZE) / 8 + SeatCount[which];
  }

  /** `written` or `oldest`, with its lap. */
  spotOf(word: typeof Word.written | typeof Word.oldest): Spot {
    const { words, base } = this;
    for (let looks = 0; ; looks++) {
      const laps = load(words, base + Word.byteLaps);
      const position = positionOf(load(words, base + word));
      // What was loaded between two loads of the same is of that lap, or up to two before (for `oldest`).
      if (load(words, base + Word.byteLaps) === laps || looks >= LOOKS_MAX) {
        return { position, lap: lapOf(position, laps) };
      }
    }
  }

  /**
   * Whether `oldest` is beyond that position, so that what was read there may be torn. For after a fence. `oldest` is loaded
   * before the laps: if these are at most one further, it is less than 2^31 bytes away, and the sign of the difference tells.
   */
  isPassed({ position, lap }: Spot): boolean {
    const { words, base } = this;
    const oldest = load(words, base + Word.oldest);
    const laps = load(words, base + Word.byteLaps);
    if ((laps - lap) >>> 0 <= 1) return ((oldest - position) | 0) > 0;
    const spot = this.spotOf(Word.oldest);
    const laps64 = (spot.lap - lap) | 0;
    return laps64 * LAP + (spot.position & (LAP - 1)) - (position & (LAP - 1)) > 0;
  }

  /** The whole of a sequence number; `laps` was loaded when a message with this or a later one had been published. */
  wholeSequence(low: number, laps: number): number {
    return (laps >>> 0) * LAP + ((low - (laps << LAP_BITS)) | 0);
  }

  /** The bits of a reader's cursor that is at that position. */
  cursorAt(position: number): number {
    return position | JOINED;
  }

  /** Throws when the span is closed, or its memory is gone. */
  check(operation: string): void {
    this.span.attachment(operation);
    if (this.attachment.view.status[0] !== 0) void this.attachment.view.segment.buffer;
  }

  failure(
    code: MemspanError['code'],
    operation: string,
    cause: string,
    remedy?: string | undefined,
  ): MemspanError {
    return new MemspanError(code, { operation, object: this.fullName, cause, remedy });
  }

  /** Memory that is gone reads as zeros, which is no corruption. */
  corrupt(operation: string, cause: string): MemspanError {
    this.check(operation);
    return this.failure('ERR_MEMSPAN_CORRUPT', operation, cause);
  }

  noteBacklog(messages: number): void {
    if (messages > (this.counts[Count.highWater] as number)) {
      this.counts[Count.highWater] = messages;
    }
  }
}
