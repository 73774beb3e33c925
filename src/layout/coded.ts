// Layouts that give the bits of an integer a meaning: bitfields, enumerations, relative pointers.

import { invalidArgument, outOfRange } from '../errors.ts';
import {
  type BitField,
  type IntegerName,
  type Layout,
  makeLayout,
  type NumberName,
  type UnsignedName,
} from './layout.ts';
import { checkNames } from './names.ts';
import { limitsOf, numbers } from './scalars.ts';
import { checkLayout } from './sequences.ts';

const UNSIGNED: readonly string[] = ['u8', 'u16', 'u32'] satisfies UnsignedName[];
const INTEGERS: readonly string[] = [...UNSIGNED, 'i8', 'i16', 'i32'];

/** Unsigned integers by the names of a bitfield. */
export type BitsValue<W> = { -readonly [Name in keyof W]: number };

/**
 * Unsigned integers of a few bits each within one u8, u16 or u32, the first in the least significant bits: C's
 * `struct { uint32_t ready : 1, level : 3; }` as gcc and clang place it on little-endian machines. A change through a view
 * reads and writes the whole integer: it is no atomic.
 *
 * @throws RangeError if the widths are more than the integer has.
 */
export function bitfield<const W extends Readonly<Record<string, number>>>(
  base: Layout<number, number>,
  widths: W,
): Layout<BitsValue<W>, BitsValue<W>> {
  const name = baseName(base, UNSIGNED, 'bitfield') as UnsignedName;
  const entries = Object.entries(widths);
  checkNames(
    entries.map(([bits]) => bits),
    'bitfield member',
  );
  let shift = 0;
  const fields = entries.map(([bits, width]): BitField => {
    if (!Number.isInteger(width) || width < 1)
      throw outOfRange(`bitfield: the width ${width} of "${bits}" is not an integer of at least 1`);
    shift += width;
    return { name: bits, width, shift: shift - width };
  });
  if (shift > 8 * base.size)
    throw outOfRange(`bitfield: ${shift} bits are more than the ${8 * base.size} of ${name}`);
  return makeLayout({ kind: 'bitfield', base: name, fields }, base.size, base.align);
}

/**
 * One of several names, stored as an integer of at most 32 bits: `enumeration(u8, {idle: 0, busy: 1})`. A number that has
 * no name is `ERR_MEMSPAN_CORRUPT` when it is read.
 *
 * @throws RangeError for a number that the integer cannot have; TypeError for one that is there twice.
 */
export function enumeration<const V extends Readonly<Record<string, number>>>(
  base: Layout<number, number>,
  values: V,
): Layout<keyof V & string, keyof V & string> {
  const name = baseName(base, INTEGERS, 'enumeration') as IntegerName;
  const entries = Object.entries(values);
  checkNames(
    entries.map(([value]) => value),
    'enumerator',
  );
  const { min, max } = limitsOf(name);
  for (const [value, number] of entries) {
    if (!Number.isInteger(number) || number < min || number > max)
      throw outOfRange(
        `enumeration: ${number} of "${value}" is not an integer from ${min} to ${max}`,
      );
  }
  if (new Set(entries.map(([, number]) => number)).size < entries.length)
    throw invalidArgument('enumeration: two names have the same number');
  return makeLayout(
    { kind: 'enumeration', base: name, values: new Map(entries) },
    base.size,
    base.align,
  );
}

/**
 * A relative pointer to a value of another layout in the same memory: 8 bytes, an int64 that holds the distance from
 * itself in bytes; 0 means that it points nowhere. In C: `(char *)&node->next + node->next`. Its value here is where the
 * target begins in the ArrayBuffer or SharedArrayBuffer, or null; so it is also true for who maps the memory elsewhere.
 *
 * A layout that points to itself is given as a function: `offset((): Layout => Node)`.
 */
export function offset(target: Layout | (() => Layout)): Layout<number | null, number | null> {
  if (typeof target !== 'function') checkLayout(target, 'offset');
  const resolve = typeof target === 'function' ? target : (): Layout => target;
  return makeLayout({ kind: 'offset', target: resolve }, 8, 8);
}

function baseName(base: Layout, allowed: readonly string[], where: string): NumberName {
  checkLayout(base, where);
  const { shape } = base;
  if (shape.kind === 'number' && allowed.includes(shape.name) && numbers[shape.name] === base)
    return shape.name;
  throw invalidArgument(`${where}: its base is one of ${allowed.join(', ')}`);
}
