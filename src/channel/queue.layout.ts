// The bytes of a queue: any number of writers and of readers, messages of up to so many bytes in cells of one size.
//
//      0  capacity     messages; 0 until somebody has said it
//      4  messageMax   bytes of the longest message, plus 1; 0 until somebody has said it
//      8  highWater    the most messages that were in it at once
//     12  dropped, 16 skipped, 20 redelivered: counts
//    128  tail         the position that is claimed next          (each on a pair of cache lines of its own:
//    256  head         the position that is taken next             writers and readers fight over them)
//    384  notice       │ count: 31 bits │ ENDED │      the count changes when a message was given back
//    388  messages     the mark of those who wait for a message (line.ts)
//    392  room         the mark of those who wait for room
//    512  cells        each a multiple of 64 bytes:
//                        0  state   4  length   8  received (f64)   16  volume (f64)   24  payload
//
//   position  │ lap │ index of a cell │      `bits` for the index: as many as the capacity needs, at least 2. The position
//                    bits          0       behind the last cell is the first cell of the next lap; laps wrap.
//
//   state     │ lap: 30 bits                   │ kind: 2 │      FREE, FULL
//             │ id: 28 bits      │ lap mod 4: 2 │ kind: 2 │      WRITING, READING; id 0 is nobody
//              31                 3            1         0
//
// One word says whether a cell is free, whose it is and for which lap, so that each transition is one compare-exchange, and who
// is killed before it has changed nothing, after it is a dead owner whom the word names. Of lap L of a cell:
//
// | from              | to                | by                                                                       |
// |-------------------|-------------------|--------------------------------------------------------------------------|
// | FREE(L)           | WRITING(me, L)    | a writer, where tail is at this position: the claim                      |
// | WRITING(me, L)    | FULL(L)           | its claimant, after length and payload: the commit                       |
// | WRITING(me, L)    | WRITING(0, L)     | its claimant that changes its mind: abort                                |
// | WRITING(x, L)     | FREE(L+1)         | anybody, where head is at this position and x is 0 or dead: the skip     |
// | FULL(L)           | READING(me, L)    | a reader, where head is at this position: the take                       |
// | READING(me, L)    | FREE(L+1)         | its taker, done with it: the release                                     |
// | READING(me, L)    | READING(0, L)     | its taker that gives it back                                             |
// | READING(0, L)     | READING(me, L)    | a reader: it is delivered again                                          |
// | READING(x, L)     | READING(me, L)    | a reader, where x is dead, at-least-once: it is delivered again          |
// | READING(x, L)     | FREE(L+1)         | anybody, where x is dead, at-most-once: it is dropped                    |
//
// tail and head only go forward, by one, by a compare-exchange: by who has claimed or taken there, or by anybody who finds that
// somebody has (M. Michael, M. Scott, PODC 1996; the laps are D. Vyukov's, "Bounded MPMC queue", 2010). Tail passes a position
// only when its cell has left FREE(L), head only when it is READING(L) or beyond. So, as long as tail is at a position of lap L, its cell
// is in lap L − 1, in L, or FREE(L+1); and as long as head is, in L − 1 (READING), in L, or already in L + 1. Two bits tell
// those apart. Whoever judges by them looks afterwards whether the position is still the same.
//
// A message WRITING by somebody alive, paused or not, holds up those behind it: the order is strict. READING ones lie behind head,
// within one lap of it. They hold up nobody, until tail comes round.
//
// received and volume belong to who has the cell: they count the messages that were released there, and the bytes that were
// committed there.

export const QueueWord = {
  capacity: 0,
  messageMax: 1,
  highWater: 2,
  dropped: 3,
  skipped: 4,
  redelivered: 5,
  tail: 32,
  head: 64,
  notice: 96,
  messages: 97,
  room: 98,
} as const;

/** In the word `notice`. */
export const ENDED = 1;
/** What `notice` grows by when a message was given back. */
export const GIVEN_BACK = 2;

export const CELLS_OFFSET = 512;
const CELL_ALIGNMENT = 64;

