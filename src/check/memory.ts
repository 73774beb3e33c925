// The memory that is explored: regions, each write with a way back, and a hash of all of it.
//
// Arrays keep their values themselves, so that whoever looks sees what a thread would see. What is written through here
// is logged and can be undone. The `guarded` part of a region may also be written behind our back, by the plain accesses
// of production code: that part of it is copied where others need only the log.

import { MemspanError } from '../errors.ts';
import { bitsOf, mix } from './hash.ts';

export type Elements =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

export type Value = number | bigint;

/** Bytes of a region, from the first on and up to `end`, which is not one of them. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

export interface Region {
  readonly buffer: ArrayBufferLike;
  /** The number of its first byte among the bytes of all regions. */
  readonly base: number;
  guarded: Extent | undefined;
  /** What the element at that byte of it is called. */
  readonly nameOf: (offset: number) => string;
}

/** By region; undefined for those that are not guarded. */
export type Copies = readonly (Uint8Array | undefined)[];

/** Where an array lies. */
export interface Place {
  readonly array: Elements;
  /** The number of its first byte among the bytes of all regions. */
  readonly base: number;
}

const NONE: Copies = [];

interface Change {
  readonly array: Elements;
  readonly index: number;
  readonly at: number;
  readonly before: Value;
  readonly isHashed: boolean;
}

export class Memory {
  readonly regions: Region[] = [];
  /** Bytes of all regions. */
  size = 0;
  /** How often something has changed on the way here. */
  version = 0;
  hash = 0;
  hash2 = 0;
  readonly #places = new WeakMap<object, Place>();
  readonly #byBuffer = new Map<ArrayBufferLike, Region>();
  readonly #log: Change[] = [];
  readonly #used = new Map<number, { array: Elements; index: number }>();
  #last: Place | undefined;
  /** The copies made last: most often they are still true. Nobody writes to a copy. */
  #copies: Copies = NONE;

  add(buffer: ArrayBufferLike, nameOf: Region['nameOf'], guarded?: Extent): Region {
    const region = { buffer, base: this.size, guarded, nameOf };
    this.regions.push(region);
    this.#byBuffer.set(buffer, region);
    this.size += Math.ceil(buffer.byteLength / 8) * 8;
    return region;
  }

  /** `stand` is given to threads in the place of the array: it is known as that one. */
  alias(stand: object, array: Elements): void {
    this.#places.set(stand, this.placeOf(array) as Place);
  }

  /** Undefined for what is not explored. */
  placeOf(array: unknown): Place | undefined {
    if (this.#last !== undefined && this.#last.array === array) return this.#last;
    if (typeof array !== 'object' || array === null) return undefined;
    let place = this.#places.get(array);
    if (place === undefined) {
      if (!ArrayBuffer.isView(array)) return undefined;
      const region = this.#byBuffer.get(array.buffer);
      if (region === undefined) return undefined;
      place = { array: array as Elements, base: region.base + array.byteOffset };
      this.#places.set(array, place);
    }
    this.#last = place;
    return place;
  }

  /** What stands at that byte, which somebody has used as an element. */
  valueAt(at: number): Value | undefined {
    const used = this.#used.get(at);
    return used === undefined ? undefined : (used.array[used.index] as Value);
  }

  /** Somebody sleeps there. */
  use({ array, base }: Place, index: number): void {
    this.#used.set(base + index * array.BYTES_PER_ELEMENT, { array, index });
  }

  /**
   * Converts as the array does; what is there then. What is not hashed is to follow from what the threads have done: it
   * makes no state different from another.
   */
  write({ array, base }: Place, index: number, value: Value, isHashed = true): Value {
    const before = array[index] as Value;
    (array as { [index: number]: Value })[index] = value;
    const after = array[index] as Value;
    if (Object.is(after, before)) return after;
    const at = base + index * array.BYTES_PER_ELEMENT;
    this.#log.push({ array, index, at, before, isHashed });
    if (isHashed) this.#rehash(at, before, after);
    this.version++;
    return after;
  }

  get mark(): number {
    return this.#log.length;
  }

  undoTo(mark: number): void {
    while (this.#log.length > mark) {
      const { array, index, at, before, isHashed } = this.#log.pop() as Change;
      if (isHashed) this.#rehash(at, array[index] as Value, before);
      (array as { [index: number]: Value })[index] = before;
    }
  }

  /** What stands here now is where everything begins. */
  forgetLog(): void {
    this.#log.length = 0;
    this.hash = 0;
    this.hash2 = 0;
    this.version = 0;
  }

  #rehash(at: number, before: Value, after: Value): void {
    const was = bitsOf(before);
    const is = bitsOf(after);
    this.hash ^= mix(at, was) ^ mix(at, is);
    this.hash2 ^= mix(~at, was) ^ mix(~at, is);
  }

  /** 'x[1]', 'bell of writer': what is at that byte. */
  nameOf(at: number): string {
    const region = this.regions.findLast(({ base }) => base <= at);
    return region === undefined ? `byte ${at}` : region.nameOf(at - region.base);
  }

  get isGuarded(): boolean {
    for (const { guarded } of this.regions) if (guarded !== undefined) return true;
    return false;
  }

  /** A copy of all that is guarded, by the order in which the regions have come. */
  copyGuarded(): Copies {
    if (!this.isGuarded) return NONE;
    const last = this.#copies;
    let isChanged = this.regions.length !== last.length;
    const copies = this.regions.map((region, i) => {
      const bytes = guardedBytes(region);
      if (isSame(bytes, last[i])) return last[i];
      isChanged = true;
      return bytes?.slice();
    });
    if (isChanged) this.#copies = copies;
    return this.#copies;
  }

  putGuarded(copies: Copies): void {
    if (!this.isGuarded) return;
    for (const [i, region] of this.regions.entries()) {
      const bytes = guardedBytes(region);
      if (bytes === undefined) continue;
      const copy = copies[i];
      // Those that have come later were zeros.
      if (copy === undefined) bytes.fill(0);
      else bytes.set(copy);
    }
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}

export function guardedBytes({ buffer, guarded }: Region): Uint8Array | undefined {
  if (guarded === undefined) return undefined;
  return new Uint8Array(buffer, guarded.start, guarded.end - guarded.start);
}

/** For what cannot be explored. */
export function unexplorable(cause: string, remedy: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_UNSUPPORTED', { operation: 'explore', cause, remedy });
}

export function isRefusal(error: unknown): boolean {
  return error instanceof MemspanError && error.operation === 'explore';
}
