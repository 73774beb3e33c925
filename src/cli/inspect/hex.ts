// Bytes as people read them: where, sixteen as hexadecimal numbers, and as text.

import { paint } from '../format.ts';

const ROW = 16;

/** Rows of sixteen bytes, of which the first is byte `start`. Rows that are like the one before are a single `*`. */
export function* hexLines(bytes: Uint8Array, start: number): IterableIterator<string> {
  let before = '';
  let isRepeated = false;
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.subarray(at, at + ROW);
    const hex = Buffer.from(row).toString('hex');
    const isLast = at + ROW >= bytes.length;
    if (hex === before && !isLast) {
      if (!isRepeated) yield '*';
      isRepeated = true;
      continue;
    }
    before = hex;
    isRepeated = false;
    yield `${paint.dim((start + at).toString(16).padStart(8, '0'))}  ${groups(hex)}  ${textOf(row)}`;
  }
}

/** Two groups of eight. */
function groups(hex: string): string {
  const pairs = hex.match(/../g) ?? [];
  const half = (from: number): string =>
    pairs
      .slice(from, from + 8)
      .join(' ')
      .padEnd(23);
  return `${half(0)}  ${half(8)}`;
}

function textOf(row: Uint8Array): string {
  const text = Array.from(row, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
  );
  return text.join('');
}
