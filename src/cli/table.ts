// Tables without borders, by cli-table3.

import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { paint, widthOf } from './format.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Columns of the terminal, the gap to the next one included; cut with `…`. Default: as wide as needed. */
  readonly width?: number | undefined;
}

/** Spaces between two columns. */
export const GAP = 2;

/** cli-table3 compares each cell with those of all rows before it: 5,000 rows at once took it 30 s. */
const ROWS_AT_ONCE = 64;

export function tableOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  head = true,
): string {
  const titles = columns.map(({ title }) => paint.dim(title));
  const all = head ? [titles, ...rows] : rows;
  const widths = columns.map(
    ({ width }, i) => width ?? all.reduce((most, row) => Math.max(most, need(row[i])), 1),
  );
  const parts: string[] = [];
  for (let from = 0; from < all.length; from += ROWS_AT_ONCE) {
    const table = new Table({
      chars: NO_BORDERS,
      style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
      colAligns: columns.map(({ align = 'left' }) => align),
      colWidths: widths,
    });
    table.push(...all.slice(from, from + ROWS_AT_ONCE).map((row) => [...row]));
    parts.push(table.toString().replace(/ +$/gm, ''));
  }
  return parts.join('\n');
}

/** With the gap behind it; of several lines the longest. Never less than cli-table3 finds, to which some marks take a column. */
function need(text = ''): number {
  const lines = stripVTControlCharacters(text).split('\n');
  return GAP + lines.reduce((most, line) => Math.max(most, widthOf(line), [...line].length), 0);
}

const NO_BORDERS: Record<string, string> = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left']
    .concat(['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((place) => [place, '']),
);
