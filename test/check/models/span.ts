// Span: joining, leaving, and what is left by those who die: one file for all who come by name, and a name for as long
// as somebody is there.
import assert from 'node:assert/strict';
import type { End, Me, Moment } from '../../../src/check/explore.ts';
import { MemspanError, Segment, Span, type SpanOptions } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

const NAME = 'span';
const SMALL: SpanOptions = { size: 16_384, participants: 3, objects: 1 };

interface Shared {
  /** Of each thread: the file that it is attached to; 0 for none. */
  readonly attached: Int32Array;
}

interface Visit {
  readonly file: number;
  readonly created: boolean;
  readonly recovered: boolean;
}

function setup(): Shared {
  return { attached: new Int32Array(3) };
}

function visitor(options: SpanOptions) {
  return ({ attached }: Shared, { index }: Me): Visit => {
    const span = Span.open(NAME, { ...SMALL, ...options });
    const file = fileOf(span.segment);
    attached[index] = file;
    const { created, recovered } = span;
    attached[index] = 0;
    span.close();
    return { file, created, recovered };
  };
}

function fileOf({ handle }: Segment): number {
  return Number(handle.ino);
}

/** The file that the name leads to; 0 for none. */
function linked(): number {
  try {
    return fileOf(Segment.open(NAME));
  } catch (error) {
    if (error instanceof MemspanError && error.code === 'ERR_MEMSPAN_NOT_FOUND') return 0;
    throw error;
  }
}

function invariant({ attached }: Shared, { killed }: Moment): void {
  for (const [index, file] of [...attached].entries()) {
    if (file === 0 || killed.includes(index)) continue;
    assert.equal(linked(), file, 'the name leads elsewhere than to where somebody is attached');
  }
}

function lastClose(_shared: Shared, { killed }: End<Visit>): void {
  if (killed.length === 0) assert.equal(linked(), 0, 'all have left, and the name is still there');
}

export const span: readonly Model[] = [
  model('span: two come and go', {
    setup,
    threads: [visitor({ lifetime: 'last-close' }), visitor({ lifetime: 'last-close' })],
    invariant,
    atEnd: lastClose,
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
];
