// `memspan ls`: the segments on this machine as a table.

import { userInfo } from 'node:os';
import { Segment, type SegmentInfo } from '../index.ts';
import { age, memory, printable } from './format.ts';
import { type Column, GAP, tableOf } from './table.ts';

const NAME_WIDTH_MIN = 12;

export function ls(pattern: string | undefined, { json }: { json?: boolean }): void {
  const segments = Segment.list(pattern);
  if (json === true) console.log(JSON.stringify(segments.map(recordOf), null, 2));
  else if (segments.length > 0) console.log(listing(segments));
  else console.log(pattern === undefined ? 'no segments' : `no segment matches ${quoted(pattern)}`);
}

function recordOf({ mode, ...info }: SegmentInfo): Record<string, unknown> {
  return { ...info, mode: modeOf(mode) };
}

function listing(segments: readonly SegmentInfo[]): string {
  const now = Date.now();
  const rows = segments.map(({ name, size, residentSize, mode, uid, modifiedAt }) => [
    printable(name),
    memory(size),
    memory(residentSize),
    modeOf(mode),
    ownerOf(uid),
    age(now - modifiedAt.getTime()),
  ]);
  const columns: Column[] = [
    { title: 'SIZE', align: 'right' },
    { title: 'RESIDENT', align: 'right' },
    { title: 'MODE' },
    { title: 'OWNER' },
    { title: 'AGE', align: 'right' },
  ];
  return tableOf([{ title: 'NAME', width: nameWidth(columns, rows) }, ...columns], rows);
}

/** On a terminal a row is one line; in a pipe names are whole (undefined). */
function nameWidth(others: readonly Column[], rows: readonly string[][]): number | undefined {
  if (!process.stdout.isTTY) return undefined;
  const widest = (column: number): number =>
    Math.max(...rows.map((row) => (row[column] as string).length)) + GAP;
  const taken = others.map(({ title }, i) => Math.max(title.length + GAP, widest(i + 1)));
  const room = (process.stdout.columns || 80) - taken.reduce((sum, width) => sum + width);
  return widest(0) <= room ? undefined : Math.max(room, NAME_WIDTH_MIN);
}

function modeOf(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** The own name; other users by number. */
function ownerOf(uid: number): string {
  return uid === process.getuid?.() ? userInfo().username : String(uid);
}

function quoted(text: string): string {
  return `'${printable(text)}'`;
}
