// What can be said about a broadcast when it is made, and how the directory remembers it.

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { ObjectEntry } from '../span/view.ts';
import {
  CAPACITY_MAX,
  CAPACITY_MIN,
  lengthMaxOf,
  READERS_MAX,
  sizeOf,
} from './broadcast.layout.ts';
import { checkMessageLayout } from './codec.ts';

/** What becomes of a message for which there is no room, because a reader has not taken older ones yet. */
export type Overflow = 'block' | 'drop-oldest';

export interface BroadcastOptions {
  /** Bytes for messages, rounded up to a power of two: 32 to 2^30. A message takes 8 bytes more than it has, and is padded to 8. */
  capacity: number;
  /** How many readers there can be at a time: 1 to 4094. Default 16. */
  readers?: number | undefined;
  /**
   * 'block', the default: the writer waits for the slowest living reader. 'drop-oldest': it overwrites the oldest messages, and a
   * reader that has not taken them is told how many it has missed.
   */
  overflow?: Overflow | undefined;
}

export interface BroadcastOfLayout<L extends Layout> extends BroadcastOptions {
  /** What the messages are; without it: bytes. */
  layout: L;
}

/** What is asked for. */
export interface BroadcastWish extends BroadcastFacts {
  readonly layout: Layout | undefined;
}

/** Complete. */
export interface BroadcastFacts {
  /** A power of two. */
  readonly capacity: number;
  readonly readers: number;
  readonly overflow: Overflow;
}

// │ log2(capacity): bits 0–4 │ drop-oldest: bit 5 │ readers: bits 8–19 │
const CAPACITY_MASK = 31;
const DROP_OLDEST = 32;
const READERS_SHIFT = 8;
const ALL = CAPACITY_MASK | DROP_OLDEST | (0xfff << READERS_SHIFT);

/** Throws TypeError or RangeError. */
export function wishOf(options: unknown, operation: string): BroadcastWish {
  if (typeof options !== 'object' || options === null || !('capacity' in options)) {
    throw invalidArgument(`${operation}: options are an object such as {capacity: 65536}`);
  }
  const {
    capacity,
    readers = 16,
    overflow = 'block',
    layout,
  } = options as BroadcastOptions & Partial<BroadcastOfLayout<Layout>>;
  if (typeof capacity !== 'number' || typeof readers !== 'number') {
    throw invalidArgument(`${operation}: capacity and readers are numbers`);
  }
  if (!Number.isInteger(capacity) || capacity < CAPACITY_MIN || capacity > CAPACITY_MAX) {
    throw outOfRange(
      `${operation}: capacity is a whole number of bytes from ${CAPACITY_MIN} to ${CAPACITY_MAX}, not ${capacity}`,
    );
  }
  if (!Number.isInteger(readers) || readers < 1 || readers > READERS_MAX) {
    throw outOfRange(
      `${operation}: readers is a whole number from 1 to ${READERS_MAX}, not ${readers}`,
    );
  }
  if (overflow !== 'block' && overflow !== 'drop-oldest') {
    throw invalidArgument(`${operation}: overflow is 'block' or 'drop-oldest', not ${overflow}`);
  }
  const power = 2 ** Math.ceil(Math.log2(capacity));
  checkMessageLayout(layout, operation);
  const lengthMax = lengthMaxOf(power);
  if (layout !== undefined && layout.size > lengthMax) {
    throw outOfRange(
      `${operation}: its messages have ${layout.size} bytes; with this capacity they can have ${lengthMax}`,
    );
  }
  return { layout, capacity: power, readers, overflow };
}

export function encode({ capacity, readers, overflow }: BroadcastFacts): number {
  const drops = overflow === 'drop-oldest' ? DROP_OLDEST : 0;
  return Math.log2(capacity) | drops | (readers << READERS_SHIFT);
}

export function decode(bits: number): BroadcastFacts {
  return {
    capacity: 2 ** (bits & CAPACITY_MASK),
    readers: (bits >>> READERS_SHIFT) & 0xfff,
    overflow: bits & DROP_OLDEST ? 'drop-oldest' : 'block',
  };
}

/** What its directory entry says. Throws `ERR_MEMSPAN_CORRUPT` for what nobody can have made. */
export function recorded(entry: ObjectEntry, operation: string, object: string): BroadcastFacts {
  const facts = decode(entry.options);
  const { capacity, readers } = facts;
  const isPossible =
    (entry.options & ~ALL) === 0 &&
    capacity >= CAPACITY_MIN &&
    capacity <= CAPACITY_MAX &&
    readers >= 1 &&
    readers <= READERS_MAX &&
    entry.offset % 8 === 0 &&
    entry.length === sizeOf(capacity, readers);
  if (isPossible) return facts;
  throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
    operation,
    object,
    cause: 'its directory entry cannot be that of a broadcast',
    remedy: 'Remove the span with Span.unlink or `memspan rm`, and make it anew',
  });
}
