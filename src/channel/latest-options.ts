// What a newest value is opened with: a layout, or a size in bytes; and how many buffers it has.

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { ObjectEntry } from '../span/view.ts';
import { checkMessageLayout, isLayout } from './codec.ts';
import {
  BUFFERS_MAX,
  BUFFERS_MIN,
  decode,
  type LatestFacts,
  lengthOf,
  SIZE_MAX,
} from './latest.layout.ts';

export interface LatestBuffers {
  /**
   * How many values may lie there, the newest and those before it: a power of two from 2 to 1024. A reader has to copy a value in
   * the time in which the writer publishes one fewer than that, or begins anew. Default: what is there, or else 16 for values of
   * up to 1 KiB, 8 up to 64 KiB, 4 for longer ones.
   */
  buffers?: number | undefined;
}

export interface LatestOfBytes extends LatestBuffers {
  /** The longest value, in bytes: from 1 to 2^28 − 1. */
  size: number;
}

export interface LatestOfLayout<L extends Layout> extends LatestBuffers {
  layout: L;
}

/** As asked for. */
export interface LatestWish {
  readonly layout: Layout | undefined;
  readonly size: number;
  readonly buffers: number | undefined;
}

/** Throws TypeError or RangeError. */
export function wishOf(given: unknown, operation: string): LatestWish {
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument(`${operation} takes a layout, {layout} or {size}`);
  }
  if (isLayout(given)) {
    checkMessageLayout(given, operation);
    return wish(given, given.size, undefined, operation);
  }
  const { layout, size, buffers } = given as Partial<LatestOfBytes & LatestOfLayout<Layout>>;
  if (layout !== undefined) {
    checkMessageLayout(layout, operation);
    if (size !== undefined && size !== layout.size) {
      throw invalidArgument(`${operation} takes a layout or a size, not both`);
    }
    return wish(layout, layout.size, buffers, operation);
  }
  if (typeof size !== 'number') {
    throw invalidArgument(`${operation}: size is a number of bytes, or there is a layout`);
  }
  return wish(undefined, size, buffers, operation);
}

function wish(
  layout: Layout | undefined,
  size: number,
  buffers: number | undefined,
  operation: string,
): LatestWish {
  if (!Number.isInteger(size) || size < 1 || size > SIZE_MAX) {
    throw outOfRange(`${operation}: a value has from 1 to ${SIZE_MAX} bytes, not ${size}`);
  }
  if (buffers === undefined) return { layout, size, buffers };
  if (typeof buffers !== 'number') {
    throw invalidArgument(`${operation}: buffers is a number, not ${typeof buffers}`);
  }
  const isPower = Number.isInteger(Math.log2(buffers));
  if (!isPower || buffers < BUFFERS_MIN || buffers > BUFFERS_MAX) {
    throw outOfRange(
      `${operation}: buffers is a power of two from ${BUFFERS_MIN} to ${BUFFERS_MAX}, not ${buffers}`,
    );
  }
  return { layout, size, buffers };
}

/**
 * Under a full-speed writer, a read of any size takes 2 to 12 attempts on average with 2 buffers, up to 600; 1.0 to 1.1 with 4,
 * up to 21; 1 with 8 and more, up to 2 (docs/decisions.md).
 */
export function defaultBuffers(size: number): number {
  if (size <= 1024) return 16;
  return size <= 65536 ? 8 : 4;
}

/** What the entry of one that is there says. */
export function recorded(entry: ObjectEntry, operation: string, object: string): LatestFacts {
  const facts = decode(entry.options);
  if (facts !== undefined && lengthOf(facts) === entry.length) return facts;
  throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
    operation,
    object,
    cause: `its directory entry says options ${entry.options} and ${entry.length} bytes, which do not belong together`,
    remedy: 'Remove the span with Span.unlink or `memspan rm`, and make it anew',
  });
}
