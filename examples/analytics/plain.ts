// The same without any of it: one process, strings, arrays, a Map. To compare with.
//   plain FILE

import { readFileSync } from 'node:fs';
import { type Group, summarize } from './group.ts';

/** What it sends to its parent. */
export interface Plain {
  readonly ms: number;
  readonly rows: (readonly [city: string, Group])[];
}

const start = performance.now();
const rows = analyze(process.argv[2] as string);
process.send?.({ ms: performance.now() - start, rows } satisfies Plain);

function analyze(file: string): Plain['rows'] {
  const rides = new Map<string, { seconds: number[]; cents: number[] }>();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1);
  for (const line of lines) {
    const [, city, seconds, price] = line.split(',') as [string, string, string, string];
    let ofCity = rides.get(city);
    if (ofCity === undefined) {
      ofCity = { seconds: [], cents: [] };
      rides.set(city, ofCity);
    }
    ofCity.seconds.push(Number(seconds));
    ofCity.cents.push(Math.round(Number(price) * 100));
  }
  return [...rides].map(([city, { seconds, cents }]) => [
    city,
    summarize(Int32Array.from(seconds), Int32Array.from(cents)),
  ]);
}
