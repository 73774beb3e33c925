// `memspan ls`: everything on this machine that is shared memory, and who has it, as a table.

import {
  CENSUS_KINDS,
  type Census,
  type CensusItem,
  type CensusKind,
  census,
} from '../inspect/census.ts';
import { userName } from '../inspect/proc.ts';
import { count, cut, memory, paint, printable } from './format.ts';
import { columnsFor } from './ls/columns.ts';
import { FIELDS, type Field, hasHolders, modeOf } from './ls/fields.ts';
import { CommandError } from './report.ts';
import { tableOf } from './table.ts';

/** As commander gives them. */
export interface Options {
  readonly kind?: string;
  readonly anonymous?: boolean;
  readonly sort?: string;
  readonly reverse?: boolean;
  readonly processes?: boolean;
  readonly json?: boolean;
}

export function ls(patterns: readonly string[], options: Options): void {
  const order = orderOf(options.sort ?? 'name');
  const kinds = kindsOf(options);
  const found = census({ kinds, pattern: patterns.length === 0 ? '*' : patterns });
  const items = [...found.items].sort(order);
  if (options.reverse === true) items.reverse();
  if (options.json === true) console.log(JSON.stringify(items.map(recordOf), null, 2));
  else if (items.length === 0) console.log(nothing(patterns, options));
  else console.log(listing(items, found, options));
}

/** 'sem' is both kinds of semaphores: any part of a kind's name will do. */
function kindsOf({ kind, anonymous = false }: Options): CensusKind[] {
  if (kind === undefined) {
    return CENSUS_KINDS.filter((each) => anonymous || each !== 'anonymous');
  }
  const parts = kind.split(',').map((part) => part.trim());
  const unknown = parts.find(
    (part) => part === '' || !CENSUS_KINDS.some((each) => each.includes(part)),
  );
  if (unknown !== undefined) {
    const message = `--kind takes kinds, separated by commas, not '${unknown}'`;
    throw new CommandError('ERR_MEMSPAN_USAGE', message, `Kinds are ${CENSUS_KINDS.join(', ')}`);
  }
  return CENSUS_KINDS.filter(
    (each) => parts.some((part) => each.includes(part)) || (anonymous && each === 'anonymous'),
  );
}

type Order = NonNullable<Field['order']>;

/** What is equal stays in the order of names. */
function orderOf(name: string): Order {
  const orders = new Map<string, Order>(
    Object.entries<Field>(FIELDS).flatMap(([field, { order }]) => (order ? [[field, order]] : [])),
  );
  const order = orders.get(name);
  if (order !== undefined) return order;
  throw new CommandError(
    'ERR_MEMSPAN_USAGE',
    `--sort takes a column, not '${name}'`,
    `Columns are ${[...orders.keys()].join(', ')}`,
  );
}

/** What is not known is null. */
function recordOf(item: CensusItem): Record<string, unknown> {
  const { name, kind, size, residentSize, uid, gid, user, mode, modifiedAt, ageMs, ...rest } = item;
  const { inode, id, key, mappers, hidden, isHeld, remark } = rest;
  return {
    name,
    kind,
    size,
    residentSize: residentSize ?? null,
    uid,
    gid,
    user,
    mode: modeOf(mode),
    modifiedAt,
    ageMs: Math.round(ageMs),
    inode: inode ?? null,
    id: id ?? null,
    key: key === undefined ? null : `0x${(key >>> 0).toString(16).padStart(8, '0')}`,
    isHeld: isHeld ?? null,
    mappers,
    hidden,
    remark: remark ?? null,
  };
}

function listing(items: readonly CensusItem[], { hidden }: Census, { processes }: Options): string {
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : undefined;
  const isDetailed = processes === true;
  const { fields, columns } = columnsFor(items, width, isDetailed ? ['by'] : []);
  const rows = items.map((item) => fields.map(({ text, tint = plain }) => tint(text(item), item)));
  const [head = '', ...lines] = tableOf(columns, rows).split('\n');
  const below = (item: CensusItem | undefined): string[] =>
    isDetailed && item !== undefined ? detailsOf(item, width) : [];
  const table = [head, ...lines.flatMap((line, i) => [line, ...below(items[i])])];
  return [...table, ...(width === undefined ? [] : summary(items, hidden))].join('\n');
}

const plain = (text: string): string => text;

/** A line for each process. */
function detailsOf({ mappers, remark }: CensusItem, width = Number.POSITIVE_INFINITY): string[] {
  const lines = mappers.map(({ pid, command, uid, readOnly }) => [
    String(pid).padStart(PID_WIDTH),
    printable(command),
    printable(userName(uid)),
    ...(readOnly ? ['read-only'] : []),
  ]);
  const remarks = remark === undefined ? [] : [[' '.repeat(PID_WIDTH - 1), remark]];
  return [...remarks, ...lines].map((parts) => paint.dim(cut(parts.join('  '), width)));
}

const PID_WIDTH = 9;

/** For people: how much it is in all, and what could not be found out. */
function summary(items: readonly CensusItem[], hidden: number): string[] {
  const resident = items.reduce((sum, { residentSize = 0 }) => sum + residentSize, 0);
  const total = `${many(items.length, 'object')}, ${memory(resident)} resident`;
  const isOpen = items.some(({ isHeld, kind }) => isHeld === undefined && hasHolders(kind));
  const unseen = `${many(hidden, 'process', 'processes')} may not be looked at: '?' may be theirs`;
  return ['', total, ...(hidden > 0 && isOpen ? [unseen] : [])].map((line) => paint.dim(line));
}

function many(amount: number, one: string, several = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : several}`;
}

function nothing(patterns: readonly string[], { kind }: Options): string {
  const what = kind === undefined ? 'shared memory' : `shared memory of kind ${printable(kind)}`;
  const names = patterns.map((pattern) => `'${printable(pattern)}'`).join(' or ');
  return patterns.length === 0 ? `no ${what}` : `no ${what} matches ${names}`;
}
