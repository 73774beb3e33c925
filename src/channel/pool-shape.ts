// What must be said about a pool, and the checks of it.

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { checkMessageLayout } from './codec.ts';
import { CHUNK_SIZE_MAX, CHUNKS_MAX, type PoolShape, READERS_MAX } from './pool.layout.ts';

interface CommonOptions {
  /** How many chunks there are: 1 to 4096. As many as writers fill and readers hold at the same time, and some more. */
  chunks: number;
  /** How many readers there can be at once: 1 to 15. Default 8. */
  readers?: number | undefined;
  /** See `ExistingPoolOptions`. */
  trackLoans?: boolean | undefined;
}

/** Chunks of bytes. */
export interface PoolOptions extends CommonOptions {
  /** Bytes of a chunk: 1 to 2^31 − 1. */
  chunkSize: number;
  layout?: undefined;
}

/** Chunks that hold one value of a layout each. */
export interface LayoutPoolOptions<L extends Layout> extends CommonOptions {
  /** A struct, union, bitfield, array, bytes or atomic: what can be used in place. */
  layout: L;
  chunkSize?: undefined;
}

/** For a pool that is there: `span.pool('frames', {trackLoans: true})`. */
export interface ExistingPoolOptions {
  chunks?: undefined;
  /**
   * Remembers for each chunk that this opening's writers and readers take where in the program that was, for
   * `pool.leaks` and the report of those that are lost. Costs some microseconds each. Default false.
   */
  trackLoans?: boolean | undefined;
}

/** The same, of one that was made with a layout. */
export interface ExistingLayoutPoolOptions<L extends Layout> extends ExistingPoolOptions {
  layout: L;
}

/** As they come from a caller. */
export type AnyPoolOptions =
  | PoolOptions
  | LayoutPoolOptions<Layout>
  | ExistingPoolOptions
  | ExistingLayoutPoolOptions<Layout>;

/** What they come to. */
export interface PoolFacts {
  /** Undefined: as the one that is there. */
  readonly shape: PoolShape | undefined;
  readonly layout: Layout | undefined;
  readonly trackLoans: boolean;
}

interface Given {
  readonly chunks?: unknown;
  readonly chunkSize?: unknown;
  readonly readers?: unknown;
  readonly layout?: Layout | undefined;
  readonly trackLoans?: unknown;
}

const READERS = 8;
const IN_PLACE = ['struct', 'union', 'bitfield', 'array', 'bytes', 'atomic'];

export function factsOf(options: AnyPoolOptions | undefined, operation: string): PoolFacts {
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    throw invalidArgument(
      `${operation}: options are an object such as {chunks: 8, chunkSize: 65536}`,
    );
  }
  const given: Given = options ?? {};
  const { layout, trackLoans = false } = given;
  if (typeof trackLoans !== 'boolean') {
    throw invalidArgument(`${operation}: trackLoans is true or false`);
  }
  if (layout !== undefined && !IN_PLACE.includes(layout?.shape?.kind)) {
    throw invalidArgument(`${operation}: layout is a struct, an array or another with members`);
  }
  checkMessageLayout(layout, operation);
  return { shape: shapeOf(given, operation), layout, trackLoans };
}

function shapeOf(given: Given, operation: string): PoolShape | undefined {
  const { chunks, chunkSize, layout, readers } = given;
  if (chunks === undefined) {
    if (chunkSize === undefined && readers === undefined) return undefined;
    throw invalidArgument(`${operation}: a pool has a number of chunks, too`);
  }
  if ((layout === undefined) === (chunkSize === undefined)) {
    throw invalidArgument(`${operation}: a pool has either a chunkSize or a layout`);
  }
  return {
    chunks: inRange('chunks', chunks, CHUNKS_MAX, operation),
    chunkSize: inRange('chunkSize', chunkSize ?? layout?.size, CHUNK_SIZE_MAX, operation),
    readers: inRange('readers', readers ?? READERS, READERS_MAX, operation),
  };
}

function inRange(name: string, value: unknown, max: number, operation: string): number {
  if (typeof value !== 'number') {
    throw invalidArgument(`${operation}: ${name} is a number, not ${typeof value}`);
  }
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw outOfRange(`${operation}: ${name} is a whole number from 1 to ${max}, not ${value}`);
}

export function isSameShape(a: PoolShape, b: PoolShape): boolean {
  return a.chunks === b.chunks && a.chunkSize === b.chunkSize && a.readers === b.readers;
}

interface Subject {
  readonly operation: string;
  readonly object: string;
}

export function noSuchPool(subject: Subject): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
    ...subject,
    cause: 'there is no such pool yet',
    remedy: 'Say what it shall be, such as {chunks: 8, chunkSize: 65536}, and it is made',
  });
}

export function corruptPool(subject: Subject, cause: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CORRUPT', {
    ...subject,
    cause,
    remedy: 'Remove the span with Span.unlink or `memspan rm`, and make it anew',
  });
}