/** Bytes from a cell's start. */
export const QueueCell = { state: 0, length: 4, received: 8, volume: 16, payload: 24 } as const;

export const CAPACITY_MAX: number = 2 ** 24;
export const MESSAGE_MAX: number = 2 ** 30;

/** Bytes of a cell. */
export function strideOf(messageMax: number): number {
  return Math.ceil((QueueCell.payload + messageMax) / CELL_ALIGNMENT) * CELL_ALIGNMENT;
}

/** Bytes of a queue. */
export function queueSize(capacity: number, messageMax: number): number {
  return CELLS_OFFSET + capacity * strideOf(messageMax);
}

/** The kinds of states. */
export const Kind = { free: 0, writing: 1, full: 2, reading: 3 } as const;

export const KIND_MASK = 3;
export const LAP_SHIFT = 2;
export const SHORT_LAP_MASK = 3;
export const ID_SHIFT = 4;

export function free(lap: number): number {
  return lap << LAP_SHIFT;
}

export function full(lap: number): number {
  return (lap << LAP_SHIFT) | Kind.full;
}

export function writing(id: number, lap: number): number {
  return (id << ID_SHIFT) | ((lap & SHORT_LAP_MASK) << LAP_SHIFT) | Kind.writing;
}

export function reading(id: number, lap: number): number {
  return (id << ID_SHIFT) | ((lap & SHORT_LAP_MASK) << LAP_SHIFT) | Kind.reading;
}

export function kindOf(state: number): number {
  return state & KIND_MASK;
}

/** Of a state that is WRITING or READING. */
export function ownerOf(state: number): number {
  return state >>> ID_SHIFT;
}

/** What a state is to a position of some lap. */
export const Standing = {
  /** Of the lap before. */
  before: 0,
  /** Of this lap. */
  free: 1,
  writing: 2,
  full: 3,
  reading: 4,
  /** Of the next lap. */
  after: 5,
  /** Impossible, unless the position is out of date. */
  nonsense: 6,
} as const;

export type Standing = (typeof Standing)[keyof typeof Standing];

const OF_THIS_LAP = [Standing.free, Standing.writing, Standing.full, Standing.reading] as const;

/** How the positions of a queue of that capacity are counted. */
export class Positions {
  readonly capacity: number;
  readonly bits: number;
  readonly #indexMask: number;
  readonly #lapMask: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.bits = Math.max(2, 32 - Math.clz32(capacity - 1));
    this.#indexMask = 2 ** this.bits - 1;
    this.#lapMask = 0xffff_ffff >>> this.bits;
  }

  /** Of its cell. `capacity` and more is nobody's doing but somebody hostile's. */
  index(position: number): number {
    return position & this.#indexMask;
  }

  lap(position: number): number {
    return position >>> this.bits;
  }

  nextLap(lap: number): number {
    return (lap + 1) & this.#lapMask;
  }

  next(position: number): number {
    const isLast = (position & this.#indexMask) + 1 >= this.capacity;
    return ((isLast ? position | this.#indexMask : position) + 1) | 0;
  }

  /** The same cell, one lap before. */
  lapBefore(position: number): number {
    return (position - this.#indexMask - 1) | 0;
  }

  /** From one to the other, in messages; negative when `to` is before. */
  distance(from: number, to: number): number {
    const { bits } = this;
    const laps = ((this.lap(to) - this.lap(from)) << bits) >> bits;
    return laps * this.capacity + this.index(to) - this.index(from);
  }

  standing(state: number, lap: number): Standing {
    const kind = kindOf(state);
    const isOwned = kind === Kind.writing || kind === Kind.reading;
    const mask = isOwned ? SHORT_LAP_MASK : this.#lapMask;
    const there = state >>> LAP_SHIFT;
    // A lap that cannot be is none of these.
    if (!isOwned && there > mask) return Standing.nonsense;
    const ahead = (there - lap) & mask;
    if (ahead === 0) return OF_THIS_LAP[kind] as Standing;
    if (ahead === 1) return Standing.after;
    return ahead === mask ? Standing.before : Standing.nonsense;
  }
}
