// The layout of a named object, as its directory entry remembers it: the canonical text, and its fingerprint.
//
// The text lies behind the object's bytes, at the next multiple of 4: an entry that says anything else is damaged. It is
// written before the entry is READY, as everything of the object, and never changes after that.

import { MemspanError } from '../errors.ts';
import { layoutText, TEXT_MAX } from '../layout/canonical.ts';
import { layoutDifferences } from '../layout/difference.ts';
import { fnv1a } from '../layout/fingerprint.ts';
import type { Layout } from '../layout/layout.ts';
import { parseLayout } from '../layout/parse.ts';
import { load, store } from '../word/atomics.ts';
import { readBytes, writeBytes } from '../word/bytes.ts';
import { Entry } from './directory.layout.ts';

/** What an entry says about a layout; where it can be has been checked, what it says has not. */
export interface StoredLayout {
  /** Of the text. */
  readonly fingerprint: bigint;
  /** Bytes from the span's start, and how many. */
  readonly offset: number;
  readonly length: number;
}

/** An object's bytes, and the text behind them. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly layout: StoredLayout | undefined;
}

/** Who reads: the span's words, and its name for errors. */
interface Bytes {
  readonly words: Int32Array;
  readonly segment: { readonly name: string | undefined };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Where the text of an object of so many bytes goes. */
function textOffset(offset: number, length: number): number {
  return Math.ceil((offset + length) / 4) * 4;
}

/** The first byte that is no longer the object's. */
export function endOf({ offset, length, layout }: Extent): number {
  return layout === undefined ? offset + length : layout.offset + layout.length;
}

/** Where everything of an object with that layout will be. */
export function extentOf(offset: number, length: number, layout: Layout | undefined): Extent {
  if (layout === undefined) return { offset, length, layout };
  const text = layoutText(layout);
  const stored = {
    fingerprint: fnv1a(text),
    offset: textOffset(offset, length),
    length: text.length,
  };
  return { offset, length, layout: stored };
}

/** Writes the text, and what the entry at that word says about it. */
export function storeLayout(
  words: Int32Array,
  at: number,
  { layout: stored }: Extent,
  layout: Layout,
): void {
  if (stored === undefined) return;
  writeBytes(words, stored.offset, new TextEncoder().encode(layoutText(layout)));
  store(words, at + Entry.fingerprint, Number(BigInt.asIntN(32, stored.fingerprint)));
  store(words, at + Entry.fingerprint + 1, Number(BigInt.asIntN(32, stored.fingerprint >> 32n)));
  store(words, at + Entry.layoutOffset, stored.offset | 0);
  store(words, at + Entry.layoutOffset + 1, Math.floor(stored.offset / 2 ** 32));
  store(words, at + Entry.layoutLength, stored.length);
}

/**
 * What the entry at that word says about the layout of an object of those bytes. Undefined without one; null when it is
 * elsewhere than it has to be, or reaches beyond the span.
 */
export function storedLayout(
  words: Int32Array,
  at: number,
  { offset, length }: { readonly offset: number; readonly length: number },
  size: number,
): StoredLayout | undefined | null {
  const word = (index: number): number => load(words, at + index) >>> 0;
  const textLength = word(Entry.layoutLength);
  if (textLength === 0) return undefined;
  const from = word(Entry.layoutOffset) + word(Entry.layoutOffset + 1) * 2 ** 32;
  const isThere = from === textOffset(offset, length) && from + textLength <= size;
  if (!isThere || textLength > TEXT_MAX) return null;
  const fingerprint =
    (BigInt(word(Entry.fingerprint + 1)) << 32n) | BigInt(word(Entry.fingerprint));
  return { fingerprint, offset: from, length: textLength };
}

/** A named object with its layout. */
interface Described {
  readonly name: string;
  readonly layout: StoredLayout | undefined;
}

/**
 * The layout that was stored with an object; undefined when none was. Throws `ERR_MEMSPAN_CORRUPT` when the text is no
 * layout's, or not the one of the fingerprint.
 */
export function layoutOf(bytes: Bytes, entry: Described): Layout | undefined {
  const text = textOf(bytes, entry);
  if (text === undefined) return undefined;
  const known = parsed.get(text);
  if (known !== undefined) return known;
  let layout: Layout;
  try {
    layout = parseLayout(text);
  } catch (error) {
    throw damaged(bytes, entry, (error as Error).message);
  }
  if (parsed.size >= PARSED_MAX) parsed.clear();
  parsed.set(text, layout);
  return layout;
}

/** So that an object that is opened often has one layout, and views of one class. */
const parsed = new Map<string, Layout>();
const PARSED_MAX = 256;

function textOf(bytes: Bytes, entry: Described): string | undefined {
  const { layout: stored } = entry;
  if (stored === undefined) return undefined;
  const text = decoder.decode(readBytes(bytes.words, stored.offset, stored.length));
  if (fnv1a(text) === stored.fingerprint) return text;
  throw damaged(bytes, entry, 'the text and its fingerprint do not belong together');
}

function damaged({ segment }: Bytes, { name }: Described, cause: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CORRUPT', {
    operation: 'span',
    object: `${segment.name ?? ''}/${name}`,
    cause: `its layout is damaged: ${cause}`,
    remedy: 'Remove the span with Span.unlink or `memspan rm`, and make it anew',
  });
}

export interface Wish {
  readonly operation: string;
  readonly name: string;
  readonly layout?: Layout | undefined;
  /** The object may have more members than `layout` knows, behind those. */
  readonly extensible?: boolean | undefined;
}

/**
 * Throws `ERR_MEMSPAN_LAYOUT_MISMATCH`, with the first member that differs, unless the object has that layout (or, if the
 * wish is extensible, that layout and appended members); `ERR_MEMSPAN_CORRUPT` as `layoutOf`.
 */
export function agreeOnLayout(bytes: Bytes, entry: Described, wish: Wish): void {
  const expected = wish.layout && layoutText(wish.layout);
  const found = textOf(bytes, entry);
  if (expected === found) return;
  if (wish.layout === undefined || found === undefined) {
    const cause = `it has ${shown(found)}, not ${shown(expected)}`;
    throw mismatch(bytes, wish, cause, expected, found);
  }
  const differences = differencesOf(wish.layout, layoutOf(bytes, entry) as Layout);
  const first = differences?.find(
    (one) => !(wish.extensible && one.compatible && one.expected === undefined),
  );
  if (differences !== undefined && first === undefined) return;
  const cause = first?.message ?? `it is ${found}, not ${expected}`;
  const others = (differences?.length ?? 0) - 1;
  const more = others > 0 ? ` (and ${others} more)` : '';
  throw mismatch(
    bytes,
    wish,
    `its layout is another one: ${cause}${more}`,
    first?.expected && { path: first.path, ...first.expected },
    first?.found && { path: first.path, ...first.found },
  );
}

/** Undefined when a text that is allowed has parts that could not be texts of their own. */
function differencesOf(expected: Layout, found: Layout) {
  try {
    return layoutDifferences(expected, found);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function shown(text: string | undefined): string {
  if (text === undefined) return 'no layout';
  return `the layout ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
}

function mismatch(
  { segment }: Bytes,
  { operation, name }: Wish,
  cause: string,
  expected: unknown,
  found: unknown,
): MemspanError {
  return new MemspanError('ERR_MEMSPAN_LAYOUT_MISMATCH', {
    operation,
    object: `${segment.name ?? ''}/${name}`,
    cause,
    remedy: 'Have all programs use the same layout, or choose another name',
    expected,
    found,
  });
}
