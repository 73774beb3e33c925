// Plain values from and to bytes, at any offset, aligned or not. In place and fast is what view.ts does.
//
// Neither is atomic: where others write meanwhile, a lock or a channel keeps values whole.

import { invalidArgument, MemspanError } from '../errors.ts';
import { check, chosen, fits } from './checked.ts';
import { hasValue, valued } from './embedded.ts';
import type { Infer, IntegerName, Layout, NumberName, ShapeOf } from './layout.ts';
import { isReadOnly, type Memory, type Path, placeOf, readOnlyError, textOf } from './place.ts';

/** Whether the machine puts the least significant byte first, as all do on which Node is common. @internal */
export const LITTLE: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The value at `offset` bytes of the memory, as plain objects, arrays, numbers, strings; nothing in it refers to the memory.
 * Locks have no value: members that are some are left out.
 *
 * @throws RangeError if it is not within the memory. MemspanError `ERR_MEMSPAN_CORRUPT`, with the path, for an enumeration
 * whose number has no name, and for a relative pointer out of the buffer.
 */
export function read<L extends Layout>(layout: L, memory: Memory, offset = 0): Infer<L> {
  const { buffer, at } = placeOf('read', layout, memory, offset);
  if (!hasValue(layout)) throw invalidArgument('read: locks have no value');
  return get(layout, new DataView(buffer), at, 'read');
}

/**
 * Writes a value at `offset` bytes of the memory, all of it or, if it is refused, nothing. Bytes between members stay as
 * they are, and so do locks; those behind a shorter text, and behind the member of a union, become zero.
 *
 * @throws TypeError or RangeError with the path to what is wrong: `write: pos[2]: 300 is not an integer from 0 to 255 (u8)`.
 * MemspanError `ERR_MEMSPAN_READ_ONLY` for memory of a read-only segment.
 */
export function write<L extends Layout>(
  layout: L,
  memory: Memory,
  offset: number,
  value: Infer<L>,
): void {
  const { buffer, at } = placeOf('write', layout, memory, offset);
  if (isReadOnly(buffer)) throw readOnlyError('write');
  check(layout, value, { operation: 'write', byteLength: buffer.byteLength }, at);
  put(layout, new DataView(buffer), at, value);
}

export function get(
  layout: Layout,
  data: DataView,
  at: number,
  operation: string,
  path?: Path,
  // biome-ignore lint/suspicious/noExplicitAny: its type is known only to whoever has the layout.
): any {
  const { shape } = layout;
  switch (shape.kind) {
    case 'number':
    case 'atomic':
      return getNumber(shape.name, data, at);
    case 'bool':
      return data.getUint8(at) !== 0;
    case 'utf8': {
      const copy = bytesAt(data, at, shape.length).slice();
      const end = copy.indexOf(0);
      return decoder.decode(end < 0 ? copy : copy.subarray(0, end));
    }
    case 'bytes':
      return bytesAt(data, at, shape.length).slice();
    case 'array':
      return Array.from({ length: shape.length }, (_, i) =>
        get(shape.element, data, at + i * shape.element.size, operation, { parent: path, key: i }),
      );
    case 'struct':
      return Object.fromEntries(
        valued(layout, shape).map(({ name, layout: inner, offset }) => [
          name,
          get(inner, data, at + offset, operation, { parent: path, key: name }),
        ]),
      );
    case 'union':
      return getUnion(shape, data, at, operation, path);
    case 'bitfield': {
      const whole = getNumber(shape.base, data, at) as number;
      return Object.fromEntries(
        shape.fields.map(({ name, width, shift }) => [name, (whole >>> shift) % 2 ** width]),
      );
    }
    case 'enumeration': {
      const number = getNumber(shape.base, data, at) as number;
      for (const [name, known] of shape.values) if (known === number) return name;
      throw corrupt(operation, path, `${number} is none of its enumeration's numbers`);
    }
    case 'offset': {
      const distance = Number(data.getBigInt64(at, LITTLE));
      const { size, align } = shape.target();
      if (distance === 0) return null;
      if (fits(at + distance, size, align, data.byteLength)) return at + distance;
      throw corrupt(operation, path, `it points to ${at + distance}, where its target cannot be`);
    }
  }
}

