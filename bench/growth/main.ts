// npm run bench:growth [-- CHART… --quick --json --write]: how cost grows, drawn as charts.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { peersAmong } from '../peers.ts';
import { charts, families } from './families.ts';
import type { Drawn } from './family.ts';
import { chartsIn, docs } from './files.ts';
import { measured, type Setting } from './measure.ts';
import { paged } from './page.ts';
import { drawn } from './svg.ts';
import { many, time } from './words.ts';

const names = charts.map(({ name }) => name);
const program = new Command('npm run bench:growth --')
  .description('Measures how cost grows with sizes and numbers, and draws it.')
  .argument('[charts...]', `which charts: ${names.join(', ')} (all of them by default)`)
  .option('--quick', 'a fifth of the work, three rounds instead of seven')
  .addOption(new Option('--smoke', 'one round of almost nothing: does it run?').hideHelp())
  .addOption(new Option('--rounds <n>', 'how many interleaved rounds').argParser(Number))
  .option('--json', 'one JSON document on standard output')
  .option('--write', 'charts and numbers to docs/charts, and what they say to docs/performance.md')
  .parse();
const options = program.opts<{
  quick?: boolean;
  smoke?: boolean;
  json?: boolean;
  write?: boolean;
  rounds?: number;
}>();
const unknown = program.args.filter((name) => !names.includes(name));
if (unknown.length > 0) program.error(`no such chart: ${unknown.join(', ')} (${names.join(', ')})`);
if (options.smoke && options.write) program.error('--smoke measures nothing that may be written');

const isWithC = peersAmong(['C']).every(({ found }) => found !== undefined);
if (!isWithC) note('no C compiler found, its lines are left out (apt-get install gcc)');
const setting: Setting = {
  machine: `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`,
  node: process.version.slice(1),
  date: new Date().toISOString().slice(0, 10),
  command: ['npm run bench:growth', ...argumentsOf()].join(' '),
};
const plan = {
  rounds: options.rounds ?? (options.smoke ? 1 : options.quick ? 3 : 7),
  share: options.smoke ? 0.01 : options.quick ? 0.2 : 1,
  isSmoke: options.smoke ?? false,
  isWithC,
  progress,
};

const all: Drawn[] = [];
for (const family of families) {
  const wanted = family.charts.map(({ name }) => name).filter(isWanted);
  if (wanted.length === 0) continue;
  const found = (await measured(family, plan, setting)).filter(({ chart }) => isWanted(chart));
  progress('');
  all.push(...found);
  // Of each family at once: the next may take minutes.
  if (options.write) write(found);
  if (!options.json) for (const one of found) print(one);
}
if (options.json) console.log(JSON.stringify({ ...setting, charts: all }, undefined, 2));

function isWanted(name: string): boolean {
  return program.args.length === 0 || program.args.includes(name);
}

function argumentsOf(): string[] {
  const rounds = options.rounds === undefined ? [] : ['--rounds', String(options.rounds)];
  const all = [...program.args, ...(options.quick ? ['--quick'] : []), ...rounds];
  return all.length > 0 ? ['--', ...all] : [];
}

function write(found: readonly Drawn[]): void {
  mkdirSync(fileURLToPath(new URL('charts/', docs)), { recursive: true });
  for (const one of found) {
    const file = (kind: string): URL => new URL(`charts/${one.chart}.${kind}`, docs);
    writeFileSync(file('json'), `${JSON.stringify(one, undefined, 2)}\n`);
    writeFileSync(file('svg'), drawn(one));
  }
  const page = new URL('performance.md', docs);
  writeFileSync(page, paged(readFileSync(page, 'utf8'), charts, chartsIn()));
}

function print({ title, x, y, series }: Drawn): void {
  console.log(`\n${title} (${y.label})`);
  const said = (value: number): string => (y.unit === 'ns' ? time(value) : many(value).trim());
  for (const { name, points } of series) {
    const each = points.map(
      ({ x: at, median }) => `${x.unit === 'bytes' ? `${many(at, 1024)}B` : at}: ${said(median)}`,
    );
    console.log(`  ${name}\n    ${each.join('  ')}`);
  }
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function note(text: string): void {
  process.stderr.write(`memspan bench: ${text}\n`);
}
