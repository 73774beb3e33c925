// Which columns of `memspan ls` there is room for, and how wide they are.
//
// In a pipe all of them, and nothing is cut. On a terminal a row is one line: names get what they need, who maps it gets the rest,
// and where a name of ordinary length would not fit, columns that say least are left out.

import type { CensusItem } from '../../inspect/census.ts';
import { widthOf } from '../format.ts';
import { type Column, GAP } from '../table.ts';
import { FIELD_NAMES, FIELDS, type Field, type FieldName } from './fields.ts';

/** In the order in which they are done without. */
const DISPENSABLE: readonly FieldName[] = [
  'by',
  'kind',
  'owner',
  'resident',
  'mode',
  'age',
  'held',
];
/** A name that is longer may be cut rather than anything else. */
const NAME_ORDINARY = 24;
const NAME_MIN = 12;
const BY_MIN = 16;

export interface Chosen {
  readonly fields: readonly Field[];
  readonly columns: readonly Column[];
}

/** `width` of the terminal in columns; undefined for a pipe. */
export function columnsFor(
  items: readonly CensusItem[],
  width: number | undefined,
  without: readonly FieldName[],
): Chosen {
  const names = FIELD_NAMES.filter((name) => !without.includes(name));
  if (width === undefined) return chosen(names, new Map());
  const needs = new Map<FieldName, number>(names.map((name) => [name, need(FIELDS[name], items)]));
  const nameNeed = needs.get('name') as number;
  const byNeed = needs.get('by') ?? 0;
  const shown = new Set<FieldName>(names);
  // The last column needs no gap behind it.
  const room = width + GAP;
  const least = (): number => {
    let sum = 0;
    for (const name of shown) sum += leastOf(name, needs.get(name) as number);
    return sum;
  };
  for (const name of DISPENSABLE) {
    if (least() <= room) break;
    shown.delete(name);
  }
  let rest = room;
  for (const name of shown) if (name !== 'name' && name !== 'by') rest -= needs.get(name) as number;
  const forBy = shown.has('by') ? Math.min(byNeed, BY_MIN + GAP) : 0;
  const forName = Math.max(Math.min(nameNeed, rest - forBy), NAME_MIN + GAP);
  return chosen(
    names.filter((name) => shown.has(name)),
    new Map<FieldName, number>([
      ['name', forName],
      ['by', Math.max(rest - forName, BY_MIN)],
    ]),
  );
}

function leastOf(name: FieldName, need: number): number {
  if (name === 'name') return Math.min(need, NAME_ORDINARY + GAP);
  return name === 'by' ? Math.min(need, BY_MIN + GAP) : need;
}

function need({ title, text }: Field, items: readonly CensusItem[]): number {
  return items.reduce((most, item) => Math.max(most, widthOf(text(item))), title.length) + GAP;
}

function chosen(names: readonly FieldName[], widths: ReadonlyMap<FieldName, number>): Chosen {
  const fields = names.map((name): Field => FIELDS[name]);
  const columns = names.map((name): Column => {
    const { title, align = 'left' }: Column = FIELDS[name];
    return { title, align, width: widths.get(name) };
  });
  return { fields, columns };
}
