// The data: 1,797 handwritten digits of 13 people, 8 × 8 pixels from 0 to 16 (README.md says from where).

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const pixels = 64;
export const classes = 10;

export interface Digit {
  /** From 0 to 1. */
  readonly image: Float32Array;
  readonly label: number;
}

export function readDigits(): Digit[] {
  const lines = gunzipSync(readFileSync(besideThis('digits.csv.gz')))
    .toString()
    .trim()
    .split('\n');
  return lines.map((line) => {
    const numbers = line.split(',').map(Number);
    return {
      image: Float32Array.from(numbers.slice(0, pixels), (shade) => shade / 16),
      label: numbers[pixels] as number,
    };
  });
}

/** The file beside this source, also when what runs is compiled to dist/. */
function besideThis(name: string): string {
  const near = fileURLToPath(new URL(name, import.meta.url));
  if (existsSync(near)) return near;
  return fileURLToPath(new URL(`../../../examples/model-weights/${name}`, import.meta.url));
}
