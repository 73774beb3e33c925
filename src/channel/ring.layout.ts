// The bytes of a ring: one writer, one reader, messages of any length.
//
//      0  magic      0 in fresh memory, else 0x474e5247 ("GRNG")
//      4  version    2
//      8  capacity   bytes of the data area, a power of two
//     12  writer     whose the writing end is, see below
//     16  reader     whose the reading end is
//    128  written    the writer's cursor: what lies before it is published
//    136  sent       the writer's counters: messages, bytes, the most messages that it has seen in the ring at once
//    256  read       the reader's cursor: what lies before it may be reused
//    264  received   the reader's counters: messages, 0, the most that it has seen
//   1020  data       used round and round; the last 4 bytes of the memory are free
//
// A message is { length: i32, payload } at a multiple of 8 of the data area, padded to the next: so every payload begins at a multiple
// of 8 of the memory. It may run over the data area's end to its start. One that must not, because somebody fills or
// reads it in place, lies at the start instead, and where it would have been is a PADDING record: a length of −1, and nothing more
// up to the data area's end. It is published together with the message behind it, and never begins at the start.
//
// The cursors lie 128 bytes apart (two cache lines, as adjacent ones are fetched in pairs). Zero-filled memory is a fresh,
// empty ring. Counters are float64 that their owner alone writes, with plain stores after what they count: nothing
// depends on them.

import { outOfRange } from '../errors.ts';

export const RING_MAGIC = 0x474e5247;
export const RING_VERSION = 2;

/** Word indices (bytes / 4). */
export const MAGIC = 0;
export const VERSION = 1;
export const CAPACITY = 2;
export const WRITTEN = 32;
export const READ = 64;

/** Bytes of memory besides the data area. */
export const HEADER = 1024;
/** Where the data area begins. */
export const DATA = 1020;
/** Bytes of a message's header, and what messages are padded to. */
export const LENGTH_BYTES = 4;
const ALIGNMENT = 8;

/** In place of a length: nothing from here to the end of the data area. */
export const PADDING: number = -1;

/** Of an end's counters, in float64 from `Role.counters` on. */
export const Counter = { messages: 0, bytes: 1, highWater: 2 } as const;

// A cursor is one word. Both ends change it, by compare-exchange, so that no change of the other is lost:
//
//   31                                   3     2        1        0
//   ┌─────────────────────────────────────┬─────────┬────────┬────────┐
//   │ position / 8                        │ REFUSED │ CLOSED │ SLEEPS │
//   └─────────────────────────────────────┴─────────┴────────┴────────┘
//
//   position  bytes since the beginning, modulo 2^32           the owner moves it
//   SLEEPS    the other end sleeps on this word or is about    the other end sets it; the owner clears it with
//             to; it may be there for longer                   its next change, and then wakes
//   CLOSED    the owner has closed: the position is the last   the owner sets it
//   REFUSED   the other end has closed and takes no more       the reader sets it in `written`
//
// CLOSED and REFUSED are for ever in a ring over a segment. In a span an end that was left or whose owner has died can be taken
// anew, and goes on from the cursor: what was published stays, what was not never happened.
//
// | who                         | does, one exchange each, in this order                                                       |
// |-----------------------------|----------------------------------------------------------------------------------------------|
// | writer that comes           | its seat ← its id; `written`: − CLOSED − REFUSED; `read`: − CLOSED                           |
// | reader that comes           | its seat ← its id; `read`: − CLOSED; `written`: − REFUSED                                    |
// | writer that closes          | `written`: + CLOSED; `read`: − SLEEPS; its seat ← 0                                          |
// | reader that closes          | `read`: + CLOSED; `written`: + REFUSED; its seat ← 0                                         |
// | reader that finds the end   | `written`: − CLOSED, if the writer's seat is 0: an end is told once, as a message is taken once |
//
// Who is killed in between leaves its id in the seat and some of the flags: the next one who comes there does all of it. A newcomer
// takes what its predecessor's peer had said back: a writer does not hear of readers that had closed before it came. A reader
// does hear of a writer that had closed, if nobody has yet, for there may be messages.
export const SLEEPS = 1;
export const CLOSED = 2;
export const REFUSED = 4;
const FLAGS = SLEEPS | CLOSED | REFUSED;

// The words at 12 and 16. Over a segment an end is used once; that its owner lives shows a lifeline of the segment:
//
//   | word     | lifeline | means                                       |
//   |----------|----------|---------------------------------------------|
//   | ABSENT   | –        | nobody has come yet                         |
//   | ATTACHED | held     | it is somebody's                            |
//   | ATTACHED | free     | its owner has closed it (CLOSED), or died   |
//
// In a span they are seats (seat.ts): the id of a participant, or 0.
export const ABSENT = 0;
export const ATTACHED = 1;

/** Which words and lifelines are an end's own. */
export interface Role {
  readonly name: 'writer' | 'reader';
  readonly attached: number;
  readonly cursor: number;
  /** Bytes. */
  readonly counters: number;
  /** The flags that the other end may set in this cursor. */
  readonly guestFlags: number;
  /** The flag that this end sets in the other's cursor when it closes. */
  readonly farewell: number;
  readonly lifeline: number;
}

export const WRITER: Role = {
  name: 'writer',
  attached: 3,
  cursor: WRITTEN,
  counters: 4 * WRITTEN + 8,
  guestFlags: SLEEPS | REFUSED,
  farewell: 0,
  lifeline: 0,
};

export const READER: Role = {
  name: 'reader',
  attached: 4,
  cursor: READ,
  counters: 4 * READ + 8,
  guestFlags: SLEEPS,
  farewell: REFUSED,
  lifeline: 1,
};

const CAPACITY_MIN = 64;
// Positions are compared as 32-bit differences, and a message's length is a positive i32.
const CAPACITY_MAX = 2 ** 30;

/** The bytes of data that fit into memory of `size` bytes: the largest power of two. */
export function capacityIn(size: number): number {
  const bytes = Math.min(size - HEADER, CAPACITY_MAX);
  if (bytes < CAPACITY_MIN) {
    throw outOfRange(`a ring needs at least ${HEADER + CAPACITY_MIN} bytes of memory, not ${size}`);
  }
  return 2 ** Math.floor(Math.log2(bytes));
}

/** Bytes of memory for a ring whose messages may fill `capacity` bytes (rounded up to a power of two). */
export function ringBytes(capacity: number): number {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > CAPACITY_MAX) {
    throw outOfRange(`a ring's capacity is from 1 to 2^30 bytes, not ${capacity}`);
  }
  return HEADER + Math.max(CAPACITY_MIN, 2 ** Math.ceil(Math.log2(capacity)));
}

/** The bytes that a message of `length` bytes takes up. */
export function footprint(length: number): number {
  return (length + LENGTH_BYTES + ALIGNMENT - 1) & -ALIGNMENT;
}

/** The longest message that is sure to find a place in one piece, wherever the cursors are, once there is room. */
export function lengthInOnePiece(capacity: number): number {
  return capacity / 2 - LENGTH_BYTES;
}

/** A cursor without its flags. */
export function positionOf(cursor: number): number {
  return cursor & ~FLAGS;
}
