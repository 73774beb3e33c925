// A buffer as typed arrays of every kind, with the accessor classes made for it: what generated code sees of memory.
//
// V8 treats what a class's code refers to as constants when it compiles a loop, so an accessor that names its typed array is
// as fast as code written by hand; one that finds the array in a property of `this` takes 1.5 to 2 times as long, and a
// DataView 2.5 times (1e6 records; Node 20 and 24). So classes belong to a buffer, and their code to a layout.

import { MemspanError } from '../errors.ts';
import { layoutText } from './canonical.ts';
import { check } from './checked.ts';
import type { Layout } from './layout.ts';
import { isReadOnly, readOnlyError } from './place.ts';
import { get, put } from './values.ts';

/** Makes the view of what begins at `index`, counted in units of the layout's alignment. */
export type ViewClass = new (index: number) => object;

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

interface TypedArrays {
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly u64: BigUint64Array;
  readonly i64: BigInt64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** Who brings to life what is embedded in a buffer: a span. Others cannot: a lock needs somebody attached to hold it. */
export interface Host {
  readonly buffer: ArrayBufferLike;
  /** The lock or other object of that layout that begins at that byte of the buffer. */
  live(layout: Layout, at: number): object;
}

/** One for each buffer, and for each host. */
export class Lens {
  static readonly #ofBuffer = new WeakMap<ArrayBufferLike, Lens>();
  static readonly #ofHost = new WeakMap<Host, Lens>();

  /** The typed arrays by name, over the whole buffer less the few bytes that are no whole element. */
  readonly arrays: TypedArrays;
  readonly classes: Map<Layout, ViewClass> = new Map();
  readonly readOnly: boolean;
  readonly #host: Host | undefined;
  readonly #data: DataView;
  readonly #byteLength: number;

  private constructor(buffer: ArrayBufferLike, host?: Host) {
    this.#host = host;
    this.readOnly = isReadOnly(buffer);
    const entries = Object.entries(ARRAYS).map(([name, TypedArray]) => {
      const length = Math.floor(buffer.byteLength / TypedArray.BYTES_PER_ELEMENT);
      return [name, new TypedArray(buffer as ArrayBuffer, 0, length)] as const;
    });
    this.arrays = Object.fromEntries(entries) as unknown as TypedArrays;
    this.#data = new DataView(buffer);
    this.#byteLength = buffer.byteLength;
  }

  static of(buffer: ArrayBufferLike): Lens {
    const known = Lens.#ofBuffer.get(buffer);
    // A resizable buffer has another length now and then.
    if (known !== undefined && known.#byteLength === buffer.byteLength) return known;
    const lens = new Lens(buffer);
    Lens.#ofBuffer.set(buffer, lens);
    return lens;
  }

  static within(host: Host): Lens {
    const known = Lens.#ofHost.get(host);
    if (known !== undefined) return known;
    const lens = new Lens(host.buffer, host);
    Lens.#ofHost.set(host, lens);
    return lens;
  }

  /** The lock or other object that begins at that byte. */
  live(layout: Layout, at: number, name: string | number): object {
    if (this.#host !== undefined) return this.#host.live(layout, at);
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      operation: 'view',
      object: String(name),
      cause: `it is a ${layoutText(layout)}, and this is raw memory, to which nobody is attached who could hold it`,
      remedy: 'Use span.view, or wait and notify, or the objects of memspan/posix',
    });
  }

  /** In the place of everything that writes, where the memory is read-only. */
  refuse(): never {
    throw readOnlyError('view');
  }

  /** For values that are more than a number: as `read` reads them. */
  read(layout: Layout, at: number, name: string): unknown {
    return get(layout, this.#data, at, 'view', { parent: undefined, key: name });
  }

  /** As `write` writes them. */
  write(layout: Layout, at: number, value: unknown, name: string | number): void {
    const { byteLength } = this.#data;
    check(layout, value, { operation: 'view', byteLength }, at, { parent: undefined, key: name });
    put(layout, this.#data, at, value);
  }
}
