// The bytes of a participant's slot, of its waiting cells, and of its word in the table `waits`.
//
// A participant is an attached JavaScript thread. Its id never comes back (before 65,536 others have had
// the slot, and slots are taken in turn):
//
//   id        │ 0 0 0 0 │ epoch: 16 bits │ slot + 1: 12 bits │        0 is nobody
//
// Lifeline `id` of the segment is held as long as the participant lives: that, and not what the slot says,
// is being alive. A word that carries an id whose lifeline is free belongs to the dead.
//
//   slot      │   0  identity: id, and ATTACHED once the slot is filled          (only its owner writes
//   (2048     │   4  pid, 8 tid, 12 pid namespace, 24 attached at                 in a slot; anybody
//    bytes)   │  64  bell                                                         rings the bell)
//             │ 128  name, 192 program
//             │ 256  intents: 16 words, for claims that take two steps
//             │ 320  reads: how many of the reader words may be in use, and 47 reader words
//             │ 512  cells: 96 of 16 bytes
//
//   cell      │ state: sequence << 8 │ BLOCKING │ mode; 0 is free
//             │ ticket: arrival, over the whole span │ object: its offset / 4 │ since: ms after attaching
//
//   waits     │ epoch: 16 bits │ how many cells, from the first on, may be in use: 16 bits │
//
//   reads     │ epoch: 16 bits │ how many reader words, from the first on, may be in use: 16 bits │
//   reader    │ the offset / 4 of an object that this participant reads, or is about to; 0 is free │
//
// Cell 0 is the one that the thread blocks on. A cell is filled first and its state stored last; whoever reads
// one reads its state before and after. `waits` is raised before the state is stored,
// `reads` before a reader word is.

export const SLOT_SIZE = 2048;

export const SLOT_BITS = 12;
export const EPOCH_BITS = 16;
export const ID_MASK: number = 2 ** (SLOT_BITS + EPOCH_BITS) - 1;
export const SLOT_MASK: number = 2 ** SLOT_BITS - 1;
export const EPOCH_MASK: number = 2 ** EPOCH_BITS - 1;

/** In the identity word. */
export const ATTACHED = 0x1000_0000;

/** Words of a slot (offset = 4 × index). */
export const Slot = {
  identity: 0,
  pid: 1,
  tid: 2,
  /** The low half of the inode number of its pid namespace. */
  pidNamespace: 3,
  /** Two words, a float64: milliseconds since 1970. */
  attachedAt: 6,
  /** Changed and then woken, to make the participant look at what it waits for. */
  bell: 16,
  name: 32,
  program: 48,
  intents: 64,
  /** The locks that it reads: a count, then READS reader words. */
  reads: 80,
  cells: 128,
} as const;

export const TEXT_SIZE = 64;

export const CELLS = 96;
/** Words of a cell. */
export const Cell = { state: 0, ticket: 1, object: 2, since: 3 } as const;
export const CELL_WORDS = 4;

/** How many locks one participant can read at once. */
export const READS = 47;

/** In a cell's state. */
export const BLOCKING = 0x80;
export const MODE_MASK = 0x7f;
/** What it waits for. */
export const Mode = {
  /** A mutex, an initialisation, the writing side of a lock. */
  exclusive: 1,
  /** The reading side of a lock. */
  shared: 2,
  /** A permit of a semaphore. */
  permit: 3,
  /** A notification of a condition. */
  notification: 4,
  event: 5,
  /** The other parties of a barrier. */
  barrier: 6,
  /** A message of a channel. */
  message: 7,
  /** Room for a message, or a chunk that is free. */
  room: 8,
} as const;

export function idOf(slot: number, epoch: number): number {
  return ((epoch & EPOCH_MASK) << SLOT_BITS) | (slot + 1);
}

/** −1 for nobody. */
export function slotOf(id: number): number {
  return (id & SLOT_MASK) - 1;
}

export function epochOf(id: number): number {
  return (id >>> SLOT_BITS) & EPOCH_MASK;
}
