// A header for raw memory: what this is, which version of it, how many bytes, and in which byte order. A span has its own;
// a segment has none unless its programs agree on one, which this is for.
//
//    0  magic      8 bytes: ASCII, filled up with zeros; written last
//    8  byteOrder  u32: 0x01020304, which the other byte order reads as 0x04030201
//   12  version    u32
//   16  size       u64: bytes from the header's beginning to the end of what it describes

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Layout } from './layout.ts';
import { isReadOnly, type Memory, placeOf, readOnlyError } from './place.ts';
import { u32, u64 } from './scalars.ts';
import { utf8 } from './sequences.ts';
import { type MembersView, type StructValue, struct } from './struct.ts';
import { LITTLE } from './values.ts';

const BYTE_ORDER = 0x01020304;
const MAGIC_MAX = 8;

type HeaderMembers = {
  magic: Layout<string, string>;
  byteOrder: Layout<number, number>;
  version: Layout<number, number>;
  size: Layout<bigint, bigint>;
};
const MEMBERS: HeaderMembers = {
  magic: utf8(MAGIC_MAX),
  byteOrder: u32,
  version: u32,
  size: u64,
};
const HEADER_SIZE = 24;

/** What programs agree on. */
export interface HeaderOptions {
  /** What the format is called: 1 to 8 ASCII characters from space to tilde, such as 'FRMS'. */
  magic: string;
  /** A whole number of 32 bits: another one is another format. */
  version: number;
}

/** As it is in memory: 24 bytes, aligned to 8. */
export type HeaderLayout = Layout<StructValue<HeaderMembers>, MembersView<HeaderMembers>>;

/** What a header says. */
export interface HeaderFacts {
  readonly magic: string;
  readonly byteOrder: 'little-endian' | 'big-endian' | 'unknown';
  readonly version: number;
  /** In bytes. */
  readonly size: number;
}

const known = new WeakMap<Layout, HeaderOptions>();

/**
 * The layout of a header with that magic and version, for the first member of a struct, or alone in front of something
 * else: `struct({header: header({magic: 'FRMS', version: 1}), width: u32, …})`. Who makes the memory calls `writeHeader`,
 * who opens it `checkHeader`; to C it is a struct of the same four members (`toC`).
 *
 * @throws TypeError, RangeError for a magic or version that cannot be.
 */
export function header(options: HeaderOptions): HeaderLayout {
  const { magic, version } = options ?? {};
  if (typeof magic !== 'string' || !/^[ -~]{1,8}$/.test(magic))
    throw invalidArgument('header: magic is 1 to 8 ASCII characters, such as "FRMS"');
  if (typeof version !== 'number') throw invalidArgument('header: version is a number');
  if (!Number.isInteger(version) || version < 0 || version >= 2 ** 32)
    throw outOfRange(`header: version ${version} is not an integer from 0 to ${2 ** 32 - 1}`);
  const layout = struct(MEMBERS);
  known.set(layout, { magic, version });
  return layout;
}

/**
 * Writes the header at `offset` bytes of the memory. `layout` is what begins there: a struct whose first member is a header
 * (then the size is the struct's), or a header alone (then it is all the memory from there on). The rest of the memory
 * stays as it is. It is no atomic operation: call it before others can look, in the `init` of Segment.create.
 *
 * @throws TypeError for another layout, RangeError if it is not within the memory, `ERR_MEMSPAN_READ_ONLY`.
 */
export function writeHeader(layout: Layout, memory: Memory, offset = 0): void {
  const { magic, version } = optionsOf(layout, 'writeHeader');
  const { buffer, at } = placeOf('writeHeader', layout, memory, offset);
  if (isReadOnly(buffer)) throw readOnlyError('writeHeader');
  const data = new DataView(buffer, at, HEADER_SIZE);
  data.setUint32(8, BYTE_ORDER, LITTLE);
  data.setUint32(12, version, LITTLE);
  data.setBigUint64(16, BigInt(sizeFrom(layout, memory, offset)), LITTLE);
  for (let i = 0; i < MAGIC_MAX; i++) data.setUint8(i, magic.charCodeAt(i) || 0);
}

