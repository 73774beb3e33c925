// Where the charts and their numbers are kept.

import { existsSync, readFileSync } from 'node:fs';
import { charts } from './families.ts';
import type { Drawn } from './family.ts';

export const docs: URL = new URL('../../../docs/', import.meta.url);

/** The numbers in docs/charts, by the name of the chart. */
export function chartsIn(): Map<string, Drawn> {
  const found = new Map<string, Drawn>();
  for (const { name } of charts) {
    const file = new URL(`charts/${name}.json`, docs);
    if (existsSync(file)) found.set(name, JSON.parse(readFileSync(file, 'utf8')) as Drawn);
  }
  return found;
}
