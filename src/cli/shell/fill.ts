// fill: one letter after the other into the whole text, the plain way, so that other shells read mixtures.

import { setImmediate as turn } from 'node:timers/promises';
import { count, duration, paint } from '../format.ts';
import { type Answer, type Call, numberOf, usage } from './call.ts';

const A = 97;
const LETTERS = 26;
/** For so long it goes on before it looks whether there was a Ctrl-C. */
const TURN_MS = 20;

export async function fill(call: Call): Promise<Answer> {
  const { board, signal, tell } = call;
  const attached = board.attached();
  const most = numberOf(call, 'fill', Number.POSITIVE_INFINITY);
  if (most < 1) throw usage(`fill takes a number from 1 up, not ${most}`, 'For example: fill 26');
  tell('writing a, b, c … in place; in another shell, `r` sees mixtures');
  const start = performance.now();
  let fills = 0;
  while (fills < most && !signal.aborted) {
    const text = attached.textBytes();
    const { version } = attached.page();
    const end = performance.now() + TURN_MS;
    do {
      // Byte by byte, as a program does that has never heard of shared memory.
      for (let i = 0; i < text.length; i++) text[i] = A + (fills % LETTERS);
      Atomics.add(version, 0, 1);
      fills++;
    } while (fills < most && performance.now() < end);
    await turn();
  }
  const seconds = (performance.now() - start) / 1000;
  return {
    text: [
      `filled ${count(fills)} times in ${duration(seconds)}`,
      ...LATEST.map((line) => paint.dim(line)),
    ].join('\n'),
    facts: { fills, seconds: Number(seconds.toFixed(6)) },
  };
}

const LATEST = [
  'Whoever read meanwhile has read parts of two letters now and then. With `lock`',
  "around every fill and every r nobody does. With span.latest('page', Page)",
  'nobody does either, nor waits: one of two buffers is filled, the other is read.',
];
