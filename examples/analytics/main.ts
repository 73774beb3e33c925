// A CSV file, parsed by N processes into columns that they share, then grouped and aggregated by all of them.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { forkWith, Span } from 'memspan';
import type { Group } from './group.ts';
import type { Plain } from './plain.ts';
import { spanSizeFor, Table } from './table.ts';

const help = `main [--rows N] [--workers N] [--seed N]
  --rows      rides in the file (1000000)
  --workers   processes (as many as there are processors)
  --seed      of the generated rides (1)`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    workers: { type: 'string', default: `${availableParallelism()}` },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}
const rows = number('rows', 1, 1e8);
const workers = number('workers', 1, 60);
const seed = number('seed', 0, 2 ** 31);

const folder = mkdtempSync(path.join(tmpdir(), 'analytics-'));
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const file = path.join(folder, 'rides.csv');
console.log(`generating ${rows} rows`);
const [code] = await once(own(fork(scriptOf('generate'), [file, `${rows}`, `${seed}`])), 'exit');
if (code !== 0) throw new Error(`the generator has ended with ${code}`);
console.log(`${(statSync(file).size / 1e6).toFixed(1)} MB of CSV`);

console.log(line('workers', 'parse', 'aggregate', 'together'));
const one = await analyze(1);
const all = await analyze(workers);
const [answer] = await once(own(fork(scriptOf('plain'), [file])), 'message');
const { ms, rows: unsorted } = answer as Plain;
const plain = byCity(unsorted);
console.log(line('without', '', '', milliseconds(ms)));

console.log(`\n${line('city', 'rides', 'minutes', 'price', 'median', '95 %', '99 %')}`);
for (const [city, { rides, ...numbers }] of all) {
  const cells = Object.values(numbers).map((value) => value.toFixed(2));
  console.log(line(city, `${rides}`, ...cells));
}
const isEqual = [one, all].every((rows) => JSON.stringify(rows) === JSON.stringify(plain));
console.log(isEqual ? '\nall three agree on every number' : '\nthey DISAGREE');
if (!isEqual) process.exitCode = 1;

type Row = readonly [city: string, Group];

async function analyze(count: number): Promise<Row[]> {
  const { size } = statSync(file);
  using span = Span.anonymous({ size: spanSizeFor(size), as: 'main' });
  const table = new Table(span, size, count);
  const share = { table: span.segment };
  const ends = Array.from({ length: count }, (_, index) =>
    ended(
      own(
        forkWith(scriptOf('worker'), { share }, [file, `${index}`, `${count}`, `${process.pid}`]),
      ),
    ),
  );
  const failed = Promise.race(ends.map((end) => end.then(() => new Promise<never>(() => {}))));
  const phase = () => Promise.race([table.phase.waitAsync(), failed]);

  await phase(); // they are ready
  const start = performance.now();
  await phase();
  await phase();
  const parsed = performance.now();
  await phase();
  const done = performance.now();
  const times = [parsed - start, done - parsed, done - start].map(milliseconds);
  console.log(line(`${count}`, ...times));
  const groups = Array.from({ length: table.cities }, (_, city) => {
    const { rides, meanTime, meanPrice, medianPrice, price95, price99 } = table.results.get(city);
    const group = { rides, meanTime, meanPrice, medianPrice, price95, price99 };
    return [table.nameOf(city), group] as const;
  });
  table.phase.leave();
  await Promise.all(ends);
  return byCity(groups);
}

/** Cities get their numbers in the order in which somebody sees them: another one each time. */
function byCity(rows: readonly Row[]): Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The script beside this one: .js, or .ts where Node runs that. */
function scriptOf(name: string): URL {
  return new URL(`${name}${path.extname(import.meta.url)}`, import.meta.url);
}

function own(child: ChildProcess): ChildProcess {
  children.add(child);
  child.once('exit', (_, signal) => {
    children.delete(child);
    if (signal === 'SIGINT') process.exit(130); // Ctrl-C, which it has heard before us
  });
  return child;
}

/** Rejects if it does not end well. */
async function ended(child: ChildProcess): Promise<void> {
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`a worker has ended with ${signal ?? code}`);
}

function line(first: string, ...cells: string[]): string {
  return first.padEnd(12) + cells.map((cell) => cell.padStart(11)).join('');
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}

function number(name: 'rows' | 'workers' | 'seed', min: number, max: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  console.error(`--${name} is a whole number from ${min} to ${max}`);
  process.exit(2);
}
