// npm run bench [-- GROUP… --quick --json]: every measurement beside its peers, interleaved, in one run.

import { availableParallelism, cpus } from 'node:os';
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { settled } from './calibration.ts';
import { rows } from './groups.ts';
import { peersAmong } from './peers.ts';
import { type Contender, NANOSECONDS, type Row, type Run } from './row.ts';
import { median, spread } from './statistics.ts';
import type { Measurement } from './task.ts';

interface Verdict {
  name: string;
  ratio: number;
  goal: string;
  met: boolean;
}

interface Result {
  readonly name: string;
  readonly group: string;
  readonly unit: string;
  readonly value: Partial<Record<Contender, number>>;
  readonly spread: Partial<Record<Contender, number>>;
  readonly nsPerOp: Partial<Record<Contender, number>>;
  /** Where two contend: the share of the one that got more. */
  readonly busier: Partial<Record<Contender, number>>;
}

const groups = [...new Set(rows.map((row) => row.group))];
const program = new Command('npm run bench --')
  .description('Measures memspan beside C and beside what Node users have today.')
  .argument('[groups...]', `which groups: ${groups.join(', ')} (all of them by default)`)
  .option('--quick', 'a fifth of the work, three rounds instead of seven')
  .addOption(new Option('--smoke', 'one round of almost nothing: does it run?').hideHelp())
  .addOption(new Option('--rounds <n>', 'how many interleaved rounds').argParser(Number))
  .option('--json', 'one JSON document on standard output')
  .parse();
const options = program.opts<{
  quick?: boolean;
  smoke?: boolean;
  json?: boolean;
  rounds?: number;
}>();
const share = options.smoke ? 0.01 : options.quick ? 0.2 : 1;
const rounds = options.rounds ?? (options.smoke ? 1 : options.quick ? 3 : 7);
const unknown = program.args.filter((name) => !groups.includes(name as Row['group']));
if (unknown.length > 0)
  program.error(`no such group: ${unknown.join(', ')} (${groups.join(', ')})`);
const chosen = rows.filter(
  ({ group }) => program.args.length === 0 || program.args.includes(group),
);
const peers = peersAmong(
  chosen.flatMap(({ contenders }) => Object.keys(contenders) as Contender[]),
);
const missing = peers.filter(({ found }) => found === undefined);
const isWithC = !missing.some(({ isOf }) => isOf('C'));
for (const { name, remedy } of missing)
  note(`no ${name} found, its columns are skipped (${remedy})`);

const results: Result[] = [];
const targets: Verdict[] = [];
const placements: number[] = [];
/** Of peers: where → what happened. */
const failures: Record<string, string> = {};
for (const row of chosen) {
  const result = await measure(row);
  results.push(result);
  if (!options.json) print(row, result);
}
report();

/** One run of each contender in turn, `rounds` times: neighbours in time are compared. */
async function measure(row: Row): Promise<Result> {
  const samples = new Map<Contender, number[]>();
  const contenders = Object.entries(row.contenders) as [Contender, Run][];
  const present = contenders.filter(
    ([name]) => !missing.some(({ isOf }) => isOf(name)) && !(options.smoke && isKnown(row, name)),
  );
  const ratios = new Map<Contender, number[]>();
  const splits = new Map<Contender, number[]>();
  for (let round = 0; round < rounds; round++) {
    progress(`${row.name}: round ${round + 1} of ${rounds}`);
    const { result: took, placementNs } = await settled(
      async () => {
        const each = new Map<Contender, Measurement>();
        for (const [name, run] of present) {
          const measurement = await attempt(row, name, run);
          if (measurement) each.set(name, measurement);
        }
        return each;
      },
      { isWithC, triesMax: options.smoke ? 1 : 2 },
    );
    placements.push(placementNs);
    const own = took.get('memspan') as Measurement;
    for (const [name, { nsPerOp, busier }] of took) {
      add(samples, name, nsPerOp);
      add(ratios, name, nsPerOp / own.nsPerOp);
      if (busier !== undefined) add(splits, name, busier);
    }
  }
  progress('');
  judge(row, ratios);
  const each = (value: (list: number[]) => number, of = samples) =>
    Object.fromEntries([...of].map(([name, list]) => [name, value(list)]));
  return {
    name: row.name,
    group: row.group,
    unit: row.unit,
    nsPerOp: each(median),
    value: each((list) => shown(row, median(list))),
    spread: each(spread),
    busier: each(median, splits),
  };
}

