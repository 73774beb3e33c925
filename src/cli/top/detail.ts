// The page of one row: a span's report as `memspan inspect` prints it, with the rates of its objects; of anything else
// what the census says.

import type { Anatomy } from '../../inspect/anatomy.ts';
import { userName } from '../../inspect/proc.ts';
import { age, memory, paint, printable, volume, widthOf } from '../format.ts';
import { segmentHead, spanHead, spanSections } from '../inspect/span-report.ts';
import { FIELDS, modeOf } from '../ls/fields.ts';
import { fitted, short, visibleWidth } from './amounts.ts';
import type { ObjectHistory, Row } from './sampling.ts';
import { sparkline } from './sparkline.ts';

/** `row`: undefined when it is not there any more; `key` is that of what was opened. */
export function detailLines(
  row: Row | undefined,
  anatomy: Anatomy | undefined,
  key: string | undefined,
  width: number,
): string[] {
  const name = printable(row?.item.name ?? key?.split('\0')[0] ?? '');
  if (row === undefined) return ['', paint.yellow(fitted(`${name} is gone.`, width).trimEnd())];
  const lines =
    anatomy?.kind === 'span' ? spanLines(row, anatomy, width) : plainLines(row, anatomy, width);
  return [...lines, ...mapperLines(row)].flatMap((line) => broken(line, width));
}

/** Of each section: nobody scrolls further, and it is all made anew for each frame. */
const LISTED_MAX = 100;

function spanLines(row: Row, whole: Anatomy, width: number): string[] {
  const lists = ['objects', 'participants', 'waits', 'cycles', 'damage'] as const;
  const anatomy = { ...whole };
  for (const list of lists) Object.assign(anatomy, { [list]: whole[list].slice(0, LISTED_MAX) });
  const { objects, participants, waits, damage } = spanSections(anatomy, {
    width,
    aside: ({ index, name, kind }) => asideOf(row, index, widthOf(name) + kind.length, width),
  });
  const isAll = lists.every((list) => whole[list].length <= LISTED_MAX);
  const more = `The first ${LISTED_MAX} of each; all of it: memspan inspect ${printable(row.item.name)}`;
  const note = isAll ? [] : ['', paint.dim(more)];
  return [...spanHead(whole), ...objects, ...participants, ...waits, ...damage, ...note];
}

function plainLines(row: Row, anatomy: Anatomy | undefined, width: number): string[] {
  const { item } = row;
  if (anatomy !== undefined) {
    const rate = anatomy.ring === undefined ? '' : asideOf(row, 0, 20, width);
    return [...segmentHead(anatomy), ...(rate === '' ? [] : [rate])];
  }
  const { name, residentSize, remark } = item;
  return [
    `${paint.bold(printable(name))}  ${FIELDS.kind.text(item)}, ${memory(item.size)}, mode ${modeOf(item.mode)}`,
    `  of ${printable(item.user)}, ${age(item.ageMs)} old${residentSize === undefined ? '' : `, ${memory(residentSize)} resident`}`,
    ...(remark === undefined ? [] : [`  ${printable(remark)}`]),
  ];
}

const SPARK_MAX = 30;
/** What an object's rate takes in text. */
const RATE_WIDTH = 30;

/** An object's rate and its past, or how often it was found held. */
function asideOf(row: Row, index: number, taken: number, width: number): string {
  const history = row.objects.get(index);
  const rate = row.rates?.objects.get(index);
  if (rate !== undefined && history !== undefined) {
    const bytes = rate.bytes === undefined ? '' : `, ${volume(Math.round(rate.bytes))}/s`;
    const spark = Math.max(8, Math.min(SPARK_MAX, width - taken - RATE_WIDTH));
    return `  ${paint.green(`${short(rate.operations)}/s${bytes}`)} ${paint.cyan(sparkline(history.rates, spark))}`;
  }
  return history === undefined ? '' : heldText(history);
}

/** Of what can be held: no count says how often, but looks do how long. */
function heldText({ held, looks }: ObjectHistory): string {
  return held === 0
    ? ''
    : paint.dim(`  held in ${Math.round((100 * held) / looks)} % of ${looks} looks`);
}

function mapperLines({ item: { mappers, hidden, kind } }: Row): string[] {
  if (mappers.length === 0) return [];
  const lines = mappers.map(
    ({ pid, command, uid, readOnly }) =>
      `  ${pid}  ${printable(command)}  ${printable(userName(uid))}${readOnly ? '  read-only' : ''}`,
  );
  const more = kind === 'sysv-memory' && hidden > 0 ? [`  and ${hidden} that are not seen`] : [];
  return ['', paint.dim('MAPPED BY'), ...lines, ...more];
}

/** In lines of at most `width` columns, broken between words where that is possible; the rest is indented. */
function broken(line: string, width: number): string[] {
  if (visibleWidth(line) <= width) return [line];
  const indent = ' '.repeat((/^ */.exec(line)?.[0].length ?? 0) + 2);
  const lines: string[] = [];
  let current: string | undefined;
  for (const word of line.split(' ')) {
    const longer = current === undefined ? word : `${current} ${word}`;
    if (current !== undefined && current.trim() !== '' && visibleWidth(longer) > width) {
      lines.push(current);
      current = indent + word;
    } else current = longer;
  }
  return [...lines, current ?? ''];
}
