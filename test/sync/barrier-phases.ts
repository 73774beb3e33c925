// Phases never overlap: processes and workers that do their part of each phase, meet, and look at everybody's part. They wait
// in every form, and give up and come again at random.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Span } from '../../src/index.ts';
import { type Puppet, startChild, startWorker, type Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

const PROCESSES = 3;
const WORKERS = 2;
/** The last child has two tasks. */
const PARTIES = PROCESSES + WORKERS + 1;

/** How parties wait. 'mixed': blocking or not, with times that run out, signals that abort, tries. */
export type How = 'wait' | 'waitAsync' | 'mixed';

export async function meet(t: TestContext, how: How, phases: number): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const parts = span.bytes('parts', { size: 4 * PARTIES });
  const barrier = span.barrier('b', { parties: PARTIES });
  const puppets: Puppet[] = await Promise.all([
    ...Array.from({ length: PROCESSES }, () => startChild()),
    ...Array.from({ length: WORKERS }, () => startWorker()),
  ]);
  const start = performance.now();
  const reports = await Promise.all(
    Array.from({ length: PARTIES }, (_, me) => {
      const puppet = puppets[Math.min(me, puppets.length - 1)] as Puppet;
      // Two tasks of one thread cannot both block.
      const form = me >= puppets.length - 1 && how === 'wait' ? 'waitAsync' : how;
      const isTask = me >= puppets.length - 1;
      return puppet.run(takePart, { span: span.name as string, me, form, isTask, phases });
    }),
  );
  const ms = performance.now() - start;
  const sum = (key: keyof Part): number => reports.reduce((total, part) => total + part[key], 0);
  assert.equal(sum('overlaps'), 0, 'somebody was in another phase');
  assert.equal(sum('last'), phases, 'each phase was completed by one of them');
  assert.equal(barrier.phase, phases % 2 ** 19);
  assert.equal(barrier.arrived, 0);
  assert.equal(barrier.broken, false);
  assert.deepEqual(
    [...new Int32Array(parts.buffer, parts.byteOffset, PARTIES)],
    Array(PARTIES).fill(phases),
  );
  t.diagnostic(
    `${PARTIES} parties, ${phases} phases, ${((1000 * ms) / phases).toFixed(0)} µs each; given up: ${sum('givenUp')}`,
  );
  for (const puppet of new Set(puppets)) {
    await puppet.run(({ kept }) => {
      kept.span.barrier('b').leave();
      kept.span.close();
    });
    await puppet.kill();
  }
  const words = new Int32Array(span.segment.buffer, parts.byteOffset + 64, 1 + PARTIES);
  assert.deepEqual([...words.subarray(1)], Array(PARTIES).fill(0), 'seats');
}

interface Part {
  overlaps: number;
  last: number;
  givenUp: number;
}

interface Orders {
  readonly span: string;
  readonly me: number;
  readonly form: How;
  readonly isTask: boolean;
  readonly phases: number;
}

/** One party's part. It travels as text. */
async function takePart(
  { memspan, kept }: Tools,
  { span: name, me, form, isTask, phases }: Orders,
): Promise<Part> {
  kept.span ??= memspan.Span.join(name);
  const { span } = kept;
  const barrier = span.barrier('b');
  const bytes = span.bytes('parts', { size: 4 * barrier.parties });
  // Plain loads and stores: the barrier has to order them.
  const parts = new Int32Array(bytes.buffer, bytes.byteOffset, barrier.parties);
  const part: Part = { overlaps: 0, last: 0, givenUp: 0 };
  const aborted = async (): Promise<number | null> => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), Math.random() * 2);
    try {
      return await barrier.waitAsync({ signal: abort.signal });
    } catch (error) {
      if (error !== abort.signal.reason) throw error;
      return null;
    } finally {
      clearTimeout(timer);
    }
  };
  const wait = (): number | null | Promise<number | null> => {
    if (form !== 'mixed') return barrier[form]();
    const dice = Math.random();
    if (dice < 0.2) return aborted();
    if (dice < 0.4) return barrier.waitAsync({ timeoutMs: Math.random() * 2 });
    if (dice < 0.5) return barrier.tryWait();
    if (dice < 0.6 || isTask) return barrier.waitAsync();
    return barrier.wait({ timeoutMs: dice < 0.9 ? Math.random() : 20_000 });
  };
  for (let phase = 1; phase <= phases; phase++) {
    parts[me] = phase;
    let order: number | null;
    for (;;) {
      order = await wait();
      if (order !== null) break;
      part.givenUp++;
      if (parts.some((other) => other > phase)) part.overlaps++;
    }
    if (order === barrier.parties - 1) part.last++;
    // Who is quick has begun the next phase, and cannot go beyond it without us.
    if (parts.some((other) => other < phase || other > phase + 1)) part.overlaps++;
  }
  return part;
}
