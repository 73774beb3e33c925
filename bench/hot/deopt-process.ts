// Runs a hot path until it is warm, and then for as long again between two marks on standard output, where the engine, started with
// --trace-deopt, says what it gives up.

import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { pathNamed } from './paths.ts';

const [name = '', text = '1'] = process.argv.slice(2);
const wanted = Number(text);
const PARTS = 10;

using span = Span.anonymous({ size: 2 ** 22 });
const step = pathNamed(name).alone(span);
for (const mark of ['warm', 'done']) {
  for (let i = 0; i < PARTS; i++) {
    await step(Math.ceil(wanted / PARTS));
    await turn();
  }
  writeSync(1, `\nmark: ${mark}\n`);
}
