// The columns of `memspan ls`: what each says of an item, in which colour, and how items are sorted by it.

import type { CensusItem, CensusKind } from '../../inspect/census.ts';
import { age, memory, paint, printable } from '../format.ts';

export interface Field {
  readonly title: string;
  readonly align?: 'right';
  readonly text: (item: CensusItem) => string;
  /** The text in its colour. */
  readonly tint?: (text: string, item: CensusItem) => string;
  /** For --sort: large, young and many come first. Undefined: not to be sorted by. */
  readonly order?: (a: CensusItem, b: CensusItem) => number;
}

/** From left to right. */
export const FIELD_NAMES = [
  'name',
  'kind',
  'size',
  'resident',
  'mode',
  'owner',
  'age',
  'held',
  'procs',
  'by',
] as const;

/** What --sort calls it. */
export type FieldName = (typeof FIELD_NAMES)[number];

const KIND: Readonly<Record<CensusKind, string>> = {
  span: 'span',
  segment: 'segment',
  'posix-semaphore': 'semaphore',
  'sysv-memory': 'sysv shm',
  'sysv-semaphores': 'sysv sem',
  anonymous: 'anonymous',
  foreign: 'foreign',
};

const OTHERS_WRITE = 0o002;

export const FIELDS: Readonly<Record<FieldName, Field>> = {
  name: {
    title: 'NAME',
    text: ({ name }) => printable(name),
    order: (a, b) => byText(a.name, b.name),
  },
  kind: {
    title: 'KIND',
    text: ({ kind }) => KIND[kind],
    tint: (text, { kind }) =>
      kind === 'span' ? paint.cyan(text) : kind === 'foreign' ? paint.magenta(text) : text,
    order: (a, b) => byText(KIND[a.kind], KIND[b.kind]),
  },
  size: {
    title: 'SIZE',
    align: 'right',
    text: ({ kind, size }) => (hasHolders(kind) ? memory(size) : '-'),
    order: (a, b) => b.size - a.size,
  },
  resident: {
    title: 'RESIDENT',
    align: 'right',
    text: ({ kind, residentSize }) =>
      hasHolders(kind) && residentSize !== undefined ? memory(residentSize) : '-',
    order: (a, b) => (b.residentSize ?? -1) - (a.residentSize ?? -1),
  },
  mode: {
    title: 'MODE',
    text: ({ mode }) => modeOf(mode),
    tint: (text, { mode }) => ((mode & OTHERS_WRITE) === 0 ? text : paint.red(text)),
    order: (a, b) => b.mode - a.mode,
  },
  owner: {
    title: 'OWNER',
    text: ({ user }) => printable(user),
    order: (a, b) => byText(a.user, b.user),
  },
  age: {
    title: 'AGE',
    align: 'right',
    text: ({ ageMs }) => age(ageMs),
    order: (a, b) => a.ageMs - b.ageMs,
  },
  held: {
    title: 'HELD',
    text: ({ isHeld, kind }) =>
      isHeld === undefined ? (hasHolders(kind) ? '?' : '-') : isHeld ? 'yes' : 'no',
    tint: (text, { isHeld }) =>
      isHeld === undefined ? paint.dim(text) : isHeld ? paint.green(text) : paint.yellow(text),
    order: (a, b) => heldRank(a) - heldRank(b),
  },
  procs: {
    title: 'PROCS',
    align: 'right',
    text: ({ kind, mappers, hidden }) =>
      // Of System V's memory it is known how many are not seen.
      `${mappers.length}${kind === 'sysv-memory' && hidden > 0 ? `+${hidden}` : ''}`,
    order: (a, b) => b.mappers.length - a.mappers.length,
  },
  by: {
    title: 'MAPPED BY',
    text: ({ mappers, remark }) =>
      [
        ...(remark === undefined ? [] : [`(${remark})`]),
        mappers.map(({ pid, command }) => printable(`${pid} ${command}`)).join(', '),
      ]
        .join(' ')
        .trim(),
    tint: (text, { mappers }) => (mappers.length === 0 ? paint.dim(text) : text),
  },
};

/** Whether it is memory that a process can have. */
export function hasHolders(kind: CensusKind): boolean {
  return kind !== 'sysv-semaphores' && kind !== 'foreign';
}

/** `0640`. */
export function modeOf(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What nobody has comes first: that is what is looked for. */
function heldRank({ isHeld }: CensusItem): number {
  return isHeld === false ? 0 : isHeld === undefined ? 1 : 2;
}
