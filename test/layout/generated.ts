// Layouts and values of them, from a source of random numbers.
import assert from 'node:assert/strict';
import {
  array,
  atomic,
  barrier,
  bitfield,
  bool,
  bytes,
  condition,
  enumeration,
  event,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type Layout,
  mutex,
  type NumberName,
  offset,
  once,
  rwlock,
  semaphore,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
  utf8,
} from '../../src/index.ts';
import { valued } from '../../src/layout/embedded.ts';

export type Random = () => number;

const NUMBERS = [u8, i8, u16, i16, u32, i32, u64, i64, f32, f64];

/** An integer from 0 to below `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

/** A struct of 1 to 8 members of every kind, nested up to `depth` more levels; with locks in it, if `locks` says so. */
export function anyStruct(random: Random, depth = 2, locks = false): Layout {
  const count = 1 + below(random, 8);
  return struct(
    Object.fromEntries(
      Array.from({ length: count }, (_, k) => [`m${k}`, anyLayout(random, depth, locks)]),
    ),
  );
}

function anyLayout(random: Random, depth: number, locks = false): Layout {
  if (locks && below(random, 12) === 0) return anyLock(random);
  const choice = below(random, depth > 0 ? 20 : 16);
  if (choice < 8) return one(random, NUMBERS);
  if (choice === 8) return one(random, Object.values<Layout>(atomic));
  if (choice === 9) return bool;
  if (choice === 10) return utf8(1 + below(random, 12));
  if (choice === 11) return bytes(1 + below(random, 12));
  if (choice === 12) return offset(one(random, NUMBERS));
  if (choice === 13) return array(one(random, NUMBERS), 1 + below(random, 4));
  if (choice === 14) return anyBitfield(random);
  if (choice === 15) return anyEnumeration(random);
  if (choice === 16) return array(anyLayout(random, depth - 1, locks), 1 + below(random, 3));
  if (choice === 17) {
    const members = Array.from({ length: 1 + below(random, 3) }, (_, k) => [
      `u${k}`,
      anyLayout(random, depth - 1),
    ]);
    return union(Object.fromEntries(members));
  }
  return anyStruct(random, depth - 1, locks);
}

function anyLock(random: Random): Layout {
  const count = 1 + below(random, 5);
  const fair = random() < 0.5;
  return one(random, [
    mutex({ fair }),
    rwlock(),
    condition(),
    event({ initial: fair }),
    once(),
    semaphore({ initial: count, undo: fair }),
    barrier({ parties: count }),
  ]);
}

function anyBitfield(random: Random): Layout {
  const base = one(random, [u8, u16, u32]);
  const widths: Record<string, number> = {};
  for (let left = 8 * base.size, k = 0; left > 0 && k < 5; k++) {
    const width = 1 + below(random, left);
    widths[`b${k}`] = width;
    left -= width;
  }
  return bitfield(base, widths);
}

function anyEnumeration(random: Random): Layout {
  const base = one(random, [u8, i8, u16, i16, u32, i32]);
  const least = [i8, i16, i32].includes(base) ? -(2 ** (8 * base.size - 1)) : 0;
  const values: Record<string, number> = {};
  const count = 1 + below(random, 4);
  const step = 1 + below(random, 30);
  for (let k = 0; k < count; k++) values[`e${k}`] = least + k * step;
  return enumeration(base, values);
}

export function one<T>(random: Random, of: readonly T[]): T {
  return of[below(random, of.length)] as T;
}

/** A value that can be written at that byte of a buffer of that length. */
export function anyValue(layout: Layout, random: Random, at: number, byteLength: number): unknown {
  const { shape } = layout;
  const inner = (of: Layout, from: number): unknown => anyValue(of, random, from, byteLength);
  switch (shape.kind) {
    case 'number':
    case 'atomic':
      return anyNumber(shape.name, random);
    case 'bool':
      return random() < 0.5;
    case 'utf8':
      return anyText(random, shape.length);
    case 'bytes':
      return Uint8Array.from({ length: shape.length }, () => below(random, 256));
    case 'array':
      return Array.from({ length: shape.length }, (_, i) =>
        inner(shape.element, at + i * shape.element.size),
      );
    case 'struct':
      return Object.fromEntries(
        valued(layout, shape).map((field) => [field.name, inner(field.layout, at + field.offset)]),
      );
    case 'union': {
      const field = one(random, shape.fields);
      return { [field.name]: inner(field.layout, at) };
    }
    case 'embedded':
      return undefined;
    case 'bitfield':
      return Object.fromEntries(
        shape.fields.map(({ name, width }) => [name, below(random, 2 ** width)]),
      );
    case 'enumeration':
      return one(random, [...shape.values.keys()]);
    case 'offset': {
      const { size, align } = shape.target();
      const to = align * below(random, Math.floor((byteLength - size) / align) + 1);
      return random() < 0.2 || to === at ? null : to;
    }
  }
}

function anyNumber(name: NumberName, random: Random): number | bigint {
  if (name === 'f64') return (random() - 0.5) * 10 ** below(random, 300);
  if (name === 'f32') return Math.fround((random() - 0.5) * 10 ** below(random, 30));
  const bits = Number(name.slice(1));
  let value = 0n;
  for (let i = 0; i < bits; i += 8) value = (value << 8n) | BigInt(below(random, 256));
  const number = name.startsWith('u') ? value : BigInt.asIntN(bits, value);
  return bits === 64 ? number : Number(number);
}

function anyText(random: Random, length: number): string {
  let text = '';
  for (let k = 0; k < length; k++) {
    const longer = text + one(random, ['a', 'Z', '7', 'é', '€', '😀', '\ufeff']);
    if (Buffer.byteLength(longer) <= length) text = longer;
  }
  return text;
}

/** That reading gave what was written: of a union, the member that was. */
export function assertRead(layout: Layout, found: unknown, written: unknown): void {
  const { shape } = layout;
  const member = (of: unknown, name: string | number): unknown =>
    (of as Record<string | number, unknown>)[name];
  if (shape.kind === 'struct')
    for (const { name, layout: inner } of valued(layout, shape))
      assertRead(inner, member(found, name), member(written, name));
  else if (shape.kind === 'union')
    for (const { name, layout: inner } of shape.fields.filter(
      ({ name }) => name in (written as object),
    ))
      assertRead(inner, member(found, name), member(written, name));
  else if (shape.kind === 'array')
    for (let i = 0; i < shape.length; i++)
      assertRead(shape.element, member(found, i), member(written, i));
  else assert.deepEqual(found, written);
}
