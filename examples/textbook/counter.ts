// Two threads count to 100,000 each, in one counter, in memory without a name. (Node cannot fork; across processes it is
// Segment.anonymous and forkWith of memspan.)
//   counter plain|atomic [TIMES]

import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { MAP_ANONYMOUS, MAP_SHARED, mmap, PROT_READ, PROT_WRITE } from 'memspan/posix';
import { print } from './terminal.ts';

const isAtomic = process.argv[2] === 'atomic';
const times = Number(process.argv[3] ?? 100_000);

function count(shared: Int32Array): void {
  // Both at once, or there would be nothing to see.
  Atomics.add(shared, 1, 1);
  while (Atomics.load(shared, 1) < 2);
  for (let i = 0; i < times; i++) {
    if (isAtomic) Atomics.add(shared, 0, 1);
    else shared[0] = shared[0]! + 1; // load, add, store
  }
}

if (isMainThread) {
  const memory = mmap(null, 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const shared = new Int32Array(memory); // the counter, and how many are ready
  const child = new Worker(new URL(import.meta.url), {
    argv: process.argv.slice(2),
    workerData: memory,
  });
  await once(child, 'online');
  count(shared);
  await once(child, 'exit');
  print(`${shared[0]} of ${2 * times}`);
} else {
  count(new Int32Array(workerData as SharedArrayBuffer));
}
