// A schedule as a table and as a sequence diagram.

import { show } from './explain.ts';
import type { FailureStep } from './failure.ts';

const HEADINGS = ['#', 'thread', 'operation', 'word', 'before → after'];

/** Of more steps than people read, so many of the first and of the last are shown. */
const SHOWN_MAX = 120;
const FIRST = 20;
const LAST = 60;

/** Where steps are left out, how many. */
function shownOf(steps: readonly FailureStep[]): (readonly [number, FailureStep] | number)[] {
  const all = [...steps.entries()];
  if (all.length <= SHOWN_MAX) return all;
  return [...all.slice(0, FIRST), all.length - FIRST - LAST, ...all.slice(-LAST)];
}

export function table(steps: readonly FailureStep[]): string {
  const rows = [
    HEADINGS,
    ...shownOf(steps).map((shown) => {
      if (typeof shown === 'number') return ['…', `${shown} more`, '', '', ''];
      const [i, step] = shown;
      return [`${i + 1}`, step.thread, nameOf(step), step.word, valuesOf(step) + wokenOf(step)];
    }),
  ];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows.map(line);
  return [head, widths.map((width) => '─'.repeat(width)).join('  '), ...body].join('\n');
}

function nameOf({ operation }: FailureStep): string {
  if (operation === 'kill') return 'is killed';
  return operation === 'time' ? 'its time is over' : operation;
}

function valuesOf({ operation, before, after, answer }: FailureStep): string {
  if (operation === 'sleep' || operation === 'wait') {
    return answer === 'asleep' ? `${show(before)}, asleep` : `${show(before)}, ${show(answer)}`;
  }
  if (operation === 'wake' || operation === 'notify') {
    return answer === 0 ? 'nobody is asleep' : `woken: ${show(answer)}`;
  }
  if (before === undefined && after === undefined) return answer === undefined ? '' : show(answer);
  if (Object.is(before, after)) {
    return operation === 'compareExchange' ? `${show(before)}, not exchanged` : show(before);
  }
  return `${show(before)} → ${show(after)}`;
}

function wokenOf({ woken }: FailureStep): string {
  return woken.length === 0 ? '' : ` (${woken.join(', ')})`;
}

/** https://mermaid.js.org/syntax/sequenceDiagram.html */
export function diagram(steps: readonly FailureStep[], ending: string): string {
  const names = [...new Set(steps.map(({ thread }) => thread))];
  const alias = new Map(names.map((name, i) => [name, `T${i}`]));
  const lines = ['sequenceDiagram'];
  for (const [name, short] of alias) lines.push(`  participant ${short} as ${plain(name)}`);
  lines.push('  participant M as memory');
  for (const shown of shownOf(steps)) {
    if (typeof shown === 'number') {
      lines.push(`  Note over M: … ${shown} more steps …`);
      continue;
    }
    const [, step] = shown;
    const from = alias.get(step.thread) as string;
    if (step.operation === 'kill' || step.operation === 'time') {
      lines.push(`  Note over ${from}: ${nameOf(step)}`);
      continue;
    }
    const text = plain(`${step.operation} ${step.word}: ${valuesOf(step)}`);
    lines.push(`  ${from}->>M: ${text}`);
    for (const woken of step.woken) {
      const to = alias.get(woken);
      if (to !== undefined) lines.push(`  ${from}-->>${to}: wakes`);
    }
  }
  const last = alias.size === 0 ? 'M' : `T0,M`;
  lines.push(`  Note over ${last}: ${plain(ending)}`);
  return lines.join('\n');
}

/** Without what Mermaid takes for its own. */
function plain(text: string): string {
  return text.replaceAll(/[;#]/g, ',').replaceAll('\n', ' ');
}
