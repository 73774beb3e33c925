// Tables without borders, by cli-table3.

import Table from 'cli-table3';
import { paint } from './format.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Columns of the terminal, the gap to the next one included; cut with `…`. Default: as wide as needed. */
  readonly width?: number | undefined;
}

/** Spaces between two columns. */
export const GAP = 2;

export function tableOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  head = true,
): string {
  const table = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    colAligns: columns.map(({ align = 'left' }) => align),
    colWidths: columns.map(({ width }) => width ?? null),
  });
  if (head) table.push(columns.map(({ title }) => paint.dim(title)));
  table.push(...rows.map((row) => [...row]));
  return table.toString().replace(/ +$/gm, '');
}

const NO_BORDERS: Record<string, string> = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left']
    .concat(['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((place) => [place, '']),
);
