// What explored threads are given in the place of the arrays that they share: each plain access is a step, as each of
// Atomics' operations is.

import { invalidArgument } from '../errors.ts';
import { type Elements, type Place, unexplorable } from './memory.ts';
import type { Operations } from './operations.ts';

/** Of an array, what is no access to its elements. */
const FACTS = new Set<PropertyKey>([
  'length',
  'byteLength',
  'byteOffset',
  'BYTES_PER_ELEMENT',
  'constructor',
  Symbol.toStringTag,
]);

const INDEX = /^(0|[1-9]\d*)$/;

/** The same with a stand-in for each array; arrays are registered by the names of where they are found. */
export function standInsFor<T>(operations: Operations, shared: T): T {
  return replace(operations, shared, '', new Map()) as T;
}

function replace(
  operations: Operations,
  value: unknown,
  name: string,
  known: Map<unknown, unknown>,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  if (ArrayBuffer.isView(value)) {
    if (value instanceof DataView) {
      throw invalidArgument(
        `explore: ${name || 'what setup returns'} is a DataView; return an array`,
      );
    }
    const stand = standIn(operations, value as Elements, name || 'word');
    known.set(value, stand);
    return stand;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  known.set(value, copy);
  for (const [key, part] of Object.entries(value)) {
    const inner = Array.isArray(value) ? `${name}[${key}]` : name === '' ? key : `${name}.${key}`;
    (copy as Record<string, unknown>)[key] = replace(operations, part, inner, known);
  }
  return Object.freeze(copy);
}

function standIn(operations: Operations, array: Elements, name: string): Elements {
  const { memory } = operations;
  if (memory.placeOf(array) !== undefined) {
    throw invalidArgument(`explore: ${name} shares its buffer with another array; use one array`);
  }
  const { byteOffset, BYTES_PER_ELEMENT, length } = array;
  memory.add(array.buffer, (offset) => {
    const index = (offset - byteOffset) / BYTES_PER_ELEMENT;
    return length === 1 ? name : `${name}[${index}]`;
  });
  const place = memory.placeOf(array) as Place;
  const stand = new Proxy(array, {
    get(target, key) {
      if (typeof key === 'string' && INDEX.test(key)) {
        return Number(key) < target.length
          ? operations.look('read', place, Number(key))
          : undefined;
      }
      if (FACTS.has(key)) return Reflect.get(target, key, target);
      if (key === Symbol.iterator) return () => elements(operations, place);
      if (typeof key === 'symbol') return undefined;
      throw unexplorable(
        `${name}.${key} does more than one step`,
        `Use ${name}[i] and Atomics, an element at a time`,
      );
    },
    set(target, key, value) {
      if (typeof key !== 'string' || !INDEX.test(key)) return false;
      if (Number(key) < target.length) operations.put('write', place, Number(key), value);
      return true;
    },
  });
  memory.alias(stand, array);
  return stand;
}

function* elements(operations: Operations, place: Place): Generator<number | bigint> {
  for (let index = 0; index < place.array.length; index++) {
    yield operations.look('read', place, index);
  }
}
