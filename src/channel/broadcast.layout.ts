// The bytes of a broadcast: one writer, many readers, each with a cursor of its own.
//
//      0  messages   mark of the line of readers that wait for a message (line.ts)
//      4  room       mark of the line of the writer that waits for room
//      8  writer     seat (seat.ts): whose the writing end is
//    128  written    position; what lies before it is published │ CLOSED: the last writer has closed
//    132  oldest     position of the first message that is not overwritten; moved by drop-oldest only
//    136  byteLaps   in which lap of 2^30 bytes `written` is, or, while a message is published, will be
//    140  messageLaps  the same for sequence numbers, in laps of 2^30 messages
//    144  sent, 152 bytes, 160 first      float64, for counters only: see below
//    256  highWater                       float64, for counters only
//    384  seats      128 bytes for each reader there can be
//    ...  data       `capacity` bytes, a power of two, used round and round
//
//   seat   │ 0 owner (seat.ts) │ 4 cursor │ 8 ready: the owner's id once it has joined
//          │ 16 next, 24 missed           float64, for counters only
//   cursor │ position │ JOINED: it counts │ JOINING: the writer may put its own position here │
//
// Positions are bytes since the beginning, modulo 2^32, in multiples of 8; the flags are in their lowest bits. A position
// with its lap is one of a number line without end: a reader may be paused for longer than 2^32 bytes take.
//
//   message │ length: i32 │ sequence: u32 │ payload, padded to 8; it may run over the data's end to its start
//
// The sequence number of a message is written when the one before it is published: there is one at `written`,
// too, so that who joins there knows which number comes next, and who writes next as well. Zeros are a fresh broadcast.
//
// Who writes what: `written`, `oldest`, the laps, sent, bytes, first and the data: who has the seat `writer`, alone. A seat: its owner;
// but the writer exchanges JOINING for a position, and anybody a dead owner for 0 or for himself. highWater: readers.
//
// States of a reader's seat, and who goes on when its owner is killed there:
//
// | owner         | cursor             | ready  | means                                                  | killed there           |
// |---------------|--------------------|--------|--------------------------------------------------------|------------------------|
// | 0             | anything           | any    | free; does not gate                                    | –                      |
// | alive         | what a dead left   | not it | just taken; gates at most as the dead one did          | a dead owner           |
// | alive         | JOINING            | not it | joins; a writer that looks makes its own position of it | a dead owner           |
// | alive         | position, JOINED   | either | a reader; in 'block' it gates                          | a dead owner           |
// | alive         | 0                  | 0      | leaves; does not gate                                  | a dead owner           |
// | dead          | position, JOINED   | any    | gates until the writer is short of room, asks the      | the next who asks      |
// |               |                    |        | kernel and exchanges owner for 0; or who joins takes it |                        |
//
// A position that is further behind `written` than `capacity` was left long ago: it does not gate, and needs no look.
// No position of a dead owner is cleared, as whoever clears it may be late: the seat is another's by then.
//
// Joining in 'block', without a gap: the owner stores JOINING, loads `written`, and exchanges JOINING for that. If that
// succeeds, no writer has looked at this seat since JOINING was there, so all room that was found until then ends
// `capacity` after a position not after the loaded one. If it fails, a writer has looked and has put its position there.
//
// Publishing, and what is there for the next writer when one is killed:
//
// | step                                      | killed after it                                                      |
// |-------------------------------------------|----------------------------------------------------------------------|
// | take the seat `writer`                    | a dead owner: whoever comes takes it                                 |
// | clear CLOSED in `written`                 | readers that have drained are told that the writer has died          |
// | move `oldest` (drop-oldest), fence        | readers have missed what was overwritten for nothing                 |
// | length, payload                           | not published: overwritten by the next writer                        |
// | the next message's sequence number, laps  | the same; laps may be one ahead, which a reader takes for possible   |
// | store `written`                           | published: everybody's death wakes all who sleep                     |
// | ring                                      | –                                                                    |
// | close: CLOSED in `written`                | as if it had closed                                                  |
// | leave the seat, ring                      | –                                                                    |
//
// Reading in 'drop-oldest' is that of a sequence lock: copy, fence, load `oldest`, then `byteLaps`; a message whose
// position `oldest` has passed by then may be torn, and its copy is discarded (H.-J. Boehm, "Can Seqlocks Get Along With
// Programming Language Memory Models?", 2012).

/** Words of a broadcast (offset = 4 × index). */
export const Word = {
  messages: 0,
  room: 1,
  writer: 2,
  written: 32,
  oldest: 33,
  byteLaps: 34,
  messageLaps: 35,
} as const;

/** Of its float64 numbers (offset = 8 × index): the writer's, and the readers'. */
export const Count = { sent: 18, bytes: 19, first: 20, highWater: 32 } as const;

export const SEATS = 384;
export const SEAT_SIZE = 128;

/** Words of a seat. */
export const SeatWord = { owner: 0, cursor: 1, ready: 2 } as const;
/** Float64 numbers of a seat. */
export const SeatCount = { next: 2, missed: 3 } as const;

/** In `written`. */
export const CLOSED = 1;
/** In a cursor. */
export const JOINED = 1;
export const JOINING = 2;
const FLAGS = 7;

/** Bytes of a message before its payload. */
export const HEADER = 8;
/** Bytes in a message's header. */
export const LENGTH_AT = 0;
export const SEQUENCE_AT = 4;
const ALIGNMENT = 8;

export const CAPACITY_MIN = 32;
/** Less than a lap apart are all positions that count at one time. */
export const CAPACITY_MAX: number = 2 ** 30;
export const READERS_MAX = 4094;

export const LAP_BITS = 30;
export const LAP: number = 2 ** LAP_BITS;

export function positionOf(word: number): number {
  return word & ~FLAGS;
}

/** The bytes of a message in the data. */
export function footprint(length: number): number {
  return (length + HEADER + ALIGNMENT - 1) & -ALIGNMENT;
}

/** The longest message: the next one's header has its place behind it. */
export function lengthMaxOf(capacity: number): number {
  return capacity - 2 * HEADER;
}

/** Bytes of the whole. */
export function sizeOf(capacity: number, readers: number): number {
  return SEATS + readers * SEAT_SIZE + capacity;
}

/** In which lap a number is, of which its low 32 bits are known: `laps`, or up to two before. */
export function lapOf(low: number, laps: number): number {
  return (laps - ((laps - (low >>> LAP_BITS)) & 3)) | 0;
}
