// A span's header, also a damaged one: what it says, what cannot be, and where the tables are all the same.
//
// Where the tables are is in the header twice: as two counts, and as the offsets that follow from them. So one damaged
// number can be found out from the others; what nothing else confirms is taken from the counts. Whatever comes of it lies
// within the file.

import { ENTRY_SIZE } from '../../span/directory.layout.ts';
import type { Described, Geometry } from '../../span/geometry.ts';
import {
  BYTE_ORDER,
  ENTRIES_MAX,
  FORMAT_VERSION,
  HEADER_SIZE,
  Header,
  HeaderFlag,
  MAGIC,
  OBJECT_ALIGNMENT,
  PARTICIPANTS_MAX,
} from '../../span/header.layout.ts';
import { SLOT_SIZE } from '../../span/participant.layout.ts';
import { load } from '../../word/atomics.ts';
import { readBytes, readFloat } from '../../word/bytes.ts';

/** What a header says, as it says it. */
export interface HeaderAnatomy {
  readonly version: number;
  /** Bytes. */
  readonly size: number;
  readonly lifetime: 'until-unlinked' | 'last-close';
  /** Slots, and directory entries. */
  readonly participants: number;
  readonly entries: number;
  readonly creatorPid: number;
  readonly creatorUid: number;
  /** Undefined when it says nothing that could be a time. */
  readonly createdAt: Date | undefined;
  /** So many waits have begun, modulo 2^32. */
  readonly tickets: number;
  /** Somebody clears away what the dead have left, or was killed doing it. */
  readonly recovering: boolean;
  /** Bytes from the beginning, as they were worked out. */
  readonly waitsOffset: number;
  readonly participantsOffset: number;
  readonly directoryOffset: number;
  readonly objectsOffset: number;
}

/** What is wrong, and where. */
export interface Damage {
  /** 'header', 'slot 3', an object's name. */
  readonly where: string;
  readonly what: string;
}

export interface ReadHeader {
  readonly header: HeaderAnatomy;
  readonly described: Described;
}

/** A Date ends a little later. */
const TIME_MAX = 8e15;
const SWAPPED = 0x04030201;

/** Undefined when these are no span's bytes, or of a format that cannot be read; `damage` says why where that is news. */
export function readHeader(
  words: Int32Array,
  size: number,
  damage: Damage[],
): ReadHeader | undefined {
  const label = (what: string): void => void damage.push({ where: 'header', what });
  if (size < HEADER_SIZE) {
    if (hasMagic(words, size))
      label(`the file has ${size} bytes, less than the header's ${HEADER_SIZE}`);
    return undefined;
  }
  const at = (index: number): number => load(words, index) >>> 0;
  const version = at(Header.version);
  const isWhole = hasMagic(words, size);
  const signs = [
    at(Header.byteOrder) === BYTE_ORDER,
    at(Header.headerSize) === HEADER_SIZE,
    at(Header.waitsOffset) === HEADER_SIZE,
    version === FORMAT_VERSION,
  ].filter(Boolean).length;
  // Other people's bytes; a span that has lost its magic has the rest.
  if (!isWhole && signs < 3) return undefined;
  if (!isWhole) label('it does not begin with the magic, though the rest is a span’s');
  if (signs < 2) {
    const order = at(Header.byteOrder) === SWAPPED ? ' of a machine with the other byte order' : '';
    label(`it is a format${order} that this memspan cannot read (version ${version})`);
    return undefined;
  }
  if (version !== FORMAT_VERSION) label(`version is ${version}, not ${FORMAT_VERSION}`);
  const byteOrder = at(Header.byteOrder);
  if (byteOrder !== BYTE_ORDER) label(`byteOrder is 0x${byteOrder.toString(16)}`);
  const flags = at(Header.flags);
  if ((flags & ~HeaderFlag.lastClose) !== 0) label(`flags are 0x${flags.toString(16)}, not 0 or 1`);
  const said = at(Header.size) + at(Header.size + 1) * 2 ** 32;
  if (said > size) label(`it says ${said} bytes, but the file is cut off after ${size}`);
  if (said < size) label(`it says ${said} bytes, but the file has ${size}`);
  const time = readFloat(words, Header.createdAt);
  const createdAt = Math.abs(time) <= TIME_MAX ? new Date(time) : undefined;
  if (createdAt === undefined) label('createdAt is no time');
  const geometry = geometryOf(at, size, label);
  const lifetime = (flags & HeaderFlag.lastClose) !== 0 ? 'last-close' : 'until-unlinked';
  const header: HeaderAnatomy = {
    version,
    size: said,
    lifetime,
    participants: at(Header.participants),
    entries: at(Header.entries),
    creatorPid: at(Header.creatorPid),
    creatorUid: at(Header.creatorUid),
    createdAt,
    tickets: at(Header.tickets),
    recovering: at(Header.recovering) !== 0,
    waitsOffset: geometry.waitsOffset,
    participantsOffset: geometry.participantsOffset,
    directoryOffset: geometry.directoryOffset,
    objectsOffset: geometry.objectsOffset,
  };
  return { header, described: { geometry, lifetime } };
}

