// The bytes of a newest value: one writer at a time, any number of readers, who leave no trace.
//
// A sequence lock (seqlock) over several buffers: value s is filled into buffer s mod `buffers` and then published by storing s,
// so a reader that copies the newest one is disturbed only by a writer that comes round to the same buffer.
// Sources: Linux, include/linux/seqlock.h (seqcount_latch_t); H.-J. Boehm, "Can Seqlocks Get Along With Programming
// Language Memory Models?", 2012; L. Lamport, "Concurrent Reading and Writing", 1977.
//
//      0  seat       whose the writing end is (seat.ts)
//      4  ended      1 once a writer has closed, until the next one comes
//    128  published  the sequence of the newest value: its low 32 bits
//    132  half       the sequence / 2^31, rounded down; of an odd `half` the highest bit of `published` is set, of an even one
//                    it is not, and where that is not so `half` is one behind
//    136  mark       of the line of those who wait for a value (line.ts)
//    256  buffers    each begins at a multiple of 64
//
//   buffer  │  0  length: bytes of the value, at most `size`
//           │  8  total: bytes of all values up to this one, two words, the low one first
//           │ 16  the value
//
// Zeros are one without a value: sequence 0. The sequence only grows, by 1 for each value, and does not come back before
// 2^53 of them.
//
// | what the writer has done last        | sequence | killed there, or paused                                            |
// |--------------------------------------|----------|--------------------------------------------------------------------|
// | seat taken                           | s        | nothing has changed; `ended` may still say that the one before     |
// |                                      |          | has closed, which is true until this one publishes                 |
// | `ended` ← 0                          | s        | nothing has changed                                                |
// | `half` ← what it has to be           | s        | the same sequence, in other words                                  |
// | some of buffer s + 1 filled          | s        | nobody reads that buffer: value s stays the newest, and whole; the |
// |                                      |          | next writer fills it anew                                          |
// | `published` ← s + 1                  | s + 1    | value s + 1 is the newest; who waits looks again as somebody has   |
// |                                      |          | died, and each 100 ms                                              |
// | `half` ← half + 1, once in 2^31      | s + 1    | the same sequence, in other words                                  |
// | those who wait are rung              | s + 1    |                                                                    |
// | `ended` ← 1                          | s        | closed, whoever has the seat                                       |
// | seat ← 0                             | s        | closed                                                             |
//
// A reader loads the sequence (s), copies buffer s, and loads it again (t). The writer begins to write to that buffer
// again, for value s + buffers, only after it has published s + buffers − 1. So the copy is whole if
//
//   t − s ≤ buffers − 2
//
// and with two buffers if nothing was published meanwhile. That store is all the announcement that is needed; but the
// writer's plain stores must not overtake it, nor the reader's second load its plain ones: a fence() on both sides.
// The differences are of the low words, which is enough if `half` is the same before and after: it changes with each 2^31.

/** Words, from the object's beginning (offset = 4 × index). */
export const SEAT = 0;
export const ENDED = 1;
export const PUBLISHED = 32;
export const HALF = 33;
export const MARK = 34;

/** Bytes before the first buffer. */
export const BUFFERS = 256;

/** Words of a buffer's header. */
export const Buffered = { length: 0, total: 2 } as const;
/** Bytes of it; a value begins at a multiple of 16, which is enough for every layout. */
export const HEADER = 16;
const ALIGNMENT = 64;

/** Bytes of a value: 28 bits of the options. */
export const SIZE_MAX: number = 2 ** 28 - 1;
export const BUFFERS_MIN = 2;
export const BUFFERS_MAX = 1024;

/** What the directory entry says, too: all who open it must mean the same. */
export interface LatestFacts {
  /** Bytes of a value, at most. */
  readonly size: number;
  /** A power of two. */
  readonly buffers: number;
}

/** From one buffer to the next, in bytes. */
export function strideOf(size: number): number {
  return Math.ceil((HEADER + size) / ALIGNMENT) * ALIGNMENT;
}

/** Bytes of all of it. */
export function lengthOf({ size, buffers }: LatestFacts): number {
  return BUFFERS + buffers * strideOf(size);
}

/** The option bits: size << 4 │ log2(buffers). */
export function encode({ size, buffers }: LatestFacts): number {
  return (size << 4) | Math.log2(buffers);
}

/** Undefined for bits that nobody writes. */
export function decode(options: number): LatestFacts | undefined {
  const size = options >>> 4;
  const buffers = 2 ** (options & 15);
  const isPossible = size >= 1 && buffers >= BUFFERS_MIN && buffers <= BUFFERS_MAX;
  return isPossible ? { size, buffers } : undefined;
}

const HALF_SIZE = 2 ** 31;

/** The sequence that these words say; where `half` is one behind, too. */
export function sequenceOf(half: number, published: number): number {
  const isBehind = (half & 1) !== published >>> 31;
  return ((half >>> 0) + (isBehind ? 1 : 0)) * HALF_SIZE + (published & 0x7fff_ffff);
}

/** What `half` has to be. */
export function halfOf(sequence: number): number {
  return Math.floor(sequence / HALF_SIZE) | 0;
}
