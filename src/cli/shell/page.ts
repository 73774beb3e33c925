// r, w, i, d: the page, read and written as plain memory is.

import { paint, printable } from '../format.ts';
import { TEXT_MAX } from './board.ts';
import { type Answer, type Call, numberOf, textOf, usage } from './call.ts';

const COUNTER_MIN = -(2 ** 31);
const COUNTER_MAX = 2 ** 31 - 1;

export function read({ board }: Call): Answer {
  const page = board.page();
  const version = Atomics.load(page.version, 0);
  const counter = Atomics.load(page.counter, 0);
  // One byte after the other, while somebody may be writing them.
  const { text } = page;
  // Again: what was read while the memory was cut short are zeros.
  board.page();
  const rows = [
    ['version', String(version)],
    ['counter', String(counter)],
    ['text', printable(text)],
  ] as const;
  const lines = rows.map(([title, value]) => `${paint.dim(title.padEnd(8))}${value}`.trimEnd());
  const mixture = mixtureOf(text);
  if (mixture !== undefined) lines.push(paint.yellow(`${' '.repeat(8)}a mixture: ${mixture}`));
  return { text: lines.join('\n'), facts: { version, counter, text } };
}

/** `613 × k, 407 × j`: what was read of a `fill` between two letters. */
function mixtureOf(text: string): string | undefined {
  const runs = text.match(/([a-z])\1*/g) ?? [];
  if (text.length !== TEXT_MAX || runs.length < 2 || runs.length > 4) return undefined;
  if (runs.join('').length !== TEXT_MAX) return undefined;
  return runs.map((run) => `${run.length} × ${run[0]}`).join(', ');
}

export function write(call: Call): Answer {
  const page = call.board.page();
  page.text = textOf(call, 'w', TEXT_MAX);
  const version = (Atomics.add(page.version, 0, 1) + 1) | 0;
  call.board.page();
  return { text: `${paint.dim('version ')}${version}`, facts: { version } };
}

/** Atomic: of two shells that change it at once, neither change is lost. */
export function change(sign: 1 | -1): (call: Call) => Answer {
  const name = sign === 1 ? 'i' : 'd';
  return (call) => {
    const by = sign * numberOf(call, name, 1);
    const { counter } = call.board.attached().page();
    for (;;) {
      const before = Atomics.load(counter, 0);
      const after = before + by;
      if (after < COUNTER_MIN || after > COUNTER_MAX) {
        throw usage(`${name}: ${before} and ${by} are more than 32 bits hold`, 'Change it by less');
      }
      if (Atomics.compareExchange(counter, 0, before, after) !== before) continue;
      call.board.page();
      return { text: `${paint.dim('counter ')}${after}`, facts: { counter: after } };
    }
  };
}