function hasMagic(words: Int32Array, size: number): boolean {
  if (size < MAGIC.length) return false;
  return readBytes(words, 0, MAGIC.length).every((byte, i) => byte === MAGIC.charCodeAt(i));
}

type At = (index: number) => number;
type Label = (what: string) => void;

function geometryOf(at: At, size: number, label: Label): Geometry {
  for (const name of ['headerSize', 'waitsOffset'] as const) {
    const found = at(Header[name]);
    if (found !== HEADER_SIZE) label(`${name} is ${found}, not ${HEADER_SIZE}`);
  }
  const participants = slotsIn(at, label);
  const { participantsOffset, directoryOffset } = tablesFor(participants);
  const entries = entriesIn(at, directoryOffset, label);
  const objectsOffset = endOfDirectory(directoryOffset, entries);
  const fitting = (from: number, each: number): number =>
    Math.max(0, Math.floor((size - from) / each));
  const slotsThere = Math.min(participants, fitting(participantsOffset, SLOT_SIZE));
  const entriesThere = Math.min(entries, fitting(directoryOffset, ENTRY_SIZE));
  if (slotsThere < participants)
    label(`of ${participants} slots only ${slotsThere} are in the file`);
  if (entriesThere < entries)
    label(`of ${entries} directory entries only ${entriesThere} are in the file`);
  return {
    size,
    participants: slotsThere,
    entries: entriesThere,
    waitsOffset: HEADER_SIZE,
    participantsOffset,
    directoryOffset,
    objectsOffset,
  };
}

function tablesFor(participants: number): { participantsOffset: number; directoryOffset: number } {
  const unit = OBJECT_ALIGNMENT;
  const participantsOffset = Math.ceil((HEADER_SIZE + 4 * participants) / unit) * unit;
  return { participantsOffset, directoryOffset: participantsOffset + SLOT_SIZE * participants };
}

function endOfDirectory(directoryOffset: number, entries: number): number {
  return Math.ceil((directoryOffset + ENTRY_SIZE * entries) / 4096) * 4096;
}

/** The number that most of what the header says goes with. */
function slotsIn(at: At, label: Label): number {
  const said = at(Header.participants);
  const starts = at(Header.participantsOffset);
  const ends = at(Header.directoryOffset);
  const votes = (count: number): number => {
    const { participantsOffset, directoryOffset } = tablesFor(count);
    return [count === said, participantsOffset === starts, directoryOffset === ends].filter(Boolean)
      .length;
  };
  const fromOffsets = Math.floor((ends - starts) / SLOT_SIZE);
  const fromEnd = Math.floor((ends - HEADER_SIZE) / (SLOT_SIZE + 4));
  const candidates = [said, fromOffsets, fromEnd, fromEnd - 1];
  const possible = candidates.filter((count) => count >= 1 && count <= PARTICIPANTS_MAX);
  const best = possible.sort((a, b) => votes(b) - votes(a))[0];
  if (best === undefined) {
    label(`participants is ${said}, and no other number tells how many slots there are`);
    return 1;
  }
  if (votes(best) === 3) return best;
  const { participantsOffset, directoryOffset } = tablesFor(best);
  if (said !== best) label(`participants is ${said}: its offsets say ${best}`);
  if (starts !== participantsOffset)
    label(`participantsOffset is ${starts}, not ${participantsOffset}`);
  if (ends !== directoryOffset) label(`directoryOffset is ${ends}, not ${directoryOffset}`);
  return best;
}

/** The offset of the objects tells it to within 16: entries behind the last are zeros. */
function entriesIn(at: At, directoryOffset: number, label: Label): number {
  const said = at(Header.entries);
  const objectsOffset = at(Header.objectsOffset);
  const expected = endOfDirectory(directoryOffset, said);
  const isPossible = said >= 1 && said <= ENTRIES_MAX;
  if (isPossible && expected === objectsOffset) return said;
  const room = Math.floor((objectsOffset - directoryOffset) / ENTRY_SIZE);
  const isOffset = objectsOffset % 4096 === 0 && room >= 1 && room <= ENTRIES_MAX;
  const most = isOffset ? room : undefined;
  if (!isPossible) {
    label(`entries is ${said}, not 1 to ${ENTRIES_MAX}`);
    if (most === undefined) label(`objectsOffset is ${objectsOffset}`);
    return most ?? 1;
  }
  label(`objectsOffset is ${objectsOffset}: ${said} entries end at ${expected}`);
  return most === undefined ? said : Math.min(said, most);
}
