// The file's bytes into the columns.

import type { Table } from './table.ts';

const NEWLINE = 10;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;

export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Part `index` of `count` equal ones, but at the ends of lines. The first line has the columns' names. */
export function partOf(csv: Uint8Array, index: number, count: number): Part {
  const lineFrom = (byte: number) => {
    const end = csv.indexOf(NEWLINE, byte);
    return end < 0 ? csv.length : end + 1;
  };
  const size = csv.length / count;
  return {
    start: lineFrom(Math.floor(index * size)),
    end: index + 1 === count ? csv.length : lineFrom(Math.floor((index + 1) * size)),
  };
}

export function countRows(csv: Uint8Array, { start, end }: Part): number {
  let rows = 0;
  for (let at = start; at < end; at++) if (csv[at] === NEWLINE) rows++;
  return rows;
}

/** Writes the rows of the part into the columns, the first of them as `row`. */
export function parse(csv: Uint8Array, { start, end }: Part, table: Table, row: number): void {
  const text = Buffer.from(csv.buffer, csv.byteOffset, csv.length);
  const known = new Map<string, number>();
  for (let at = start; at < end; row++) {
    const name = csv.indexOf(COMMA, at) + 1;
    const nameEnd = csv.indexOf(COMMA, name);
    if (name === 0 || nameEnd < 0 || nameEnd >= end) throw new Error(`byte ${at}: no ride`);
    const key = text.toString('latin1', name, nameEnd); // quicker than utf8, and as good to compare
    let city = known.get(key);
    if (city === undefined) {
      city = table.numberOf(text.toString('utf8', name, nameEnd));
      known.set(key, city);
    }
    let seconds = 0;
    for (at = nameEnd + 1; at < end && csv[at] !== COMMA; at++) {
      seconds = 10 * seconds + csv[at]! - ZERO;
    }
    let cents = 0;
    for (at++; at < end && csv[at] !== NEWLINE; at++) {
      if (csv[at] !== POINT) cents = 10 * cents + csv[at]! - ZERO;
    }
    at++;
    table.city[row] = city;
    table.seconds[row] = seconds;
    table.cents[row] = cents;
  }
}