/** A peer that has run in one row, and of which this one expects nothing: to see that it still runs, once is enough. */
function isKnown({ targets }: Row, name: Contender): boolean {
  if (name === 'memspan' || targets.some(({ against }) => against === name)) return false;
  return results.some(({ nsPerOp }) => nsPerOp[name] !== undefined);
}

/** Undefined when a peer fails, which the report says; what is ours, or C, has to run. */
async function attempt(row: Row, name: Contender, run: Run): Promise<Measurement | undefined> {
  const where = `${row.name}, ${name}`;
  if (failures[where] !== undefined) return undefined;
  try {
    return await run(share);
  } catch (error) {
    if (/^(memspan|C)\b/.test(name)) throw error;
    failures[where] = (error as Error).message;
    note(`${where}: failed and is left out of this row (${failures[where]})`);
    return undefined;
  }
}

function add(map: Map<Contender, number[]>, name: Contender, value: number): void {
  map.set(name, [...(map.get(name) ?? []), value]);
}

function judge(row: Row, ratios: Map<Contender, number[]>): void {
  for (const { against, speedMin } of row.targets) {
    const list = ratios.get(against);
    if (list === undefined) continue;
    const ratio = median(list);
    const isLimit = speedMin < 1 && row.unit in NANOSECONDS;
    targets.push({
      name: `${row.name}, against ${against}`,
      ratio: round(isLimit ? 1 / ratio : ratio),
      goal: isLimit ? `<= ${round(1 / speedMin)}` : `>= ${speedMin}`,
      met: ratio >= speedMin,
    });
  }
}

function shown({ unit, size }: Row, ns: number): number {
  if (unit in NANOSECONDS) return round(ns / NANOSECONDS[unit as keyof typeof NANOSECONDS]);
  return unit === 'MB/s' ? round((size / ns) * 1000) : Math.round(1e9 / ns);
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

function print(row: Row, result: Result): void {
  const isContest = Object.keys(result.busier).length > 0;
  const table = new Table({
    head: ['', row.unit, '±', 'memspan is', ...(isContest ? ['split'] : [])],
    style: { head: [], border: [] },
  });
  const own = result.nsPerOp.memspan ?? Number.NaN;
  for (const [name, value] of Object.entries(result.value) as [Contender, number][]) {
    const ratio = (result.nsPerOp[name] ?? Number.NaN) / own;
    const compared =
      name === 'memspan'
        ? ''
        : ratio >= 1
          ? `${round(ratio)}× as fast`
          : `${round(1 / ratio)}× slower`;
    const noise = `${Math.round((result.spread[name] ?? 0) * 100)} %`;
    const busier = Math.round((result.busier[name] ?? 0) * 100);
    const split = busier === 0 ? '' : `${busier}:${100 - busier}`;
    table.push([name, value.toLocaleString('en'), noise, compared, ...(isContest ? [split] : [])]);
  }
  console.log(`\n${colors.bold(result.name)}\n${table}`);
}

function report(): void {
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}`;
  const placementNs = { min: Math.min(...placements), max: Math.max(...placements) };
  if (options.json) {
    const found = Object.fromEntries(peers.map(({ name, found }) => [name, found ?? null]));
    const document = { machine, peers: found, failures, rounds, placementNs, results, targets };
    console.log(JSON.stringify(document, undefined, 2));
    return;
  }
  console.log(`\n${colors.bold('Targets')} (${machine})`);
  for (const { name, ratio, goal, met } of targets) {
    const mark = met ? colors.green('met   ') : colors.red('missed');
    console.log(`  ${mark} ${name}: ${ratio}, goal ${goal}`);
  }
  for (const { name, found } of peers) if (found) note(`${name}: ${found}`);
  note(`a spinning round trip in C took ${round(placementNs.min)} to ${round(placementNs.max)} ns`);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function note(text: string): void {
  process.stderr.write(`memspan bench: ${text}\n`);
}
