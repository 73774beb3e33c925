// For tests of the census: one item of it by its name, and what can be said of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { TestContext } from 'node:test';
import { type CensusItem, type CensusOptions, census } from '../../src/inspect/census.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

/** The one item of that name; fails when there are none or several. */
export function itemOf(name: string, options: Omit<CensusOptions, 'pattern'> = {}): CensusItem {
  const { items } = census({ ...options, pattern: name });
  assert.deepEqual(
    items.map((item) => item.name),
    [name],
  );
  return items[0] as CensusItem;
}

export function newName(t: TestContext): string {
  const name = uniqueName();
  t.after(() => fs.rmSync(shmPath(name), { recursive: true, force: true }));
  return name;
}

export const pidsOf = ({ mappers }: CensusItem): number[] => mappers.map(({ pid }) => pid);

/** That nobody has it, as far as can be known: somebody who may not be looked at might. */
export function isFree({ isHeld, mappers, hidden }: CensusItem): void {
  assert.deepEqual([mappers, isHeld], [[], hidden === 0 ? false : undefined]);
}
