// The bytes of a span: the header, and where the tables behind it begin. docs/format.md has the same in prose.
//
//        0  header          4096 bytes; the first 128 never change once the span has a name
//     4096  waits           a word per participant, rounded up to 64 bytes
//           participants    2048 bytes each (participant.layout.ts)
//           directory       256 bytes each (directory.layout.ts), rounded up to 4096 bytes
//           objects         to the end of the span, each at a multiple of 64
//
// Where the tables are follows from three numbers, so that a header which says anything else is damaged.
// All numbers are little-endian or big-endian as the machine is; BYTE_ORDER tells which.

export const MAGIC = 'memspan\0';
export const FORMAT_VERSION = 1;
export const BYTE_ORDER = 0x01020304;
export const HEADER_SIZE = 4096;

/** Words of the header (offset = 4 × index). */
export const Header = {
  /** Two words: the bytes of MAGIC. */
  magic: 0,
  version: 2,
  byteOrder: 3,
  headerSize: 4,
  /** HeaderFlag bits. */
  flags: 5,
  /** Two words, the low one first: bytes of the whole span. */
  size: 6,
  /** How many threads can be attached. */
  participants: 8,
  /** How many named objects there can be. */
  entries: 9,
  waitsOffset: 10,
  participantsOffset: 11,
  directoryOffset: 12,
  objectsOffset: 13,
  creatorPid: 14,
  creatorUid: 15,
  /** Two words, a float64: milliseconds since 1970. */
  createdAt: 16,
  /** The next waiter's ticket; wraps. Changes. */
  tickets: 32,
  /** Where the next participant looks for a free slot first; wraps. Changes. */
  slotCursor: 48,
  /** 1 from before the dead are cleared away until whoever does it is attached. Changes. */
  recovering: 49,
  /** A bit per slot whose participant may read something, 32 in a word (reads.ts). Changes. */
  readers: 64,
} as const;

export const HeaderFlag = {
  /** The last one out unlinks the name. */
  lastClose: 1,
} as const;

export const READERS_WORDS = 128;

export const PARTICIPANTS_MAX = 4094;
export const ENTRIES_MAX = 65_536;
/** An object's offset travels as a number of words in 32 bits. */
export const SPAN_SIZE_MAX: number = 2 ** 34;
export const OBJECT_ALIGNMENT = 64;
