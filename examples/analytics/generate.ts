// Writes a CSV file of taxi rides, the same for the same seed.
//   generate FILE ROWS SEED

import { closeSync, openSync, writeSync } from 'node:fs';

const cities =
  'Amsterdam,Athens,Berlin,Brussels,Budapest,Copenhagen,Dublin,Helsinki,Kraków,Lisbon,London,Madrid,Milan,Oslo,Paris,Porto,Prague,Rome,Stockholm,Zürich'.split(
    ',',
  );

const [file, rows, seed] = process.argv.slice(2) as [string, string, string];
const random = randomFrom(Number(seed));
const fd = openSync(file, 'w');
let text = 'start,city,seconds,price\n';
for (let row = 0; row < Number(rows); row++) {
  text += ride();
  if (text.length < 1 << 20) continue;
  writeSync(fd, text);
  text = '';
}
writeSync(fd, text);
closeSync(fd);

/** `2026-03-01 08:15,Zürich,745,23.40`: each city with its own prices, and many more short rides than long ones. */
function ride(): string {
  const start = new Date(Date.UTC(2026, 0, 1) + Math.floor(random() * 525_600) * 60_000);
  const city = Math.floor(random() ** 2 * cities.length);
  const seconds = Math.round(120 - 600 * Math.log(1 - random()));
  const cents = Math.round(300 + seconds * (2 + city / 10) * (0.8 + 0.4 * random()));
  const time = start.toISOString();
  return `${time.slice(0, 10)} ${time.slice(11, 16)},${cities[city]},${seconds},${(cents / 100).toFixed(2)}\n`;
}

/** From 0 up to 1: mulberry32 (Tommy Ettinger, 2017). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
