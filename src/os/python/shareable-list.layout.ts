// The bytes of a multiprocessing.shared_memory.ShareableList of N items, from CPython 3.9 on
// (Lib/multiprocessing/shared_memory.py). Little-endian, without padding:
//
//   count    int64             N
//   offsets  int64 × (N + 1)   where the slot of each item begins in `data`, and where the last one ends
//   data     the slots: 8 bytes of an int, a float, a bool or None; of a str or bytes what it had at first,
//            and from 1 to 8 zeros
//   formats  8 bytes × N       how the slot is packed, for Python's `struct`, filled up with zeros
//   codes    int8 × N          what Python makes of what it unpacks
//
//   format      code  in the slot                 Python
//   q           0     int64                       int
//   d           0     float64                     float
//   xxxxxxx?    0     seven zeros, then 0 or 1    bool
//   "n" s       1     n bytes, zeros at the end   str, in UTF-8
//   "n" s       2     n bytes, zeros at the end   bytes
//   xxxxxx?x    3     nothing                     None
//
// CPython 3.8 keeps N sizes in the place of N + 1 offsets, so that offset 0 is never 0 there.

import { MemspanError, outOfRange } from '../../errors.ts';

export type ItemKind = 'int' | 'float' | 'bool' | 'str' | 'bytes' | 'None';

const WORD = 8;
/** A str's or bytes' format has at most 8 characters: seven digits and the s. */
const ROOM_MAX = 9_999_999;

const CODES: Readonly<Record<ItemKind, number>> = {
  int: 0,
  float: 0,
  bool: 0,
  str: 1,
  bytes: 2,
  None: 3,
};
const FORMATS: Readonly<Partial<Record<ItemKind, string>>> = {
  int: 'q',
  float: 'd',
  bool: 'xxxxxxx?',
  None: 'xxxxxx?x',
};
const KINDS: ReadonlyMap<string, ItemKind> = new Map(
  Object.entries(FORMATS).map(([kind, format]) => [`${format} ${CODES[kind as ItemKind]}`, kind]),
) as ReadonlyMap<string, ItemKind>;

/** The slot of a new str or bytes of so many bytes, as Python allots it: more than it needs. */
export function roomFor(bytes: number): number {
  const room = WORD * (Math.floor(bytes / WORD) + 1);
  if (room > ROOM_MAX) {
    throw outOfRange(`a ShareableList's str or bytes has less than 10 MB, not ${bytes} bytes`);
  }
  return room;
}

/** The bytes of a list whose slots are that large. */
export function totalSize(rooms: readonly number[]): number {
  const data = rooms.reduce((sum, room) => sum + room, 0);
  return WORD * (rooms.length + 2) + data + (WORD + 1) * rooms.length;
}

/** Where the parts of a list are; all of it within the view it was read from. */
export interface Table {
  readonly count: number;
  /** The offsets of the parts from the beginning of the view. */
  readonly data: number;
  readonly formats: number;
  readonly codes: number;
}

/** Where an item's slot is in the view, and how large. */
export interface Slot {
  readonly index: number;
  readonly offset: number;
  readonly room: number;
}

/** What the bytes say of themselves, believed only as far as the view goes. */
export function tableOf(view: DataView, operation: string): Table {
  if (view.byteLength < 2 * WORD) throw corrupt(operation, `${view.byteLength} bytes are too few`);
  const count = Number(view.getBigInt64(0, true));
  const least = WORD * (count + 2) + (WORD + 1) * count;
  if (count < 0 || least > view.byteLength) {
    throw corrupt(operation, `it says that it has ${count} items, in ${view.byteLength} bytes`);
  }
  const first = view.getBigInt64(WORD, true);
  if (first !== 0n) {
    throw corrupt(
      operation,
      `its first item begins at ${first} instead of 0`,
      'Python 3.8 had another format: make the list with 3.9 or later, or here',
    );
  }
  const end = Number(view.getBigInt64(WORD * (count + 1), true));
  if (end < 0 || least + end > view.byteLength) {
    throw corrupt(operation, `it says that its data ends at ${end}, beyond its memory`);
  }
  const data = WORD * (count + 2);
  return { count, data, formats: data + end, codes: data + end + WORD * count };
}

export function slotOf(view: DataView, table: Table, index: number, operation: string): Slot {
  const at = WORD * (index + 1);
  const [begin, end] = [at, at + WORD].map((place) => Number(view.getBigInt64(place, true))) as [
    number,
    number,
  ];
  if (begin < 0 || end - begin < WORD || table.data + end > table.formats) {
    throw corrupt(operation, `item ${index} is said to lie from ${begin} to ${end}`);
  }
  return { index, offset: table.data + begin, room: end - begin };
}

/** What an item is, and how many bytes its format tells of. */
export function readFormat(
  view: DataView,
  table: Table,
  slot: Slot,
  operation: string,
): { kind: ItemKind; size: number } {
  const { index, room } = slot;
  const at = table.formats + WORD * index;
  const bytes = Array.from({ length: WORD }, (_, i) => view.getUint8(at + i));
  const format = String.fromCharCode(...bytes).replace(/\0+$/, '');
  const code = view.getInt8(table.codes + index);
  const kind = KINDS.get(`${format} ${code}`);
  if (kind !== undefined) return { kind, size: WORD };
  const size = Number(/^(\d{1,7})s$/.exec(format)?.[1] ?? Number.NaN);
  if (size <= room && (code === CODES.str || code === CODES.bytes)) {
    return { kind: code === CODES.str ? 'str' : 'bytes', size };
  }
  throw corrupt(
    operation,
    `item ${index} has the format ${JSON.stringify(format)} and the code ${code}, in ${room} bytes`,
  );
}

export function writeFormat(view: DataView, table: Table, slot: Slot, kind: ItemKind): void {
  const format = FORMATS[kind] ?? `${slot.room}s`;
  const at = table.formats + WORD * slot.index;
  for (let i = 0; i < WORD; i++) view.setUint8(at + i, format.charCodeAt(i) || 0);
  view.setInt8(table.codes + slot.index, CODES[kind]);
}

/** The count and the offsets of a new list. */
export function writeTable(view: DataView, rooms: readonly number[]): void {
  view.setBigInt64(0, BigInt(rooms.length), true);
  let end = 0;
  view.setBigInt64(WORD, 0n, true);
  rooms.forEach((room, index) => {
    end += room;
    view.setBigInt64(WORD * (index + 2), BigInt(end), true);
  });
}

export function corrupt(operation: string, cause: string, remedy?: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CORRUPT', {
    operation,
    cause: `no Python list is here: ${cause}`,
    remedy,
  });
}
