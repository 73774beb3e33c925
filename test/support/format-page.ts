// docs/format.md as tables, for the tests that compare it with the constants in src.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './tree.ts';

export type Row = Readonly<Record<string, string>>;

export const page: string = fs.readFileSync(path.join(root, 'docs/format.md'), 'utf8');

/** The tables under that heading: their rows, by the names of the columns. */
export function tables(heading: string): Row[][] {
  const section = page.split(/^##+ /m).find((text) => text.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, `no section "${heading}"`);
  const blocks = section.match(/(^\|.*\n)+/gm) ?? [];
  return blocks.map((block) => {
    const cells = (line: string): string[] =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', ''));
    const [first = '', , ...rest] = block.trimEnd().split('\n');
    const columns = cells(first);
    return rest.map((line) => Object.fromEntries(cells(line).map((c, i) => [columns[i], c])));
  });
}

export function table(heading: string, column: string): Row[] {
  const found = tables(heading).find(([row]) => row !== undefined && column in row);
  assert.ok(found !== undefined, `no table with a column "${column}" in "${heading}"`);
  return found;
}

export interface Field {
  readonly offset: number;
  readonly size: number;
}

/** Name → where it is. What is in no field is a row of its own, so that nothing is left over. */
export function fields(heading: string, total: number): Record<string, Field> {
  const found: Record<string, Field> = {};
  let end = 0;
  for (const { offset, size, name = '' } of table(heading, 'offset')) {
    assert.equal(Number(offset), end, `${heading}: ${name} begins where the one before ends`);
    end += Number(size);
    if (name !== '–') found[name] = { offset: Number(offset), size: Number(size) };
  }
  assert.equal(end, total, `${heading}: bytes in all`);
  return found;
}

/** Name → mask. */
export function bits(heading: string, column = 'bits'): Record<string, number> {
  const rows = tables(heading).flatMap((rows) => rows.filter((row) => column in row));
  return Object.fromEntries(
    rows.map(({ [column]: range = '', name = '' }) => {
      const [low, high = low] = range.split('–').map(Number) as [number, number?];
      return [name, (2 ** (high - low + 1) - 1) * 2 ** low];
    }),
  );
}
