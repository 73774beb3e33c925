// ShareableList: Python's multiprocessing.shared_memory.ShareableList, read and written from JavaScript.
//
// A list of a fixed length whose items are of any kind and keep the room that they had at first. Whoever has the
// memory may write anything into it at any time: each call looks at the bytes anew and believes nothing
// (shareable-list.layout.ts). As in Python nothing is atomic: who writes while others read takes a lock.

import { invalidArgument, outOfRange } from '../../errors.ts';
import type { Region } from '../pointer.ts';
import {
  corrupt,
  type ItemKind,
  readFormat,
  roomFor,
  type Slot,
  slotOf,
  type Table,
  tableOf,
  totalSize,
  writeFormat,
  writeTable,
} from './shareable-list.layout.ts';

/**
 * What an item is here, and in Python: null is None, a boolean bool, a string str, a Uint8Array bytes, a bigint int.
 * A number is an int if it is a safe integer, otherwise a float; where a float is, it stays one.
 */
export type ShareableValue = null | boolean | number | bigint | string | Uint8Array;

/** A number that is a float for Python although it is an integer. See `float`. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    if (typeof value !== 'number') throw invalidArgument('float: a float is a number');
    this.value = value;
  }
}

/** `float(1)` is 1.0 for Python, where a plain 1 is an int. */
export function float(value: number): Float {
  return new Float(value);
}

export class ShareableList implements Iterable<ShareableValue> {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  private constructor(view: DataView) {
    this.#view = view;
    this.#bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }

  /** How many bytes a list of these items takes: the size of the segment that is made for it. */
  static sizeOf(values: Iterable<ShareableValue | Float>): number {
    return totalSize(itemsOf(values).map(({ room }) => room));
  }

  /**
   * Writes a list into `memory`, byte for byte as Python would, and returns it. A str or bytes has room for itself
   * and up to 8 bytes more, ever after. Throws a RangeError when the memory is smaller than `sizeOf(values)`, a str or
   * bytes has 10 MB or more, or an int is not in 64 bits.
   */
  static create(memory: Region, values: Iterable<ShareableValue | Float>): ShareableList {
    const view = viewOf(memory, 'ShareableList.create');
    const items = itemsOf(values);
    const rooms = items.map(({ room }) => room);
    const size = totalSize(rooms);
    if (size > view.byteLength) {
      throw outOfRange(`this list needs ${size} bytes, and the memory has ${view.byteLength}`);
    }
    const list = new ShareableList(view);
    writeTable(view, rooms);
    const table = tableOf(view, 'ShareableList.create');
    items.forEach((item, index) => {
      list.#write(table, slotOf(view, table, index, 'ShareableList.create'), item);
    });
    return list;
  }

  /** The list that begins at the first byte of `memory`. Throws `ERR_MEMSPAN_CORRUPT` when that cannot be one. */
  static open(memory: Region): ShareableList {
    const view = viewOf(memory, 'ShareableList.open');
    tableOf(view, 'ShareableList.open');
    return new ShareableList(view);
  }

