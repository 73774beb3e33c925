// The bytes of a pool: fixed chunks that are filled in place, published to every reader there is, and given back by each.
//
//      0  room         mark of who waits for a free chunk (line.ts)
//     64  sent         how many were published; gives each its sequence; wraps
//     68  bytes        two words, the low one first: how many bytes those had
//     76  highWater    the highest number, + 1, of a chunk that was ever loaned
//    128  received     how many times a reader has taken one; wraps
//    192  closings     how many writers have closed; wraps
//    196  writersUsed  so many of the writers' seats, from the first on, may be in use; raised before the seat is taken
//    256  readers      15 seats (seat words, below)
//    320  marks        15 words: marks of who waits for a message, one for each reader's seat
//    384  writers      256 seats: 0, or the participant whose writer it is (seat.ts)
//   1408  chunks       64 bytes each: state, sequence, length
//    ...  data         from the next multiple of 64 on, each chunk at a multiple of 64
//
// Zeros are a pool whose chunks are all free. What shape it has is in the directory: the number of chunks and of readers'
// seats in the entry's options, the size of a chunk in its length.
//
// A chunk's state, one word; a published one has two bits for each reader's seat:
//
//            31          30        29 … 15        14 … 0
//   │ PUBLISHED │ LOANED = 0 │ taken: 15 bits │ pending: 15 bits │
//   │         0 │ LOANED = 1 │ 0, 0 │ an id: 28 bits              │
//
// | state               | means                                      | changed by, each by one compare-exchange              |
// |---------------------|--------------------------------------------|-------------------------------------------------------|
// | 0, or PUBLISHED     | free: no reader has it still to give back  | who loans it: LOANED, its id                          |
// | LOANED, id lives    | being filled                               | its loaner: publishes (bits of the readers there are), |
// |                     |                                            | or aborts: 0                                          |
// | LOANED, id is dead  | free                                       | who loans it: LOANED, its id                          |
// | pending bit         | that reader has not taken it yet           | that seat's holder: taken instead of pending          |
// | taken bit           | that reader reads it                       | that seat's holder: neither                           |
//
// The release that clears the last bit has thereby freed the chunk. There is no second step, so there is no moment in
// which a death could lose it.
//
// A reader's seat, one word:
//
// | seat                      | means                             | changed by, each by one compare-exchange               |
// |---------------------------|-----------------------------------|--------------------------------------------------------|
// | 0                         | nobody's                          | who wants it, or finds bits of it: id, REPAIR          |
// | id, lives                 | a reader's: what is published goes to it | that reader, when it closes: REPAIR              |
// | id, dead                  | its bits are nobody's             | whoever finds it: own id, REPAIR                       |
// | id and REPAIR, lives      | clears the bits of this seat in all chunks; others wait | that one: 0, or its id             |
// | id and REPAIR, dead       | as dead                           | whoever finds it: own id, REPAIR                       |
//
// So at any time exactly one living participant clears bits of a seat: its reader, or who repairs it. A repairer that
// is killed is repaired in turn; one that is paused is waited for, as its next exchange could otherwise hit a bit of
// whoever has the seat by then.
//
// A publisher reads the seats first and exchanges the chunk's state then. A seat that is given up in between gets a
// bit that nobody will clear: a stale one. Whoever repairs a seat looks for bits once more after it has freed it, and a
// publisher looks at the seats once more after its exchange. All of this is sequentially consistent, so one of the two
// sees the other, and the seat is repaired again. If its next reader has it by then, the bit is that reader's: it is
// a message which was published while it came.
//
// Killed at each of these points:
//
// | where                                         | what is left, and who mends it                                      |
// |-----------------------------------------------|---------------------------------------------------------------------|
// | loan: before the exchange / after it          | nothing / a dead loan: who finds no free chunk takes it over        |
// | publish: sequence and length written          | a dead loan, and a sequence that never comes                        |
// | publish: exchanged, nobody rung               | published; its death makes every sleeper look                       |
// | publish: exchanged, seats not looked at again | maybe a stale bit; its death makes who waits for a chunk look for it |
// | take: before / after the exchange             | pending, or taken: the seat is a dead one's                         |
// | release: before / after the exchange          | taken / free; its death makes every sleeper look                    |
// | seat: before / after its exchange, repairing  | nothing / a dead REPAIR: who comes next repairs it anew             |
//
// A sequence orders the messages of one writer. Several writers get theirs from one counter and publish in whatever order.

export const PENDING_MASK = 0x7fff;
/** Seats for readers at most. */
export const READERS_MAX = 15;
export const WRITERS_MAX = 256;
export const CHUNKS_MAX = 4096;
/** Bytes; a chunk's length is a positive i32. */
export const CHUNK_SIZE_MAX: number = 2 ** 31 - 1;

/** In a chunk's state. */
export const PUBLISHED: number = 0x8000_0000 | 0;
export const LOANED = 0x4000_0000;
/** In a reader's seat. */
export const REPAIR = 0x4000_0000;

/** Words of a pool. */
export const PoolWord = {
  room: 0,
  sent: 16,
  bytes: 17,
  highWater: 19,
  received: 32,
  closings: 48,
  writersUsed: 49,
  readers: 64,
  marks: 80,
  writers: 96,
  chunks: 352,
} as const;

/** Words of a chunk. */
export const ChunkWord = { state: 0, sequence: 1, length: 2 } as const;
export const CHUNK_WORDS = 16;

const ALIGNMENT = 64;

/** What a pool consists of. */
export interface PoolShape {
  readonly chunks: number;
  /** Bytes. */
  readonly chunkSize: number;
  /** Seats for readers. */
  readonly readers: number;
}

/** Bytes from the pool's start to the first chunk's data. */
export function dataOffset(chunks: number): number {
  return 4 * (PoolWord.chunks + CHUNK_WORDS * chunks);
}

/** Bytes from one chunk's data to the next one's. */
export function strideOf(chunkSize: number): number {
  return Math.ceil(chunkSize / ALIGNMENT) * ALIGNMENT;
}

/** Bytes of the whole pool. */
export function poolBytes({ chunks, chunkSize }: PoolShape): number {
  return dataOffset(chunks) + (chunks - 1) * strideOf(chunkSize) + chunkSize;
}

/** The options of a directory entry: chunks in the low half, readers above. */
export function encodeShape({ chunks, readers }: PoolShape): number {
  return chunks | (readers << 16);
}

/** What a directory entry says; undefined for one that no pool has. */
export function decodeShape(options: number, length: number): PoolShape | undefined {
  const chunks = options & 0xffff;
  const readers = options >>> 16;
  if (chunks < 1 || chunks > CHUNKS_MAX || readers < 1 || readers > READERS_MAX) return undefined;
  const bytes = length - dataOffset(chunks);
  // The stride of n chunks, the last of which is up to 63 bytes short of it.
  const stride = strideOf(bytes / chunks);
  const chunkSize = bytes - (chunks - 1) * stride;
  const isPossible =
    chunkSize >= 1 && chunkSize <= CHUNK_SIZE_MAX && strideOf(chunkSize) === stride;
  return isPossible ? { chunks, chunkSize, readers } : undefined;
}
