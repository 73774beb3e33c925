// The demo's counting process, of which there are two: adds one, a million times, to a word they share.

import { Segment } from '../../index.ts';
import { ATOMIC, PLAIN, READY, SEGMENT, TIMES, type Way } from './counter.ts';

const WAIT_MS = 2000;
const PROCESSES = 2;

const counter = new Int32Array(Segment.open((process.argv[2] as string) + SEGMENT).buffer);
let rounds = 0;

process.on('disconnect', () => process.exit());
process.on('message', ({ way }: { way: Way }) => {
  startTogether();
  if (way === 'plain') for (let i = 0; i < TIMES; i++) counter[PLAIN]!++;
  else for (let i = 0; i < TIMES; i++) Atomics.add(counter, ATOMIC, 1);
  process.send?.('done');
});
process.send?.('here');

/** A million additions take a millisecond or two: whoever is first waits on the spot for the other. */
function startTogether(): void {
  rounds++;
  Atomics.add(counter, READY, 1);
  const end = performance.now() + WAIT_MS;
  while (Atomics.load(counter, READY) < rounds * PROCESSES) {
    if (performance.now() > end) throw new Error('the other counting process did not come');
  }
}
