// A frame of `memspan top` as lines of text: the head, the table or a page in its place, and the line with the keys.
// On a terminal it has one line less than the screen, and none is wider, so that nothing ever scrolls.

import { count, memory, paint, printable } from '../format.ts';
import { FIELDS } from '../ls/fields.ts';
import { fitted, short, visibleWidth } from './amounts.ts';
import { sorted, tableFor } from './columns.ts';
import { detailLines } from './detail.ts';
import { HELP } from './help.ts';
import { filterOf, indexOf, type Sight, scrollOf, type View } from './keys.ts';
import type { Row, Sample } from './sampling.ts';
import { sparkline } from './sparkline.ts';

/** The past of the machine as a whole, the newest last. */
export interface Past {
  readonly used: readonly (number | undefined)[];
  readonly operations: readonly (number | undefined)[];
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The parts of the screen, from top to bottom. */
export interface Frame {
  readonly head: readonly string[];
  readonly body: readonly string[];
  readonly foot: string;
  /** What keys move in. */
  readonly sight: Sight;
}

/** Head, titles, foot, and the line that stays free. */
const AROUND = 6;

/** Those that the filter lets through, in their order. */
export function rowsOf({ rows }: Sample, { filter, sort, isReversed }: View): Row[] {
  const isWanted = filterOf(filter);
  const wanted = rows.filter(
    ({ item }) => filter === '' || isWanted(item.name, FIELDS.kind.text(item)),
  );
  return sorted(wanted, sort, isReversed);
}

export function frameOf(sample: Sample, past: Past, view: View, { columns, rows }: Size): Frame {
  // The last column stays free: a character there makes some terminals wrap.
  const width = Math.max(1, columns - 1);
  const height = Math.max(1, rows - AROUND);
  const head = headLines(sample, past, view, width);
  const shown = rowsOf(sample, view);
  const keys = shown.map(({ key }) => key);
  if (view.page === 'table') {
    const table = tableFor(shown, width);
    const cursor = indexOf(view, keys);
    // A page at a time, so that rows stand still while the cursor moves.
    const first = Math.floor(cursor / height) * height;
    const visible = shown.slice(first, first + height);
    const lines = visible.map((row, at) => table.line(row, first + at === cursor));
    const nothing = `   ${view.filter === '' ? 'nothing is shared here' : 'nothing matches the filter'}`;
    const body = [paint.dim(table.title), ...(lines.length === 0 ? [nothing] : lines)];
    const seen = `${shown.length === 0 ? 0 : first + 1}–${first + visible.length} of ${shown.length}`;
    const foot = footOf(view, shown[cursor], seen, width);
    return { head, body, foot, sight: { rows: keys, height, lines: 0 } };
  }
  const opened = sample.rows.find(({ key }) => key === view.opened);
  const lines =
    view.page === 'help' ? HELP : detailLines(opened, sample.opened, view.opened, width);
  const pageHeight = height + 1;
  const first = scrollOf(view, lines.length, pageHeight);
  const body = lines.slice(first, first + pageHeight);
  const seen = `${first + 1}–${first + body.length} of ${lines.length}`;
  const foot = spread(paint.dim('Esc back  ↑↓ scroll  p pause  q quit'), paint.dim(seen), width);
  return { head, body, foot, sight: { rows: keys, height: pageHeight, lines: lines.length } };
}

/** As text for who has no terminal, or wants one frame: all rows; not cut where `width` is undefined. */
export function textOf(sample: Sample, past: Past, view: View, width: number | undefined): string {
  const shown = rowsOf(sample, view);
  const table = tableFor(shown, width);
  const head = headLines(sample, past, view, width ?? TEXT_WIDTH);
  const lines = [table.title, ...shown.map((row) => table.line(row, false))];
  return [...head, ...lines].map((line) => line.trimEnd()).join('\n');
}

const TEXT_WIDTH = 100;
const SPARK = 12;

function headLines(sample: Sample, past: Past, view: View, width: number): string[] {
  const { at, shm, totals } = sample;
  const { spans, segments, others, alive, dead, waiting, troubled, operations } = totals;
  const order = `by ${view.sort}${view.isReversed ? ' reversed' : ''}`;
  const state = view.isPaused ? paint.yellow('PAUSED') : `every ${view.intervalMs / 1000} s`;
  const time = at.toLocaleTimeString('en-GB');
  const title = `${paint.bold('memspan top')}  ${time}  ${state}  ${order}`;
  const filter = view.filter === '' ? '' : paint.yellow(`filter: ${printable(view.filter)}`);
  const used =
    shm === undefined
      ? ''
      : `/dev/shm ${memory(shm.used)} of ${memory(shm.size)} ${paint.cyan(sparkline(past.used, SPARK))}`;
  const there = `${many(spans, 'span')}, ${many(segments, 'segment')}, ${many(others, 'other')}`;
  const people = [
    `${many(alive, 'participant')} ${dead > 0 ? paint.yellow(`†${count(dead)}`) : ''}`.trimEnd(),
    `${count(waiting)} waiting`,
    ...(troubled > 0 ? [paint.red(`${count(troubled)} in trouble`)] : []),
  ].join(', ');
  const flow = `${short(operations)} ops/s ${paint.cyan(sparkline(past.operations, SPARK))}`;
  return [spread(title, filter, width), spread(there, used, width), spread(people, flow, width)];
}

function footOf(view: View, row: Row | undefined, seen: string, width: number): string {
  if (view.isTyping) {
    const asked = `/${printable(view.filter)}${paint.inverse(' ')}`;
    return spread(asked, paint.dim('Enter keeps it, Esc clears it'), width);
  }
  const trouble = row?.vitals?.troubles[0];
  if (trouble !== undefined) {
    const what = fitted(printable(`${row?.item.name}: ${trouble.what}`), width - seen.length - 2);
    return spread(paint.red(what.trimEnd()), paint.dim(seen), width);
  }
  const keys = '↑↓ move  Enter open  / filter  s sort  p pause  ? help  q quit';
  return spread(paint.dim(keys), paint.dim(seen), width);
}

/** One text on the left, one on the right, which is left out where there is no room for both. */
function spread(left: string, right: string, width: number): string {
  const gap = width - visibleWidth(left) - visibleWidth(right);
  return gap < 2 || right === '' ? left : `${left}${' '.repeat(gap)}${right}`;
}

function many(amount: number, one: string): string {
  return `${count(amount)} ${one}${amount === 1 ? '' : 's'}`;
}
