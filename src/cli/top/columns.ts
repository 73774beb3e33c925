// The table of `memspan top`: what each column says of a row, how rows are sorted, and which columns there is room for.

import type { CensusItem } from '../../inspect/census.ts';
import { paint, printable, widthOf } from '../format.ts';
import { FIELDS, hasHolders } from '../ls/fields.ts';
import { fitted, short, shortMemory } from './amounts.ts';
import { activityOf, type Row } from './sampling.ts';
import { sparkline } from './sparkline.ts';
import { MARKS, type TroubleKind } from './vitals.ts';

export const SORTS = [
  'rate',
  'name',
  'kind',
  'size',
  'resident',
  'participants',
  'procs',
  'waiting',
  'trouble',
] as const;

export type Sort = (typeof SORTS)[number];

type Order = (a: Row, b: Row) => number;

const byItem =
  (order: (a: CensusItem, b: CensusItem) => number): Order =>
  (a, b) =>
    order(a.item, b.item);
const most =
  (amount: (row: Row) => number): Order =>
  (a, b) =>
    amount(b) - amount(a);

const ORDERS: Readonly<Record<Sort, Order>> = {
  rate: most(({ history }) => ofLate(history)),
  name: byItem(FIELDS.name.order!),
  kind: byItem(FIELDS.kind.order!),
  size: byItem(FIELDS.size.order!),
  resident: byItem(FIELDS.resident.order!),
  participants: most(({ vitals }) => (vitals === undefined ? -1 : vitals.alive + vitals.dead)),
  procs: byItem(FIELDS.procs.order!),
  waiting: most(({ vitals }) => vitals?.waiting ?? -1),
  trouble: most((row) => -rankOf(worstOf(row))),
};

/** A mean, so that what is nearly the same does not change places all the time. */
function ofLate(history: Row['history']): number {
  const known = history.slice(-SMOOTHED).filter((rate) => rate !== undefined);
  return known.length === 0 ? -1 : known.reduce((sum, rate) => sum + rate, 0) / known.length;
}

const SMOOTHED = 5;
const RANKS = Object.keys(MARKS);

function rankOf(trouble: TroubleKind | undefined): number {
  return trouble === undefined ? RANKS.length : RANKS.indexOf(trouble);
}

/** Large, many, fast and bad come first; what is equal is in the order of names. */
export function sorted(rows: readonly Row[], sort: Sort, isReversed: boolean): Row[] {
  const order = ORDERS[sort];
  const sign = isReversed ? -1 : 1;
  return [...rows].sort((a, b) => sign * order(a, b) || ORDERS.name(a, b));
}

export function worstOf({ vitals }: Row): TroubleKind | undefined {
  return vitals?.troubles[0]?.kind;
}

interface ColumnOfTop {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Undefined: what the others leave. */
  readonly width: number | undefined;
  readonly text: (row: Row, width: number) => string;
  readonly tint?: (text: string, row: Row) => string;
}

type Name = 'name' | 'kind' | 'size' | 'resident' | 'part' | 'procs' | 'wait' | 'waits' | 'rate';

