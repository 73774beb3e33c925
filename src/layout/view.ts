// Bytes in place, as objects whose properties are the memory.

import { invalidArgument, outOfRange } from '../errors.ts';
import type { Layout } from './layout.ts';
import { type Host, Lens } from './lens.ts';
import { type Memory, placeOf } from './place.ts';
import { viewClass } from './view-class.ts';

/**
 * The value at `offset` bytes of the memory, in place: to read a property is to read the memory, to assign one is to write
 * it, at the speed of a typed array. Of a struct, union or bitfield an object with its members, of an array
 * `Elements`; those inside are views themselves.
 *
 * Numbers wrap and round as they do in typed arrays; what is not a number is checked as `write` does. Nothing is atomic
 * but an aligned number of at most 4 bytes. For memory that stays: the accessors are made once for each layout and buffer
 * (some 80 µs, 40 µs for a further buffer). For bytes that pass, `read` and `write` are quicker.
 *
 * Of memory of a read-only segment nothing can be assigned: `ERR_MEMSPAN_READ_ONLY`, at once. Locks and their kin live in
 * spans: to reach one that is in raw memory is `ERR_MEMSPAN_UNSUPPORTED`; the other members are what they are.
 *
 * @throws RangeError if it is not within the memory, or `offset` is no multiple of the layout's alignment (`read` and
 * `write` take any). TypeError for a layout of a single value.
 */
export function view<View extends object>(
  // biome-ignore lint/suspicious/noExplicitAny: of whatever value.
  layout: Layout<any, View>,
  memory: Memory,
  offset = 0,
): View {
  const { align } = layout;
  const { buffer, at } = placeOf('view', layout, memory, offset);
  if (!isInPlace(layout))
    throw invalidArgument('view: a single value has no members: use read and write');
  if (at % align !== 0)
    throw outOfRange(
      `view: byte ${at} of the buffer is no multiple of ${align}, the alignment: use read and write`,
    );
  return through(Lens.of(buffer), layout, at);
}

/** The same in memory that has a host, at a place that is known to be right. @internal */
export function viewWithin<View extends object>(
  host: Host,
  // biome-ignore lint/suspicious/noExplicitAny: of whatever value.
  layout: Layout<any, View>,
  at: number,
): View {
  return through(Lens.within(host), layout, at);
}

function through<View extends object>(
  lens: Lens,
  // biome-ignore lint/suspicious/noExplicitAny: of whatever value.
  layout: Layout<any, View>,
  at: number,
): View {
  const { shape, size, align } = layout;
  if (shape.kind === 'embedded') return lens.live(layout, at, shape.name) as View;
  if (shape.kind === 'bytes') return lens.arrays.u8.subarray(at, at + size) as object as View;
  if (shape.kind === 'atomic')
    return lens.arrays[shape.name].subarray(at / align, at / align + 1) as object as View;
  return new (viewClass(layout, lens))(at / align) as View;
}

/** Whether it has members, is a part of a typed array, or a lock; other values can only be copied. @internal */
export function isInPlace({ shape }: Layout): boolean {
  return 'fields' in shape || ['array', 'bytes', 'atomic', 'embedded'].includes(shape.kind);
}
