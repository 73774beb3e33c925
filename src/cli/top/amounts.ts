// Amounts in as few columns as a table of 80 has for them, and texts that take exactly so many columns.

import { stripVTControlCharacters } from 'node:util';
import { widthOf } from '../format.ts';

/** At most five columns: `0`, `0.4`, `17`, `1.2k`, `340k`, `5.0M`. */
export function short(value: number): string {
  if (value > 0 && value < 9.95) return value < 0.05 ? '<0.1' : withoutZero(value.toFixed(1));
  return scaled(value, 1000, ['', 'k', 'M', 'G', 'T', 'P', 'E']);
}

/** Memory in powers of two, at most five columns: `512`, `4.0K`, `16M`, `1.5G`. */
export function shortMemory(bytes: number): string {
  return scaled(bytes, 1024, ['', 'K', 'M', 'G', 'T', 'P', 'E']);
}

function withoutZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}

function scaled(amount: number, base: number, units: readonly string[]): string {
  let value = amount;
  let unit = 0;
  while (value >= base - 0.5 && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

/** How many columns it takes, colours left out. */
export function visibleWidth(text: string): number {
  return widthOf(stripVTControlCharacters(text));
}

/** Exactly `width` columns: cut with `…`, or filled with blanks. */
export function fitted(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fitting = widthOf(text) <= width ? text : shortened(text, width);
  const blanks = ' '.repeat(Math.max(0, width - widthOf(fitting)));
  return align === 'left' ? fitting + blanks : blanks + fitting;
}

function shortened(text: string, width: number): string {
  let taken = '';
  let room = width - 1;
  for (const character of text) {
    room -= widthOf(character);
    if (room < 0) break;
    taken += character;
  }
  return width > 0 ? `${taken}…` : '';
}
