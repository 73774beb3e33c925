// Measures in a process of its own what an operation allocates: the heap before and after as many of them as no collection
// falls between, again and again. Started with --expose-gc and room for young objects, so that none does.

import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { median } from '../statistics.ts';
import { pathNamed } from './paths.ts';

/** For each look: far less than there is room for. */
const BYTES_PER_LOOK = 32 * 2 ** 20;
const TRIAL = 1000;
/** At least. */
const LOOKS = 8;

const [name = '', text = '1'] = process.argv.slice(2);
const wanted = Number(text);
const collect = (globalThis as { gc?: () => void }).gc as () => void;
let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });

using span = Span.anonymous({ size: 2 ** 22 });
const step = pathNamed(name).alone(span);
// Several calls: the engine compiles a loop that runs differently from one that is called.
for (let i = 0; i < 8; i++) {
  await step(Math.ceil(wanted / 20));
  await turn();
}
await look(TRIAL);
const { bytes: trial } = await look(TRIAL);
const perLook = Math.max(
  TRIAL,
  Math.min(Math.ceil(wanted / LOOKS), Math.floor(BYTES_PER_LOOK / Math.max(trial / TRIAL, 1e-6))),
);
const found: number[] = [];
for (let tries = 0, done = 0; done < wanted; tries++) {
  const times = Math.min(perLook, wanted - done);
  const nothing = await look(0);
  const { bytes, isCollected } = await look(times);
  // Something of the engine's own in between: what was freed then is not known.
  if ((isCollected || nothing.isCollected) && tries < 10_000) continue;
  found.push(Math.max(0, bytes - nothing.bytes) / times);
  done += times;
}
// The engine compiles now and then, and what it makes of that is in the heap: not in most looks.
process.send?.({ bytesPerOp: median(found) });

async function look(times: number) {
  // A collection makes room; what it leaves for later is done in the next turns.
  collect();
  await turn();
  await turn();
  const seen = collections;
  const before = process.memoryUsage().heapUsed;
  await step(times);
  const bytes = process.memoryUsage().heapUsed - before;
  await turn();
  await turn();
  return { bytes, isCollected: collections !== seen };
}
