// Is this a value of that layout? Asked before the first byte is written, so that a refused value changes nothing.

import { invalidArgument, outOfRange } from '../errors.ts';
import { valued } from './embedded.ts';
import type { Layout, NumberName, Shape, ShapeOf } from './layout.ts';
import { type Path, textOf } from './place.ts';
import { limitsOf } from './scalars.ts';

/** What the value is going to be written to. */
export interface Target {
  /** As the user called it. */
  readonly operation: string;
  /** Of the buffer; what a relative pointer can point into. */
  readonly byteLength: number;
}

const encoder = new TextEncoder();

/**
 * Throws TypeError or RangeError, with the path to what does not fit, if the value is none that can be written there:
 * `at` is where in the buffer.
 */
export function check(
  layout: Layout,
  value: unknown,
  target: Target,
  at: number,
  path?: Path,
): void {
  const { shape } = layout;
  const wrong = (what: string): TypeError => invalidArgument(message(target, path, value, what));
  const outside = (what: string): RangeError => outOfRange(message(target, path, value, what));
  switch (shape.kind) {
    case 'number':
    case 'atomic':
      checkNumber(shape.name, value, wrong, outside);
      return;
    case 'bool':
      if (typeof value !== 'boolean') throw wrong('a boolean');
      return;
    case 'utf8':
      if (typeof value !== 'string') throw wrong('a string');
      if (!value.isWellFormed()) throw outside('text without lone surrogates');
      if (value.includes('\0')) throw outside('text without zeros');
      if (encoder.encode(value).length > shape.length)
        throw outside(`text of at most ${shape.length} bytes`);
      return;
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw wrong('a Uint8Array');
      if (value.length !== shape.length)
        throw outOfRange(
          `${start(target, path)}${value.length} bytes are not the ${shape.length} of its layout`,
        );
      return;
    case 'array':
      checkArray(shape, value, target, at, path, wrong);
      return;
    case 'struct':
      for (const field of valued(layout, shape))
        check(field.layout, member(value, field.name, wrong), target, at + field.offset, {
          parent: path,
          key: field.name,
        });
      return;
    case 'union': {
      const field = chosen(shape, value);
      if (field === undefined) {
        const names = shape.fields.map(({ name }) => name).join(', ');
        throw wrong(`an object with exactly one of ${names}`);
      }
      const inner = (value as Record<string, unknown>)[field.name];
      check(field.layout, inner, target, at, { parent: path, key: field.name });
      return;
    }
    case 'bitfield':
      for (const { name, width } of shape.fields)
        checkBits(member(value, name, wrong), width, target, { parent: path, key: name });
      return;
    case 'enumeration':
      if (typeof value === 'string' && shape.values.has(value)) return;
      throw outside(`one of ${[...shape.values.keys()].join(', ')}`);
    case 'offset':
      checkPointer(shape, value, target, at, wrong, outside);
      return;
    case 'embedded':
      throw wrong(`a value of a ${shape.name}, which has none: it is used in place`);
  }
}

/** The member of a union that a value names: exactly one of them must be there. */
export function chosen(
  shape: ShapeOf<'struct' | 'union'>,
  value: unknown,
): (typeof shape.fields)[number] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const names = Object.keys(value);
  return names.length === 1 ? shape.fields.find(({ name }) => name === names[0]) : undefined;
}

type Refusal = (what: string) => Error;

function checkNumber(name: NumberName, value: unknown, wrong: Refusal, outside: Refusal): void {
  if (name === 'u64' || name === 'i64') {
    if (typeof value !== 'bigint') throw wrong(`a bigint (${name})`);
  } else if (typeof value !== 'number') throw wrong(`a number (${name})`);
  if (name === 'f32' || name === 'f64') return;
  const { min, max } = limitsOf(name);
  const integer = typeof value === 'bigint' || Number.isInteger(value);
  if (!integer || (value as number) < min || (value as number) > max)
    throw outside(`an integer from ${min} to ${max} (${name})`);
}

function checkBits(value: unknown, width: number, target: Target, path: Path): void {
  if (typeof value !== 'number') throw invalidArgument(message(target, path, value, 'a number'));
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** width)
    throw outOfRange(message(target, path, value, `an integer of ${width} bits`));
}

function checkArray(
  { element, length }: ShapeOf<'array'>,
  value: unknown,
  target: Target,
  at: number,
  path: Path | undefined,
  wrong: Refusal,
): void {
  if (!isArrayLike(value)) throw wrong('an array');
  if (value.length !== length)
    throw outOfRange(
      `${start(target, path)}${value.length} elements are not the ${length} of its layout`,
    );
  for (let i = 0; i < length; i++)
    check(element, value[i], target, at + i * element.size, { parent: path, key: i });
}

/** Arrays and typed arrays; no strings. */
function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}

function checkPointer(
  { target: layout }: Extract<Shape, { kind: 'offset' }>,
  value: unknown,
  { byteLength }: Target,
  at: number,
  wrong: Refusal,
  outside: Refusal,
): void {
  if (value === null) return;
  if (typeof value !== 'number') throw wrong('a position in the buffer, or null');
  // A distance of 0 is what null is.
  if (value === at) throw outside('another place than the pointer itself');
  const { size, align } = layout();
  if (!fits(value, size, align, byteLength))
    throw outside(`a multiple of ${align} from 0 to ${byteLength - size}, where its target fits`);
}

/** Whether a value of that size and alignment can begin there. */
export function fits(at: number, size: number, align: number, byteLength: number): boolean {
  return Number.isSafeInteger(at) && at >= 0 && at + size <= byteLength && at % align === 0;
}

function member(value: unknown, name: string, wrong: Refusal): unknown {
  if (typeof value !== 'object' || value === null) throw wrong(`an object with "${name}"`);
  return (value as Record<string, unknown>)[name];
}

function start({ operation }: Target, path: Path | undefined): string {
  const where = textOf(path);
  return where === '' ? `${operation}: ` : `${operation}: ${where}: `;
}

function message(target: Target, path: Path | undefined, value: unknown, what: string): string {
  return `${start(target, path)}${shown(value)} is not ${what}`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
