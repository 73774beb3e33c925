// A pool whose words a test reads and writes by hand, with ids of everybody who could stand in them.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Pool, type PoolOptions, Segment, Span } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

export const PUBLISHED = 0x8000_0000;
export const LOANED = 0x4000_0000;
export const REPAIR = 0x4000_0000;

/** docs/format.md: words of a pool. */
export const Word = { sent: 16, readers: 64, writers: 96, chunks: 352 } as const;
const CHUNK_WORDS = 16;

export interface Stage {
  readonly name: string;
  readonly span: Span;
  readonly pool: Pool;
  /** From the pool's first one on. */
  readonly words: Uint32Array;
  readonly owners: { readonly dead: number; readonly alive: number; readonly self: number };
  /** Whoever is alive in `owners` dies. */
  die(): void;
}

/** The word of a chunk's state. */
export function stateAt(chunk: number): number {
  return Word.chunks + CHUNK_WORDS * chunk;
}

/** The bits of a reader's seat in a chunk's state. */
export const pending = (seat: number): number => 2 ** seat;
export const taken = (seat: number): number => 2 ** (seat + 15);

export function stage(t: TestContext, options: PoolOptions): Stage {
  const name = uniqueName();
  const span = Span.create(name, { participants: 4, objects: 4 });
  const pool = span.pool('x', options);
  // Whoever holds the lifeline of an id is alive.
  const other = Segment.open(name);
  const all = new Uint32Array(span.segment.buffer);
  const objectsOffset = all[13] as number;
  const alive = (7 << 12) | 4;
  const lifeline = other.lifeline(alive);
  assert.ok(lifeline !== null);
  t.after(() => {
    lifeline.release();
    other.close();
    Span.unlink(name);
    span.close();
  });
  return {
    name,
    span,
    pool,
    words: all.subarray(objectsOffset / 4),
    owners: { dead: (9 << 12) | 4, alive, self: (1 << 12) | 1 },
    die: () => lifeline.release(),
  };
}
