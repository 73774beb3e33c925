// Takes the samples out of the ring: reads them where they are, and makes nothing new once it has begun.
//   reader SAMPLES PARENT

import { inherited, wait } from 'memspan';
import { sensors, size, slots, telemetryIn } from './telemetry.ts';

const [samples, parent] = process.argv.slice(2).map(Number) as [number, number];
// V8 has compiled the loop by then: code is memory, too.
const warm = Math.floor(samples / 2);

const { buffer } = inherited('telemetry');
const { stop, written, read, samples: all } = telemetryIn(buffer);
// One view for each slot, and its bytes as words: made here, used for ever.
const slot = [...all];
const wordsOfSample = 6;
const ring = new Uint32Array(buffer, size - 4 * wordsOfSample * slots, wordsOfSample * slots);
const count = new Uint32Array(sensors.length);
const sum = new Float64Array(sensors.length);
const least = new Float64Array(sensors.length).fill(Number.POSITIVE_INFINITY);
const most = new Float64Array(sensors.length).fill(Number.NEGATIVE_INFINITY);
/** Samples taken; broken ones among them; those that are missing, by their numbers; and how often it has slept. */
const tally = new Uint32Array(4);
const TAKEN = 0;
const BROKEN = 1;
const MISSING = 2;
const SLEPT = 3;

// What has run often is compiled, and makes nothing any more.
for (let i = 0; i < 10_000; i++) wait(written, 0, written[0]!, 0);

process.send?.('ready');
let heapBefore = 0;
while (tally[TAKEN]! < samples && stop[0] === 0) {
  if (heapBefore === 0 && tally[TAKEN]! >= warm) heapBefore = process.memoryUsage().heapUsed;
  takeAll();
}
const heapAfter = process.memoryUsage().heapUsed;
if (stop[0] === 0) report();

/** Takes what is there; sleeps if there is nothing. */
function takeAll(): void {
  const end = Atomics.load(written, 0);
  const start = read[0]!;
  const there = (end - start) | 0;
  if (there === 0) {
    tally[SLEPT]!++;
    const isSilent = wait(written, 0, end, 200) === 'timed-out';
    if (isSilent && process.ppid !== parent) process.exit(1); // nobody is there to stop us
    return;
  }
  if (there < 0 || there > slots) throw new Error(`${there} samples in a ring of ${slots}`);
  for (let i = 0; i < there; i++) take((start + i) & (slots - 1));
  Atomics.store(read, 0, end); // now the firmware may use them again
}

function take(index: number): void {
  const sample = slot[index]!;
  let check = 0;
  for (let word = 0; word < wordsOfSample; word++) check ^= ring[index * wordsOfSample + word]!;
  const { sensor, value, number } = sample;
  if (check !== 0 || sensor >= sensors.length) {
    tally[BROKEN]!++;
  } else {
    count[sensor]!++;
    sum[sensor]! += value;
    if (value < least[sensor]!) least[sensor] = value;
    if (value > most[sensor]!) most[sensor] = value;
  }
  tally[MISSING] = number - tally[TAKEN]!;
  tally[TAKEN]!++;
}

function report(): void {
  const [taken, broken, missing, slept] = tally;
  console.log(`${taken} samples read, ${broken} broken, ${missing} lost; slept ${slept} times`);
  console.log(line('sensor', 'samples', 'least', 'mean', 'most'));
  for (const [i, name] of sensors.entries()) {
    const values = [least[i]!, sum[i]! / count[i]!, most[i]!].map((value) => value.toFixed(2));
    console.log(line(name, `${count[i]}`, ...values));
  }
  const grown = (heapAfter - heapBefore) / 1024;
  console.log(`heap: ${grown.toFixed(1)} KiB more, for the second half of the samples`);
}

function line(first: string, ...cells: string[]): string {
  return first.padEnd(12) + cells.map((cell) => cell.padStart(10)).join('');
}
