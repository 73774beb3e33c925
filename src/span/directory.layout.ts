// The bytes of a directory entry: a named object.
//
// The first entry that is not READY is where the next object goes; whoever makes one claims that entry's state
// word with its id, fills the rest, and stores READY. That store is the only commit: an entry whose claimant
// has died is filled anew by the next, and the bytes that are taken, of objects and of their layouts' texts, are those of
// the READY entries.
//
//   state   │ 0 │ the id of who fills it │ READY │
//
// Entries are never removed or moved.

export const ENTRY_SIZE = 256;

/** Words of an entry (offset = 4 × index). */
export const Entry = {
  state: 0,
  /** A kind's code (kinds.ts). */
  kind: 1,
  /** Bytes of UTF-8. */
  nameLength: 2,
  /** The kind's own option bits: whoever opens the object must mean the same. */
  options: 3,
  /** Two words each, the low one first: where the object's bytes are, from the span's start. */
  offset: 4,
  length: 6,
  /** Two words: of the layout's canonical text; 0 without one. */
  fingerprint: 8,
  /** Two words and one: where that text is, the first multiple of 4 behind the object's bytes; 0 without one. */
  layoutOffset: 10,
  layoutLength: 12,
  name: 16,
} as const;

export const READY = 0x4000_0000;
export const NAME_SIZE: number = ENTRY_SIZE - 4 * Entry.name;
