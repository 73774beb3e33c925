// What explored threads are given in the place of the arrays that they share: each plain access is a step, as each of
// Atomics' operations is.

import { invalidArgument } from '../errors.ts';
import { elementOf } from './conversions.ts';
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
  const arrays: Named[] = [];
  const stands = replace(operations, shared, '', { known: new Map(), arrays });
  for (const buffer of new Set(arrays.map(({ array }) => array.buffer))) {
    register(
      operations,
      buffer,
      arrays.filter(({ array }) => array.buffer === buffer),
    );
  }
  return stands as T;
}

interface Named {
  readonly name: string;
  readonly array: Elements;
  readonly stand: Elements;
}

interface Found {
  readonly known: Map<unknown, unknown>;
  readonly arrays: Named[];
}

function replace(operations: Operations, value: unknown, name: string, found: Found): unknown {
  const { known, arrays } = found;
  const called = name || 'what setup returns';
  if (typeof value === 'function') {
    throw invalidArgument(
      `explore: ${called} is a function, which may know what is not explored; have it in the threads, and give it the arrays`,
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  if (isElements(value)) {
    const stand = standIn(operations, value, name || 'word');
    known.set(value, stand);
    arrays.push({ name: name || 'word', array: value, stand });
    return stand;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    throw invalidArgument(`explore: ${called} ${objection(value)}`);
  }
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  known.set(value, copy);
  for (const [key, part] of Object.entries(value)) {
    const inner = Array.isArray(value) ? `${name}[${key}]` : name === '' ? key : `${name}.${key}`;
    (copy as Record<string, unknown>)[key] = replace(operations, part, inner, found);
  }
  return Object.freeze(copy);
}

const KINDS: readonly unknown[] = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

function isElements(value: object): value is Elements {
  return ArrayBuffer.isView(value) && KINDS.includes(value.constructor);
}

/** Why it cannot be shared by the threads. */
function objection(value: object): string {
  const kind = value.constructor?.name ?? 'object';
  if (value instanceof Promise) return 'is a promise; setup is no async function';
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return `is ${aOrAn(kind)}; return a typed array over it`;
  }
  if (ArrayBuffer.isView(value)) return `is ${aOrAn(kind)}; return an array such as Int32Array`;
  return `is an instance of ${kind}, which may know what is not explored. Return arrays, in plain objects; have each thread make its own ${kind} over them, or open it: me.span.mutex('m')`;
}

export function aOrAn(kind: string): string {
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

/** Their buffer becomes a part of the explored memory. */
function register({ memory }: Operations, buffer: ArrayBufferLike, arrays: readonly Named[]): void {
  const sorted = arrays.toSorted((a, b) => a.array.byteOffset - b.array.byteOffset);
  for (const [i, { name, array }] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next !== undefined && next.array.byteOffset < array.byteOffset + array.byteLength) {
      throw invalidArgument(
        `explore: ${name} and ${next.name} share bytes; have one array for each byte`,
      );
    }
  }
  memory.add(buffer, (offset) => {
    const found = sorted.findLast(({ array }) => array.byteOffset <= offset);
    if (found === undefined) return `byte ${offset}`;
    const { name, array } = found;
    const index = (offset - array.byteOffset) / array.BYTES_PER_ELEMENT;
    return array.length === 1 ? name : `${name}[${index}]`;
  });
  for (const { stand, array } of arrays) memory.alias(stand, array);
}

function standIn(operations: Operations, array: Elements, name: string): Elements {
  const { memory, engine } = operations;
  const placeOf = (): Place => memory.placeOf(array) as Place;
  const refuse = (key: string): never =>
    engine.refuse(
      unexplorable(
        `${name}.${key} is more than one step`,
        `Use ${name}[i] and Atomics, an element at a time`,
      ),
    );
  return new Proxy(array, {
    get(target, key) {
      if (typeof key === 'string' && INDEX.test(key)) {
        const index = Number(key);
        return index < target.length ? operations.look('read', placeOf(), index) : undefined;
      }
      if (FACTS.has(key)) return Reflect.get(target, key, target);
      if (key === Symbol.iterator) return () => elements(operations, placeOf());
      // As of any array where there is nothing: -1, 1.5.
      if (typeof key === 'symbol' || String(Number(key)) === key) return undefined;
      return key in target ? refuse(key) : undefined;
    },
    set(target, key, value) {
      if (typeof key !== 'string' || String(Number(key)) !== key) return false;
      const element = elementOf(target, value);
      if (INDEX.test(key) && Number(key) < target.length) {
        operations.put('write', placeOf(), Number(key), element);
      }
      return true;
    },
    defineProperty: (_, key) => refuse(String(key)),
  });
}

function* elements(operations: Operations, place: Place): Generator<number | bigint> {
  for (let index = 0; index < place.array.length; index++) {
    yield operations.look('read', place, index);
  }
}
