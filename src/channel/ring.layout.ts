// The bytes of a ring: one writer, one reader, messages of any length.
//
//      0  magic      0 in fresh memory, else 0x474e5247 ("GRNG")
//      4  version    1
//      8  capacity   bytes of the data area, a power of two
//     12  writer     1 once the ring has had its writer, else 0
//     16  reader     1 once the ring has had its reader, else 0
//    128  written    the writer's cursor: what lies before it is published
//    256  read       the reader's cursor: what lies before it may be reused
//   1024  data       used round and round
//
// A message is { length: i32, payload } at a multiple of 8, padded to the next; its payload may run over the
// data area's end to its start. The cursors lie 128 bytes apart (two cache lines, as adjacent ones are fetched
// in pairs). Zero-filled memory is a fresh, empty ring.

import { outOfRange } from '../errors.ts';

export const RING_MAGIC = 0x474e5247;
export const RING_VERSION = 1;

/** Word indices (bytes / 4). */
export const MAGIC = 0;
export const VERSION = 1;
export const CAPACITY = 2;
export const WRITTEN = 32;
export const READ = 64;

/** Bytes before the data area. */
export const DATA = 1024;
/** Bytes of a message's header, and what messages are padded to. */
export const LENGTH_BYTES = 4;
const ALIGNMENT = 8;

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
//   CLOSED    the owner has closed: the position is the last   the owner sets it, for ever
//   REFUSED   the other end has closed and takes no more       the reader sets it in `written`, for ever
export const SLEEPS = 1;
export const CLOSED = 2;
export const REFUSED = 4;
const FLAGS = SLEEPS | CLOSED | REFUSED;

/** The words at 12 and 16. An end that was attached, has not closed, and holds no lifeline has died. */
export const ABSENT = 0;
export const ATTACHED = 1;

/** Which words and lifelines are an end's own. */
export interface Role {
  readonly name: 'writer' | 'reader';
  readonly attached: number;
  readonly cursor: number;
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
  guestFlags: SLEEPS | REFUSED,
  farewell: 0,
  lifeline: 0,
};

export const READER: Role = {
  name: 'reader',
  attached: 4,
  cursor: READ,
  guestFlags: SLEEPS,
  farewell: REFUSED,
  lifeline: 1,
};

const CAPACITY_MIN = 64;
// Positions are compared as 32-bit differences, and a message's length is a positive i32.
const CAPACITY_MAX = 2 ** 30;

/** The bytes of data that fit into memory of `size` bytes: the largest power of two. */
export function capacityIn(size: number): number {
  const bytes = Math.min(size - DATA, CAPACITY_MAX);
  if (bytes < CAPACITY_MIN) {
    throw outOfRange(`a ring needs at least ${DATA + CAPACITY_MIN} bytes of memory, not ${size}`);
  }
  return 2 ** Math.floor(Math.log2(bytes));
}

/** Bytes of memory for a ring whose messages may fill `capacity` bytes (rounded up to a power of two). */
export function ringBytes(capacity: number): number {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > CAPACITY_MAX) {
    throw outOfRange(`a ring's capacity is from 1 to 2^30 bytes, not ${capacity}`);
  }
  return DATA + Math.max(CAPACITY_MIN, 2 ** Math.ceil(Math.log2(capacity)));
}

/** The bytes that a message of `length` bytes takes up. */
export function footprint(length: number): number {
  return (length + LENGTH_BYTES + ALIGNMENT - 1) & -ALIGNMENT;
}

/** A cursor without its flags. */
export function positionOf(cursor: number): number {
  return cursor & ~FLAGS;
}
