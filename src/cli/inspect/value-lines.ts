// A live value as lines `path = value`: one for each member; numbers of an array stand in rows.

import { DamagedValue, EmbeddedValue, type Values } from '../../inspect/anatomy.ts';
import { cut, paint, printable } from '../format.ts';

/** `width`: columns for rows; texts may be longer. */
export function valueLines(
  { value, cut: left }: Pick<Values, 'value' | 'cut'>,
  width: number,
): string[] {
  const notes = left.map((what) => paint.dim(`(${printable(what)})`));
  return [...linesOf('', value, width), ...notes];
}

function linesOf(path: string, value: unknown, width: number): string[] {
  if (value instanceof DamagedValue)
    return [line(path, paint.red(`damaged: ${printable(value.damaged)}`))];
  if (value instanceof EmbeddedValue)
    return [line(path, printable(`${value.kind}, ${value.summary}`))];
  if (value instanceof Uint8Array) return rows(path, Array.from(value, byteText), width, ' ');
  if (Array.isArray(value)) {
    if (value.some((each) => typeof each === 'object' && each !== null)) {
      return value.flatMap((each, index) => linesOf(`${path}[${index}]`, each, width));
    }
    return rows(path, value.map(shown), width);
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    return members.flatMap(([name, member]) =>
      linesOf(path === '' ? name : `${path}.${name}`, member, width),
    );
  }
  return [line(path, shown(value))];
}

function line(path: string, text: string): string {
  return path === '' ? text : `${paint.dim(`${printable(path)} =`)} ${text}`;
}

/** As many as fit on a line; further lines say with which one they begin. */
function rows(path: string, texts: readonly string[], columns: number, between = ', '): string[] {
  const lines: string[] = [];
  let from = 0;
  while (from < texts.length || lines.length === 0) {
    const label = from === 0 ? path : `${path}[${from}…]`;
    let to = from;
    let width = label.length + 5;
    while (
      to < texts.length &&
      (to === from || width + (texts[to] as string).length + between.length <= columns)
    ) {
      width += (texts[to] as string).length + between.length;
      to++;
    }
    const text = texts.slice(from, to).join(between);
    const isAll = lines.length === 0 && to === texts.length && between === ', ';
    lines.push(line(label, isAll ? `[${text}]` : text));
    if (texts.length === 0) break;
    from = to;
  }
  return lines;
}

/** Texts of this many characters are cut. */
const TEXT_WIDTH = 200;

function shown(value: unknown): string {
  if (typeof value === 'string') return cut(printable(JSON.stringify(value)), TEXT_WIDTH);
  return String(value);
}

function byteText(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
