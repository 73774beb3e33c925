// The last values as a row of blocks, the newest on the right: `▁▁▂▅█▃`.

const BLOCKS = '▁▂▃▄▅▆▇█';

/** `width` columns; what is not known is blank. 0 is the lowest block, and nothing else is; the largest shown is the highest. */
export function sparkline(values: readonly (number | undefined)[], width: number): string {
  const shown = values.slice(Math.max(0, values.length - width));
  let most = 0;
  for (const value of shown) most = Math.max(most, value ?? 0);
  const blocks = shown.map((value) => {
    if (value === undefined) return ' ';
    if (value <= 0 || most === 0) return BLOCKS[0];
    return BLOCKS[Math.max(1, Math.round((value / most) * (BLOCKS.length - 1)))];
  });
  return blocks.join('').padStart(width);
}
