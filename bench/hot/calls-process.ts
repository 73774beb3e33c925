// One of two processes that do a hot path while each of their system calls is written down: a call of open(2) that fails is the mark
// in that list. They meet before and after, awake, so that nobody of them sleeps because the other one is not there yet.

import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { MARKS } from './calls.ts';
import type { Step } from './path.ts';
import { pathNamed } from './paths.ts';

const [side = 'a', name = '', path = '', text = '1'] = process.argv.slice(2);
const wanted = Number(text);
const { alone, ends } = pathNamed(path);

using span = Span.open(name, { size: 2 ** 22 });
const { buffer, byteOffset } = span.bytes('meetings', { size: 4 * 64 });
const words = new Int32Array(buffer, byteOffset, 64);
let meetings = 0;

/** An end that nobody reads from, or writes to, is not there yet. */
const open = ends?.[side === 'a' ? 0 : 1] ?? (side === 'a' ? alone : awake);
if (side === 'a' && ends) meet();
const step = open(span);
if (side === 'b' && ends) meet();
meet();
for (let i = 0; i < 8; i++) {
  await step(Math.ceil(wanted / 8));
  meet();
  await turn();
}
const before = switches();
mark(MARKS.warm);
meet();
// Nothing but the path between this meeting and the next.
const done = step(wanted);
meet();
mark(MARKS.done);
await done;
process.send?.({ switches: switches() - before });
if (side === 'a') span.unlink();

/** Until both have come; spinning. */
function meet(): void {
  meetings++;
  Atomics.add(words, 0, 1);
  while (Atomics.load(words, 0) < 2 * meetings);
}

/** Where there is nothing to do for a second process: it looks at a word until the first one is done. */
function awake(): Step {
  return () => {
    while (Atomics.load(words, 0) < 2 * meetings + 1);
  };
}

function mark(path: string): void {
  try {
    readFileSync(path);
  } catch {
    // There is no such file.
  }
}

/** How often this thread had to give up its processor: then it was not awake. */
function switches(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/^nonvoluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}