/** What the members make of the bytes; a member that cannot be is left out. */
function getUnion(
  { fields }: ShapeOf<'struct' | 'union'>,
  data: DataView,
  at: number,
  operation: string,
  path: Path | undefined,
): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const { name, layout } of fields) {
    try {
      members[name] = get(layout, data, at, operation, { parent: path, key: name });
    } catch (error) {
      if (!(error instanceof MemspanError)) throw error;
    }
  }
  return members;
}

/** Writes a value that `check` has seen. */
export function put(layout: Layout, data: DataView, at: number, value: unknown): void {
  const { shape } = layout;
  switch (shape.kind) {
    case 'number':
    case 'atomic':
      putNumber(shape.name, data, at, value as number | bigint);
      return;
    case 'bool':
      data.setUint8(at, value ? 1 : 0);
      return;
    case 'utf8':
      bytesAt(data, at, shape.length).set(padded(value as string, shape.length));
      return;
    case 'bytes':
      bytesAt(data, at, shape.length).set(value as Uint8Array);
      return;
    case 'array':
      for (let i = 0; i < shape.length; i++)
        put(shape.element, data, at + i * shape.element.size, (value as ArrayLike<unknown>)[i]);
      return;
    case 'struct':
      for (const { name, layout: inner, offset } of valued(layout, shape))
        put(inner, data, at + offset, (value as Record<string, unknown>)[name]);
      return;
    case 'union': {
      const field = chosen(shape, value);
      if (field === undefined) return;
      const inner = (value as Record<string, unknown>)[field.name];
      bytesAt(data, at + field.layout.size, layout.size - field.layout.size).fill(0);
      put(field.layout, data, at, inner);
      return;
    }
    case 'bitfield': {
      let whole = 0;
      for (const { name, shift } of shape.fields)
        whole += (value as Record<string, number>)[name]! * 2 ** shift;
      putNumber(shape.base, data, at, whole);
      return;
    }
    case 'enumeration':
      putNumber(shape.base, data, at, shape.values.get(value as string)!);
      return;
    case 'offset':
      data.setBigInt64(at, value === null ? 0n : BigInt((value as number) - at), LITTLE);
  }
}

/** The name of DataView's methods for each number: getUint8, setBigInt64. */
const METHODS = {
  u8: 'Uint8',
  i8: 'Int8',
  u16: 'Uint16',
  i16: 'Int16',
  u32: 'Uint32',
  i32: 'Int32',
  u64: 'BigUint64',
  i64: 'BigInt64',
  f32: 'Float32',
  f64: 'Float64',
} as const satisfies Record<NumberName, string>;

function getNumber(name: NumberName, data: DataView, at: number): number | bigint {
  return data[`get${METHODS[name]}`](at, LITTLE);
}

function putNumber(
  name: NumberName | IntegerName,
  data: DataView,
  at: number,
  value: number | bigint,
): void {
  const set = data[`set${METHODS[name]}`] as (
    at: number,
    value: number | bigint,
    little: boolean,
  ) => void;
  set.call(data, at, value, LITTLE);
}

function padded(text: string, length: number): Uint8Array {
  const filled = new Uint8Array(length);
  encoder.encodeInto(text, filled);
  return filled;
}

function bytesAt(data: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(data.buffer, at, length);
}

function corrupt(operation: string, path: Path | undefined, cause: string): MemspanError {
  const where = textOf(path);
  return new MemspanError('ERR_MEMSPAN_CORRUPT', {
    operation,
    cause: where === '' ? cause : `${where}: ${cause}`,
    remedy: 'Look who else writes there, and with which layout',
  });
}
