// npm run bench:hot [-- PATH… --json]: what hot paths leave out. They allocate nothing, or what is said of them; the engine keeps
// their code once it is warm; they make no system call while their peers are awake. Exit code 1 where that is not so.

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { callsOf } from './calls.ts';
import { bytesOf, deoptimizationsOf } from './heap.ts';
import { callsMaxOf, type HotPath, NOTHING } from './path.ts';
import { paths } from './paths.ts';

interface Proof {
  readonly name: string;
  readonly bytesPerOp: number;
  readonly bytesMax: number;
  readonly because: string | null;
  readonly deoptimizations: readonly string[];
  /** Of a million operations; null where there is no strace, or nothing to count. */
  readonly callsPerMillion: number | null;
  readonly callsMax: number;
  /** Whether a peer lives that holds it up: asked by tries that found nothing. */
  readonly probes: number;
  readonly calls: Readonly<Record<string, number>>;
  /** How often one of the two was not awake. */
  readonly switches: number;
  readonly faults: readonly string[];
}

const program = new Command('npm run bench:hot --')
  .description('Counts what hot paths allocate, give up and ask of the kernel.')
  .argument('[paths...]', 'parts of their names (all paths by default)')
  .addOption(new Option('--smoke', 'a hundredth of the work').hideHelp())
  .option('--json', 'one JSON document on standard output')
  .parse();
const options = program.opts<{ smoke?: boolean; json?: boolean }>();
const chosen = paths.filter(
  ({ name }) => program.args.length === 0 || program.args.some((part) => name.includes(part)),
);
if (chosen.length === 0)
  program.error(`no such path; there are: ${paths.map(({ name }) => name).join('; ')}`);

/** To go to sleep, to wake, and what is asked around that. */
const CALLS_PER_SWITCH = 8;
const share = options.smoke ? 0.01 : 1;
const [OPERATIONS, FEWER_OPERATIONS, TRACED_OPERATIONS] = [1e7, 1e6, 1e6].map(
  (all) => all * share,
) as [number, number, number];
const hasStrace = works('strace', ['-o', '/dev/null', 'true']);
if (!hasStrace)
  note('no strace that works here: system calls are not counted (apt-get install strace)');

const proofs: Proof[] = [];
for (const path of chosen) proofs.push(await prove(path));
const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`;
if (options.json)
  console.log(JSON.stringify({ machine, node: process.version, proofs }, undefined, 2));
else print();
process.exitCode = proofs.every(({ faults }) => faults.length === 0) ? 0 : 1;

async function prove(path: HotPath): Promise<Proof> {
  const { name, bytesMax, because = null, isAsync = false } = path;
  // What an object takes needs no ten millions of them.
  const times = isAsync || bytesMax > 0 ? FEWER_OPERATIONS : OPERATIONS;
  progress(`${name}: heap`);
  const bytesPerOp = await bytesOf(path, times);
  progress(`${name}: deoptimizations`);
  const deoptimizations = deoptimizationsOf(path, times);
  progress(`${name}: system calls`);
  // Each call that strace sees takes a tenth of a millisecond.
  const tracedTimes = (path.callsMax ?? 0) > 0 ? TRACED_OPERATIONS / 100 : TRACED_OPERATIONS;
  const traced = hasStrace && !isAsync ? await callsOf(path, tracedTimes) : undefined;
  progress('');
  const found = {
    name,
    bytesPerOp: Number(bytesPerOp.toPrecision(3)),
    bytesMax,
    because,
    deoptimizations,
    callsPerMillion: traced ? (traced.total / tracedTimes) * 1e6 : null,
    callsMax: callsMaxOf(path),
    probes: traced?.probes ?? 0,
    calls: traced?.byName ?? {},
    switches: traced?.switches ?? 0,
  };
  return { ...found, faults: faultsOf(found) };
}

function faultsOf(found: Omit<Proof, 'faults'>): string[] {
  const { bytesPerOp, bytesMax, deoptimizations, callsPerMillion, callsMax, switches } = found;
  // Who waits for one that lost its processor sleeps, and is woken.
  const excused = callsMax + switches * CALLS_PER_SWITCH;
  return [
    ...(bytesPerOp > (bytesMax || NOTHING) ? ['allocates'] : []),
    ...(deoptimizations.length > 0 ? ['is given up'] : []),
    ...((callsPerMillion ?? 0) > excused ? ['calls the kernel'] : []),
  ];
}

function print(): void {
  const table = new Table({
    head: ['', 'B/operation', 'given up', 'calls/million', ''],
    style: { head: [], border: [] },
    wordWrap: true,
  });
  for (const { name, bytesPerOp, deoptimizations, callsPerMillion, faults } of proofs) {
    const verdict = faults.length === 0 ? colors.green('as said') : colors.red(faults.join(', '));
    const calls = callsPerMillion === null ? '-' : callsPerMillion.toLocaleString('en');
    table.push([name, bytesPerOp, deoptimizations.length, calls, verdict]);
  }
  console.log(`${table}`);
  for (const { name, because } of proofs) if (because) console.log(`${name}: ${because}`);
  for (const { name, deoptimizations, calls, switches, faults } of proofs) {
    if (faults.length === 0) continue;
    console.log(colors.red(`\n${name}`));
    for (const one of deoptimizations) console.log(`  given up: ${one}`);
    for (const [call, count] of Object.entries(calls)) console.log(`  ${call}: ${count}`);
    console.log(`  a process lost its processor ${switches} times meanwhile`);
  }
  console.log(`\n${machine}, Node ${process.version}`);
}

function works(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function note(text: string): void {
  process.stderr.write(`memspan bench: ${text}\n`);
}
