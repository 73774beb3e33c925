// The layouts of many equal things in a row: text, bytes, arrays.

import { invalidArgument, outOfRange } from '../errors.ts';
import type { Elements, NumberElements } from './elements.ts';
import { type Infer, type Layout, makeLayout, type ViewOf } from './layout.ts';

/**
 * Text in at most `length` bytes of UTF-8, filled up with zeros: C's `char name[length]`. Text of exactly `length` bytes
 * has no zero behind it, so C programs want one byte more than the longest text. A damaged character is read as U+FFFD.
 */
export function utf8(length: number): Layout<string, string> {
  return makeLayout({ kind: 'utf8', length: count(length, 'utf8') }, length, 1);
}

/** Exactly `length` bytes. `read` returns a copy, a view gives them in place. */
export function bytes(length: number): Layout<Uint8Array, Uint8Array> {
  return makeLayout({ kind: 'bytes', length: count(length, 'bytes') }, length, 1);
}

/** `length` values of a layout, one behind the other. */
export function array<L extends Layout>(
  element: L,
  length: number,
): Layout<
  [Infer<L>] extends [never] ? never : Infer<L>[],
  ViewOf<L> extends number | bigint ? NumberElements<ViewOf<L>> : Elements<ViewOf<L>, Infer<L>>
> {
  checkLayout(element, 'array');
  const size = element.size * count(length, 'array');
  return makeLayout({ kind: 'array', element, length }, size, element.align, element.depth);
}

/** @internal */
export function checkLayout(layout: Layout, where: string): void {
  if (typeof layout?.shape?.kind === 'string') return;
  throw invalidArgument(`${where}: ${String(layout)} is not a layout`);
}

function count(length: number, where: string): number {
  if (typeof length !== 'number') throw invalidArgument(`${where}: the length is not a number`);
  if (Number.isSafeInteger(length) && length >= 1) return length;
  throw outOfRange(`${where}: the length ${length} is not an integer of at least 1`);
}
