// A semaphore whose words a test writes by hand, with ids of everybody who could stand in them, and a cell of
// somebody alive who waits for it.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Segment, type Semaphore, type SemaphoreOptions, Span } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

export const WAITERS = 0x8000_0000;
export const COUNT = 0x7fff_ffff;

export type Owner = 'nobody' | 'dead' | 'alive' | 'self';

export interface Stage {
  readonly name: string;
  readonly span: Span;
  readonly semaphore: Semaphore;
  /** From the semaphore's first one on. */
  readonly words: Uint32Array;
  readonly owners: Record<Owner, number>;
  /** Somebody alive waits for it, since before everybody who comes now; or no longer. */
  setWaiter(waits: boolean): void;
}

/** docs/format.md, for 4 participants. */
const WAITS = 4096;
const SLOTS = 4160;

export function stage(t: TestContext, options: SemaphoreOptions, Class: typeof Span = Span): Stage {
  const name = uniqueName();
  const span = Class.create(name, { participants: 4, objects: 4 });
  const semaphore = span.semaphore('x', options);
  // Whoever holds the lifeline of an id is alive.
  const other = Segment.open(name);
  const objectsOffset = new Uint32Array(other.buffer)[13] as number;
  const alive = (7 << 12) | 4;
  const lifeline = other.lifeline(alive);
  assert.ok(lifeline !== null);
  const all = new Uint32Array(span.segment.buffer);
  t.after(() => {
    lifeline.release();
    other.close();
    Span.unlink(name);
    span.close();
  });
  const self = (1 << 12) | 1;
  return {
    name,
    span,
    semaphore,
    words: all.subarray(objectsOffset / 4),
    owners: { nobody: 0, dead: (9 << 12) | 4, alive, self },
    setWaiter(waits) {
      all.set([0x103, -10, objectsOffset / 4, 0], (SLOTS + 3 * 2048 + 512) / 4);
      all[WAITS / 4 + 3] = (7 << 16) | (waits ? 1 : 0);
    },
  };
}