/**
 * Checks that the header at `offset` bytes of the memory is the one that `writeHeader` would have written with this layout,
 * and returns what it says. A header alone may say fewer bytes than there are, as the memory may be rounded up to pages.
 *
 * @throws MemspanError `ERR_MEMSPAN_HEADER_MISMATCH` with what was expected and what was found, also where the other byte
 * order was written. TypeError for a layout without a header, RangeError if it is not within the memory.
 */
export function checkHeader(layout: Layout, memory: Memory, offset = 0): HeaderFacts {
  const operation = 'checkHeader';
  const { magic, version } = optionsOf(layout, operation);
  // What is shorter than the whole is told apart by what its header says.
  const { buffer, at } = placeOf(operation, struct(MEMBERS), memory, offset);
  const found = factsAt(new DataView(buffer, at, HEADER_SIZE));
  const size = sizeFrom(layout, memory, offset);
  const byteOrder = LITTLE ? 'little-endian' : 'big-endian';
  const expected: HeaderFacts = { magic, byteOrder, version, size };
  const cause = disagreement(expected, found, known.has(layout), memory.byteLength - offset);
  if (cause === undefined) return found;
  throw new MemspanError('ERR_MEMSPAN_HEADER_MISMATCH', {
    operation,
    cause,
    remedy: 'Have all programs use the same format, or open something else',
    expected,
    found,
  });
}

/** `loose`: the size may be less. */
function disagreement(
  expected: HeaderFacts,
  found: HeaderFacts,
  loose: boolean,
  there: number,
): string | undefined {
  const { magic, byteOrder, version, size } = found;
  if (magic === '') return `there is no header yet, of ${JSON.stringify(expected.magic)}`;
  if (magic !== expected.magic)
    return `it is ${JSON.stringify(magic)}, not ${JSON.stringify(expected.magic)}`;
  if (byteOrder !== expected.byteOrder)
    return `it was written in another byte order: ${byteOrder}, not ${expected.byteOrder}`;
  if (version !== expected.version) return `it is version ${version}, not ${expected.version}`;
  if (loose ? size < HEADER_SIZE : size !== expected.size)
    return `it has ${size} bytes, not ${expected.size}`;
  if (size > there) return `it has ${size} bytes, of which ${there} are there`;
  return undefined;
}

function optionsOf(layout: Layout, operation: string): HeaderOptions {
  const { shape } = layout ?? {};
  const first = shape?.kind === 'struct' ? shape.fields[0]?.layout : undefined;
  const options = known.get(layout) ?? (first && known.get(first));
  if (options !== undefined) return options;
  throw invalidArgument(`${operation}: it takes a header(…), or a struct that begins with one`);
}

function sizeFrom(layout: Layout, memory: Memory, offset: number): number {
  return known.has(layout) ? memory.byteLength - offset : layout.size;
}

/** What is there, in the byte order in which it was written. */
function factsAt(data: DataView): HeaderFacts {
  const bytes = Array.from({ length: MAGIC_MAX }, (_, i) => data.getUint8(i));
  const end = bytes.indexOf(0);
  const magic = String.fromCharCode(...(end < 0 ? bytes : bytes.slice(0, end)));
  const isLittle = data.getUint32(8, true) === BYTE_ORDER;
  const isBig = data.getUint32(8, false) === BYTE_ORDER;
  const byteOrder = isLittle ? 'little-endian' : isBig ? 'big-endian' : 'unknown';
  const little = isLittle || (!isBig && LITTLE);
  const version = data.getUint32(12, little);
  return { magic, byteOrder, version, size: Number(data.getBigUint64(16, little)) };
}
