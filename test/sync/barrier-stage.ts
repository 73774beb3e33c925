// A barrier of three parties for tests: embedded, so that its bytes can be written by hand, with an id of each sort.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import * as memspan from '../../src/index.ts';
import { type Barrier, Segment, type Span } from '../../src/index.ts';
import { barrierSize } from '../../src/sync/barrier.layout.ts';
import { uniqueName } from '../support/segments.ts';

export type Sitter = 'nobody' | 'dead' | 'garbage' | 'alive' | 'self';

export interface Stage {
  readonly span: Span;
  readonly barrier: Barrier;
  /** The word and three seats. */
  readonly words: Uint32Array;
  readonly ids: Readonly<Record<Sitter, number>>;
}

export const PARTIES = 3;

interface Library {
  readonly Span: typeof Span;
  readonly Barrier: typeof Barrier;
}

/** `library`: memspan as it is, or with its steps. */
export function stage(t: TestContext, library: Library = memspan): Stage {
  const name = uniqueName();
  const span = library.Span.create(name, { participants: 4, objects: 4 });
  const { buffer, byteOffset } = span.bytes('x', { size: barrierSize(PARTIES) });
  const words = new Uint32Array(buffer, byteOffset, 1 + PARTIES);
  const barrier = library.Barrier.at(span, byteOffset, { parties: PARTIES });
  barrier.join();
  const self = words[1] as number;
  barrier.leave();
  // Whoever holds the lifeline of an id is alive.
  const other = Segment.open(name);
  const alive = (7 << 12) | 4;
  const lifeline = other.lifeline(alive);
  t.after(() => {
    lifeline?.release();
    other.close();
    span.unlink();
    span.close();
  });
  assert.ok(lifeline !== null && self > 0);
  assert.deepEqual([...words], [0, 0, 0, 0]);
  const ids = { nobody: 0, dead: (9 << 12) | 4, garbage: 0xffff_ffff, alive, self };
  return { span, barrier, words, ids };
}
