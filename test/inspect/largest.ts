// The worst that a span can be to who looks at it: the largest tables, every slot attached and every cell in use, and all
// entries over one another, of kinds that list people.
import fs from 'node:fs';
import { Segment, Span } from '../../src/index.ts';
import { fnv1a } from '../../src/layout/fingerprint.ts';
import { ENTRY_SIZE, Entry, READY } from '../../src/span/directory.layout.ts';
import { geometryOf } from '../../src/span/geometry.ts';
import { ENTRIES_MAX, HEADER_SIZE, PARTICIPANTS_MAX } from '../../src/span/header.layout.ts';
import {
  ATTACHED,
  BLOCKING,
  CELL_WORDS,
  CELLS,
  Cell,
  idOf,
  Mode,
  READS,
  SLOT_SIZE,
  Slot,
} from '../../src/span/participant.layout.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

const ROOM = 2 ** 18;
const MEMBERS = 4000;
const tables = geometryOf(2 ** 30, PARTICIPANTS_MAX, ENTRIES_MAX);
const { participantsOffset, directoryOffset, objectsOffset, waitsOffset } = tables;

export const entries: number = ENTRIES_MAX;

/** Everybody reads and waits for one of `spread` words, which are everybody's. */
export function largest(spread: number): Segment {
  const segment = Segment.create(uniqueName(), { size: objectsOffset + ROOM });
  const words = new Int32Array(segment.buffer);
  new Uint8Array(segment.buffer).set(headerFor(segment.size));
  for (let slot = 0; slot < PARTICIPANTS_MAX; slot++) fillSlot(words, slot, spread);
  const text = `struct{${Array.from({ length: MEMBERS }, (_, i) => `m${i}:u8`).join(',')}}`;
  new Uint8Array(segment.buffer, objectsOffset + 2 ** 17).set(Buffer.from(text));
  for (let i = 0; i < 4096; i++) words[objectsOffset / 4 + i] = idOf(i % PARTICIPANTS_MAX, 1);
  // Of a semaphore with undo: initial + 1, max.
  words[objectsOffset / 4 + 1] = 4097;
  words[objectsOffset / 4 + 2] = 4096;
  for (let index = 0; index < ENTRIES_MAX; index++) fillEntry(words, index, text);
  return segment;
}

function headerFor(size: number): Uint8Array {
  const name = uniqueName();
  Span.create(name, { size, participants: PARTICIPANTS_MAX, objects: ENTRIES_MAX }).close();
  const header = fs.readFileSync(shmPath(name)).subarray(0, HEADER_SIZE);
  Span.unlink(name);
  return header;
}

function fillSlot(words: Int32Array, slot: number, spread: number): void {
  const at = (participantsOffset + slot * SLOT_SIZE) / 4;
  words[at + Slot.identity] = idOf(slot, 1) | ATTACHED;
  words[waitsOffset / 4 + slot] = (1 << 16) | CELLS;
  words[at + Slot.reads] = (1 << 16) | READS;
  const wordOf = (i: number): number => objectsOffset / 4 + (i % spread);
  for (let nth = 1; nth <= READS; nth++) words[at + Slot.reads + nth] = wordOf(nth);
  for (let cell = 0; cell < CELLS; cell++) {
    const start = at + Slot.cells + cell * CELL_WORDS;
    words[start + Cell.state] = (1 << 8) | BLOCKING | Mode.exclusive;
    words[start + Cell.object] = wordOf(cell);
  }
}

/** Kind, options, length. */
const KINDS: readonly (readonly [number, number, number])[] = [
  [3, 1, 2 ** 17],
  [6, 4094, 4 + 4 * 4094],
  [34, 10 | (4094 << 8), 384 + 128 * 4094 + 1024],
  [33, 0, 512 + 60_000 * 64],
  [4, 0, 4],
  [9, 0, 2 ** 17],
];

function fillEntry(words: Int32Array, index: number, text: string): void {
  const at = (directoryOffset + index * ENTRY_SIZE) / 4;
  const [kind, options, length] = KINDS[index % KINDS.length] as (typeof KINDS)[number];
  words[at + Entry.state] = READY;
  words[at + Entry.kind] = kind;
  words[at + Entry.nameLength] = 4;
  words[at + Entry.name] = 0x61616161 + index;
  words[at + Entry.options] = options;
  words[at + Entry.offset] = objectsOffset;
  words[at + Entry.length] = length;
  if (kind !== 9) return;
  hash ??= fnv1a(text);
  words[at + Entry.fingerprint] = Number(BigInt.asIntN(32, hash));
  words[at + Entry.fingerprint + 1] = Number(BigInt.asIntN(32, hash >> 32n));
  words[at + Entry.layoutOffset] = objectsOffset + length;
  words[at + Entry.layoutLength] = text.length;
}

let hash: bigint | undefined;
