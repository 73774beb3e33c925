// Where everything in a span is: computed once, from numbers that were checked; never read from shared
// memory again after that.

import { MemspanError, outOfRange } from '../errors.ts';
import { load, store } from '../word/atomics.ts';
import { writeFloat } from '../word/bytes.ts';
import { ENTRY_SIZE } from './directory.layout.ts';
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
  SPAN_SIZE_MAX,
} from './header.layout.ts';
import { SLOT_SIZE } from './participant.layout.ts';

export type Lifetime = 'until-unlinked' | 'last-close';

export interface Geometry {
  /** Bytes, of all and of the tables' counts. */
  readonly size: number;
  readonly participants: number;
  readonly entries: number;
  readonly waitsOffset: number;
  readonly participantsOffset: number;
  readonly directoryOffset: number;
  readonly objectsOffset: number;
}

const MAGIC_BYTES = new TextEncoder().encode(MAGIC);
const MAGIC_WORDS = new Int32Array(MAGIC_BYTES.buffer);

/** Throws RangeError when the tables leave no room for objects. */
export function geometryOf(size: number, participants: number, entries: number): Geometry {
  const waitsOffset = HEADER_SIZE;
  const participantsOffset = roundUp(waitsOffset + 4 * participants, OBJECT_ALIGNMENT);
  const directoryOffset = participantsOffset + SLOT_SIZE * participants;
  const objectsOffset = roundUp(directoryOffset + ENTRY_SIZE * entries, 4096);
  if (size > SPAN_SIZE_MAX) {
    throw outOfRange(`a span has at most ${SPAN_SIZE_MAX} bytes, not ${size}`);
  }
  if (size < objectsOffset + OBJECT_ALIGNMENT) {
    throw outOfRange(
      `a span for ${participants} participants and ${entries} objects has at least ` +
        `${objectsOffset + OBJECT_ALIGNMENT} bytes, not ${size}`,
    );
  }
  return {
    size,
    participants,
    entries,
    waitsOffset,
    participantsOffset,
    directoryOffset,
    objectsOffset,
  };
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** Writes the header of a new span; its other bytes are zeros. */
export function format(buffer: SharedArrayBuffer, geometry: Geometry, lifetime: Lifetime): void {
  const words = new Int32Array(buffer, 0, HEADER_SIZE / 4);
  for (const [i, word] of MAGIC_WORDS.entries()) store(words, Header.magic + i, word);
  store(words, Header.version, FORMAT_VERSION);
  store(words, Header.byteOrder, BYTE_ORDER);
  store(words, Header.headerSize, HEADER_SIZE);
  store(words, Header.flags, lifetime === 'last-close' ? HeaderFlag.lastClose : 0);
  store(words, Header.size, geometry.size);
  store(words, Header.size + 1, Math.floor(geometry.size / 2 ** 32));
  store(words, Header.participants, geometry.participants);
  store(words, Header.entries, geometry.entries);
  store(words, Header.waitsOffset, geometry.waitsOffset);
  store(words, Header.participantsOffset, geometry.participantsOffset);
  store(words, Header.directoryOffset, geometry.directoryOffset);
  store(words, Header.objectsOffset, geometry.objectsOffset);
  store(words, Header.creatorPid, process.pid);
  store(words, Header.creatorUid, process.geteuid?.() ?? 0);
  writeFloat(words, Header.createdAt, Date.now());
}

export interface Described {
  readonly geometry: Geometry;
  readonly lifetime: Lifetime;
}

/**
 * Reads a header. Throws `ERR_MEMSPAN_NOT_A_SPAN` for other people's bytes, `ERR_MEMSPAN_VERSION` for a
 * format that this memspan does not know, and `ERR_MEMSPAN_CORRUPT` for numbers that cannot be. The buffer may
 * end with the header; `length` is then what the whole has.
 */
export function describe(
  buffer: SharedArrayBuffer,
  operation: string,
  object?: string,
  length: number = buffer.byteLength,
): Described {
  const subject = { operation, object };
  if (buffer.byteLength < HEADER_SIZE || !hasMagic(buffer)) {
    throw new MemspanError('ERR_MEMSPAN_NOT_A_SPAN', {
      ...subject,
      cause: 'its bytes do not begin as a span does',
      remedy: 'Use Segment.open for raw bytes, or choose another name',
      expected: MAGIC,
    });
  }
  const words = new Int32Array(buffer, 0, HEADER_SIZE / 4);
  const at = (index: number): number => load(words, index) >>> 0;
  if (at(Header.byteOrder) !== BYTE_ORDER || at(Header.version) !== FORMAT_VERSION) {
    throw new MemspanError('ERR_MEMSPAN_VERSION', {
      ...subject,
      cause: `its format is version ${at(Header.version)}, byte order 0x${at(Header.byteOrder).toString(16)}`,
      remedy: `This memspan knows version ${FORMAT_VERSION}: have all use the same memspan`,
      expected: FORMAT_VERSION,
      found: at(Header.version),
    });
  }
  const size = at(Header.size) + at(Header.size + 1) * 2 ** 32;
  const participants = at(Header.participants);
  const entries = at(Header.entries);
  const damaged = (what: string, expected: unknown, found: unknown): never => {
    throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
      ...subject,
      cause: `its header is damaged: ${what} is ${found}, not ${expected}`,
      remedy: 'Remove it with Span.unlink or `memspan rm`, and make it anew',
      expected,
      found,
    });
  };
  if (size !== length) damaged('size', length, size);
  if (participants < 1 || participants > PARTICIPANTS_MAX) {
    damaged('participants', `from 1 to ${PARTICIPANTS_MAX}`, participants);
  }
  if (entries < 1 || entries > ENTRIES_MAX) damaged('entries', `from 1 to ${ENTRIES_MAX}`, entries);
  const flags = at(Header.flags);
  if ((flags & ~HeaderFlag.lastClose) !== 0) damaged('flags', '0 or 1', flags);
  let geometry: Geometry;
  try {
    geometry = geometryOf(size, participants, entries);
  } catch {
    return damaged('size', 'what its tables need', size);
  }
  const { waitsOffset, participantsOffset, directoryOffset, objectsOffset } = geometry;
  const offsets = {
    headerSize: HEADER_SIZE,
    waitsOffset,
    participantsOffset,
    directoryOffset,
    objectsOffset,
  };
  for (const [name, expected] of Object.entries(offsets)) {
    const found = at(Header[name as keyof typeof offsets]);
    if (found !== expected) damaged(name, expected, found);
  }
  return { geometry, lifetime: flags === 0 ? 'until-unlinked' : 'last-close' };
}

/** Whether the bytes begin as a span's do. */
export function hasMagic(buffer: SharedArrayBuffer): boolean {
  const bytes = new Uint8Array(buffer, 0, Math.min(buffer.byteLength, MAGIC_BYTES.length));
  return MAGIC_BYTES.every((byte, i) => bytes[i] === byte);
}
