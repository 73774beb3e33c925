// The world as text.

import type { World } from './world.ts';

const [columns, rows] = [61, 21];
const [halfWidth, halfHeight] = [15, 10];

export function draw({ bodies }: World): string {
  const cells = Array.from({ length: rows }, () => new Array<string>(columns).fill(' '));
  for (const { mass, x, y } of bodies) {
    const column = Math.round(((x / halfWidth + 1) / 2) * (columns - 1));
    const row = Math.round(((1 - y / halfHeight) / 2) * (rows - 1));
    if (cells[row]?.[column] !== undefined) cells[row][column] = mass > 10 ? '@' : 'o';
  }
  const edge = '─'.repeat(columns);
  return [`┌${edge}┐`, ...cells.map((row) => `│${row.join('')}│`), `└${edge}┘`].join('\n');
}