const COLUMNS: Readonly<Record<Name, ColumnOfTop>> = {
  name: {
    title: 'NAME',
    align: 'left',
    width: undefined,
    text: ({ item }) => printable(item.name),
  },
  kind: {
    title: 'KIND',
    align: 'left',
    width: 9,
    text: ({ item }) => FIELDS.kind.text(item),
    tint: (text, { item }) => FIELDS.kind.tint?.(text, item) ?? text,
  },
  size: {
    title: 'SIZE',
    align: 'right',
    width: 5,
    text: ({ item }) => (hasHolders(item.kind) ? shortMemory(item.size) : '-'),
  },
  resident: {
    title: 'RES',
    align: 'right',
    width: 5,
    text: ({ item: { kind, residentSize } }) =>
      hasHolders(kind) && residentSize !== undefined ? shortMemory(residentSize) : '-',
  },
  part: {
    title: 'PART',
    align: 'right',
    width: 6,
    text: ({ vitals }) =>
      vitals === undefined ? '-' : `${vitals.alive}${vitals.dead > 0 ? `†${vitals.dead}` : ''}`,
    tint: (text, { vitals }) => ((vitals?.dead ?? 0) > 0 ? paint.yellow(text) : text),
  },
  procs: {
    title: 'PROCS',
    align: 'right',
    width: 5,
    text: ({ item }) => FIELDS.procs.text(item),
  },
  wait: {
    title: 'WAIT',
    align: 'right',
    width: 4,
    text: ({ vitals }) => (vitals === undefined ? '-' : String(vitals.waiting)),
  },
  waits: {
    title: 'WAITS/S',
    align: 'right',
    width: 7,
    text: ({ rates }) => (rates?.waits === undefined ? '-' : short(rates.waits)),
  },
  rate: {
    title: 'RATE/S',
    align: 'right',
    width: 6,
    text: ({ rates }) => {
      const activity = activityOf(rates);
      if (activity === undefined) return '-';
      return short(activity.perSecond) + (activity.of === 'waits' ? 'w' : '');
    },
    tint: (text, { rates }) => ((activityOf(rates)?.perSecond ?? 0) > 0 ? paint.green(text) : text),
  },
};

const ALL: readonly Name[] = [
  'name',
  'kind',
  'size',
  'resident',
  'part',
  'procs',
  'wait',
  'waits',
  'rate',
];
/** In the order in which they are done without. */
const DISPENSABLE: readonly Name[] = ['waits', 'resident', 'kind', 'procs', 'size', 'part', 'wait'];
const NAME_MIN = 16;
/** A longer name is cut rather than a column left out. */
const NAME_ORDINARY = 24;
const SPARK_MIN = 8;
const SPARK_MAX = 40;
/** Where the cursor and the mark are. */
const MARGIN = 3;
const GAP = 1;

export interface Table {
  readonly title: string;
  readonly line: (row: Row, isSelected: boolean) => string;
}

/** Lines of at most `width` columns; undefined: as wide as it takes to cut nothing. */
export function tableFor(rows: readonly Row[], width: number | undefined): Table {
  const shown = new Set(ALL);
  const fixed = (): number => {
    let sum = MARGIN;
    for (const name of shown) sum += (COLUMNS[name].width ?? 0) + GAP;
    return sum;
  };
  const need = Math.max(NAME_MIN, ...rows.map(({ item }) => widthOf(printable(item.name))));
  let [forName, forSpark] = [need, SPARK_MIN + 4];
  if (width !== undefined) {
    for (const name of DISPENSABLE) {
      if (fixed() + Math.min(need, NAME_ORDINARY) + SPARK_MIN <= width) break;
      shown.delete(name);
    }
    const room = Math.max(0, width - fixed());
    // What names leave over is the sparkline's.
    forName = Math.min(need, Math.max(NAME_MIN, room - SPARK_MIN));
    forSpark = Math.min(SPARK_MAX, Math.max(0, room - forName));
  }
  const columns = ALL.filter((name) => shown.has(name)).map((name) => {
    const column = COLUMNS[name];
    return { ...column, width: column.width ?? forName };
  });
  const title = columns.map(({ title, width, align }) => fitted(title, width, align)).join(' ');
  return { title: `${' '.repeat(MARGIN)}${title}`, line };

  function line(row: Row, isSelected: boolean): string {
    const cells = columns.map(({ text, width, align, tint = plain }) =>
      tint(fitted(text(row, width), width, align), row),
    );
    const trouble = worstOf(row);
    const mark = trouble === undefined ? ' ' : paint.red(MARKS[trouble]);
    const spark = paint.cyan(sparkline(row.history, forSpark));
    const name = isSelected ? paint.bold(cells[0] as string) : (cells[0] as string);
    const pointer = isSelected ? '>' : ' ';
    return `${pointer}${mark} ${[name, ...cells.slice(1), spark].join(' ')}`;
  }
}

const plain = (text: string): string => text;
