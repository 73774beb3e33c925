// What a layout is: a description of bytes, made by the constructors of this room and never changed.
//
// Rules of placement are C's on the platforms that Node runs on: a scalar is aligned to its size, an array as its
// element, a struct or union as the most demanding of its members; a struct's size is a multiple of its alignment.
// Numbers have the machine's byte order, as everything in shared memory: it never leaves the machine.

import { outOfRange } from '../errors.ts';

/** The numbers, by the name of the layout that describes them. */
export type NumberName =
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'f32'
  | 'f64';
/** What a bitfield can be laid over. */
export type UnsignedName = 'u8' | 'u16' | 'u32';
/** What an enumeration can be stored as. */
export type IntegerName = UnsignedName | 'i8' | 'i16' | 'i32';

/** What Atomics works on. */
export type AtomicName = IntegerName | 'u64' | 'i64';

/** What lives in a span and has a place in other layouts: the locks and their kin. */
export type EmbeddedName =
  | 'mutex'
  | 'rwlock'
  | 'semaphore'
  | 'condition'
  | 'barrier'
  | 'event'
  | 'once';
/** As it stands in the canonical text: `fair`, 3. */
export type EmbeddedOption = string | number;

/** A member of a struct (at its place) or of a union (at 0). */
export interface Field {
  readonly name: string;
  readonly layout: Layout;
  /** Bytes from the beginning of the struct. */
  readonly offset: number;
}

/** Some bits of a bitfield; `shift` counts from the least significant one. */
export interface BitField {
  readonly name: string;
  readonly width: number;
  readonly shift: number;
}

/** The kinds of layouts, and what each consists of. */
export type Shape =
  | { readonly kind: 'number'; readonly name: NumberName }
  | { readonly kind: 'atomic'; readonly name: AtomicName }
  | { readonly kind: 'bool' }
  | { readonly kind: 'utf8' | 'bytes'; readonly length: number }
  | { readonly kind: 'array'; readonly element: Layout; readonly length: number }
  | { readonly kind: 'struct' | 'union'; readonly fields: readonly Field[] }
  | { readonly kind: 'bitfield'; readonly base: UnsignedName; readonly fields: readonly BitField[] }
  | {
      readonly kind: 'enumeration';
      readonly base: IntegerName;
      readonly values: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'offset'; readonly target: () => Layout }
  | {
      readonly kind: 'embedded';
      readonly name: EmbeddedName;
      readonly options: readonly EmbeddedOption[];
      /** What is not in the text, and may be another in each program. */
      readonly own?: object | undefined;
    };

/** The shape of that kind. */
export type ShapeOf<Kind extends Shape['kind']> = Extract<Shape, { readonly kind: Kind }>;

declare const types: unique symbol;

/**
 * A description of bytes: how many, how they are aligned, what they mean. `Value` is what `read` returns and `write`
 * takes, `View` what `view` gives for the bytes in place. Both exist for the compiler only.
 */
// biome-ignore lint/suspicious/noExplicitAny: a layout of whatever; `unknown` would refuse every known one.
export interface Layout<Value = any, View = any> {
  /** What it consists of. */
  readonly shape: Shape;
  /** In bytes; more than 0, a multiple of `align`. */
  readonly size: number;
  /** In bytes; 1, 2, 4 or 8. */
  readonly align: number;
  /** How many layouts are inside one another here; a scalar has 1. */
  readonly depth: number;
  /** Whether there are locks or their kin in it. */
  readonly embeds: boolean;
  readonly [types]?: { readonly value: Value; readonly view: View };
}

/** The plain type that a layout describes: `Infer<typeof Particle>`. */
export type Infer<L extends Layout> = L extends Layout<infer Value> ? Value : never;

/** What `view` gives for a layout. */
export type ViewOf<L extends Layout> = L extends Layout<infer _Value, infer View> ? View : never;

/** More bytes than any machine maps. */
const SIZE_MAX = 2 ** 47;
/** Deeper than anybody nests, and no danger to the stack. */
export const DEPTH_MAX = 32;

/** Every layout comes from here. @internal */
export function makeLayout<Value, View>(
  shape: Shape,
  size: number,
  align: number,
  inner = 0,
): Layout<Value, View> {
  if (size > SIZE_MAX) throw outOfRange(`a layout of ${size} bytes is larger than any memory`);
  if (inner >= DEPTH_MAX) throw outOfRange(`layouts nest at most ${DEPTH_MAX} deep`);
  return Object.freeze({ shape, size, align, depth: inner + 1, embeds: embedsAny(shape) });
}

function embedsAny(shape: Shape): boolean {
  if (shape.kind === 'array') return shape.element.embeds;
  if (shape.kind === 'struct' || shape.kind === 'union')
    return shape.fields.some(({ layout }) => layout.embeds);
  return shape.kind === 'embedded';
}

/** The bytes that a value of the layout occupies, as C's `sizeof`. */
export function sizeOf(layout: Layout): number {
  return layout.size;
}

/** What the address of a value of the layout is a multiple of, as C's `_Alignof`. */
export function alignOf(layout: Layout): number {
  return layout.align;
}