  /** How many items it has; that never changes. */
  get length(): number {
    return tableOf(this.#view, 'list.length').count;
  }

  /**
   * An item, as a copy. An int that is no safe integer is a bigint. A str or bytes comes without the zeros at its
   * end: Python, too, cannot tell them from its padding. Throws a RangeError for an index that is not from 0 to
   * length - 1, and `ERR_MEMSPAN_CORRUPT` when there is nothing that Python could have written.
   */
  get(index: number): ShareableValue {
    const operation = 'list.get';
    const table = tableOf(this.#view, operation);
    const slot = slotOf(this.#view, table, checkIndex(index, table), operation);
    const { kind, size } = readFormat(this.#view, table, slot, operation);
    return this.#read(slot, kind, size, operation);
  }

  /**
   * Puts a value, of whatever kind, in the place of an item. Throws a RangeError when a str (in UTF-8) or bytes needs
   * more room than the item had at first, and as `get` does.
   */
  set(index: number, value: ShareableValue | Float): void {
    const operation = 'list.set';
    const table = tableOf(this.#view, operation);
    const slot = slotOf(this.#view, table, checkIndex(index, table), operation);
    const { kind } = readFormat(this.#view, table, slot, operation);
    const item = itemOf(value, kind === 'float');
    if (item.bytes.length > slot.room) {
      const needed = `the new value needs ${item.bytes.length}`;
      throw outOfRange(`item ${index} has room for ${slot.room} bytes, and ${needed}`);
    }
    this.#write(table, slot, item);
  }

  *[Symbol.iterator](): IterableIterator<ShareableValue> {
    const { length } = this;
    for (let index = 0; index < length; index++) yield this.get(index);
  }

  #read({ index, offset }: Slot, kind: ItemKind, size: number, operation: string): ShareableValue {
    switch (kind) {
      case 'None':
        return null;
      case 'bool':
        return this.#view.getUint8(offset + 7) !== 0;
      case 'float':
        return this.#view.getFloat64(offset, true);
      case 'int': {
        const value = this.#view.getBigInt64(offset, true);
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value;
      }
      default: {
        // A copy first: what is measured and decoded must not change meanwhile.
        const copy = this.#bytes.slice(offset, offset + size);
        const bytes = copy.subarray(0, copy.findLastIndex((byte) => byte !== 0) + 1);
        return kind === 'bytes' ? new Uint8Array(bytes) : textOf(bytes, index, operation);
      }
    }
  }

  // As in Python: what it is, then its value.
  #write(table: Table, slot: Slot, { kind, bytes }: Item): void {
    writeFormat(this.#view, table, slot, kind);
    const text = kind === 'str' || kind === 'bytes';
    this.#bytes.set(bytes, slot.offset);
    if (text) this.#bytes.fill(0, slot.offset + bytes.length, slot.offset + slot.room);
  }
}

/** A value as it is in its slot, and the slot that it gets in a new list. */
interface Item {
  readonly kind: ItemKind;
  readonly bytes: Uint8Array;
  readonly room: number;
}

function itemsOf(values: Iterable<ShareableValue | Float>): Item[] {
  if (typeof values === 'string' || typeof values?.[Symbol.iterator] !== 'function') {
    throw invalidArgument('a ShareableList is made from an array of values');
  }
  return Array.from(values, (value) => itemOf(value));
}

function itemOf(value: ShareableValue | Float, isFloat = false): Item {
  if (value === null) return scalar('None');
  if (value instanceof Float) return floatItem(value.value);
  if (value instanceof Uint8Array) return textItem('bytes', new Uint8Array(value));
  switch (typeof value) {
    case 'boolean':
      return scalar('bool', (view) => view.setUint8(7, value ? 1 : 0));
    case 'number':
      // Python's integers have no -0.
      return Number.isSafeInteger(value) && !Object.is(value, -0) && !isFloat
        ? intItem(BigInt(value))
        : floatItem(value);
    case 'bigint':
      return intItem(value);
    case 'string':
      if (!value.isWellFormed()) {
        throw invalidArgument('a str of a ShareableList has no halves of surrogate pairs');
      }
      return textItem('str', new TextEncoder().encode(value));
    default:
      throw invalidArgument(
        'a ShareableList holds null, booleans, numbers, bigints, strings and Uint8Arrays',
      );
  }
}

function floatItem(value: number): Item {
  return scalar('float', (view) => view.setFloat64(0, value, true));
}

function intItem(value: bigint): Item {
  if (BigInt.asIntN(64, value) !== value) {
    throw outOfRange(`an int of a ShareableList is from -2^63 to 2^63 - 1, not ${value}`);
  }
  return scalar('int', (view) => view.setBigInt64(0, value, true));
}

function scalar(kind: ItemKind, write: (view: DataView) => void = () => {}): Item {
  const bytes = new Uint8Array(8);
  write(new DataView(bytes.buffer));
  return { kind, bytes, room: bytes.length };
}

function textItem(kind: ItemKind, bytes: Uint8Array): Item {
  return { kind, bytes, room: roomFor(bytes.length) };
}

function textOf(bytes: Uint8Array, index: number, operation: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw corrupt(
      operation,
      `item ${index} is a str and not in UTF-8`,
      'Python cuts off a str of several bytes a character that it makes a list of: append spaces there, or make it here',
    );
  }
}

function viewOf(memory: Region, operation: string): DataView {
  if (ArrayBuffer.isView(memory)) {
    return new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  }
  if (memory instanceof SharedArrayBuffer || memory instanceof ArrayBuffer) {
    return new DataView(memory);
  }
  throw invalidArgument(`${operation}: the memory is a segment's buffer or a view of it`);
}

function checkIndex(index: number, { count }: Table): number {
  if (typeof index !== 'number') throw invalidArgument('the index of an item is a number');
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw outOfRange(`the index of an item is from 0 to ${count - 1} here, not ${index}`);
  }
  return index;
}
