// Pictures of the lab: bars, histograms, tables.

import type { Ink } from './exercise.ts';

/** Columns that a picture may take. */
export const WIDTH = 76;

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `share` (0 to 1) of `width` columns; what is not nothing is seen. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  if (eighths === 0) return share > 0 ? (EIGHTHS[1] as string) : '';
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

export interface Bin {
  readonly label: string;
  readonly count: number;
}

/** Where the values lie: `bins` equal ranges from the smallest to just below `end`, and `end` itself, each with how many. */
export function binsOf(values: readonly number[], end: number, bins: number): Bin[] {
  const low = Math.min(...values, end - bins);
  const width = niceWidth((end - low) / bins);
  const first = Math.max(0, end - Math.ceil((end - low) / width) * width);
  const found: Bin[] = [];
  for (let from = first; from < end; from += width) {
    const to = Math.min(from + width, end) - 1;
    const count = values.filter((value) => value >= from && value <= to).length;
    found.push({ label: `${number(from)} … ${number(to)}`, count });
  }
  found.push({ label: number(end), count: values.filter((value) => value === end).length });
  return found;
}

/** A line for each bin: what, a bar, how many. */
export function histogram(bins: readonly Bin[], ink: (text: string) => string): string[] {
  const most = Math.max(...bins.map(({ count }) => count), 1);
  const labelWidth = Math.max(...bins.map(({ label }) => label.length));
  // Room for how many, and for a word after it.
  const barWidth = WIDTH - labelWidth - 16;
  return bins.map(({ label, count }) => {
    const drawn = ink(bar(count / most, barWidth));
    return `${label.padStart(labelWidth)}  ${count > 0 ? `${drawn} ${count}` : '·'}`;
  });
}

/** `1,234,567`. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** The next of 1, 2, 5, 10, 20, … */
function niceWidth(width: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, width)));
  return power * ([1, 2, 5, 10].find((step) => step * power >= width) as number);
}

/** Columns under their heads, two spaces between them. Cells have no colours, or `paint` gives a cell its own. */
export function columns(
  ink: Ink,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  paint: (cell: string, column: number, row: number) => string = (cell) => cell,
): string[] {
  const widths = heads.map((head, i) =>
    Math.max(...[head, ...rows.map((row) => row[i] ?? '')].map((cell) => cell.length)),
  );
  const line = (cells: readonly string[], row?: number): string =>
    cells
      .map((cell, i) => {
        const painted = row === undefined || cell === '' ? cell : paint(cell, i, row);
        return painted + ' '.repeat((widths[i] as number) - cell.length);
      })
      .join('  ')
      .trimEnd();
  return [ink.dim(line(heads)), ...rows.map(line)];
}
