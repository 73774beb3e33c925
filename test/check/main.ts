// npm run check [-- PART… --quick --json --write]: explores our own models, and then seeds defects into copies of the
// library and sees each of them found.
import os from 'node:os';
import { Command } from 'commander';
import { type Finding, findAll } from './findings.ts';
import { models } from './models.ts';
import { mutants } from './mutants.ts';
import { writePage } from './page.ts';
import { stress } from './stress.ts';

const program = new Command('npm run check --')
  .description("Explores memspan's own models: every schedule up to each one's bound.")
  .argument('[parts...]', 'only those whose name has one of these in it')
  .option('--quick', 'as npm test does: few preemptions')
  .option('--json', 'one JSON document on standard output')
  .option('--write', 'writes the tables of docs/verification.md anew')
  .option('--stress', 'runs the stress test of each mutant instead: minutes for each')
  .parse();
const options = program.opts<{
  quick?: boolean;
  json?: boolean;
  write?: boolean;
  stress?: boolean;
}>();
const names = [...models, ...mutants].map(({ name }) => name);
const chosen = names.filter(
  (name) => program.args.length === 0 || program.args.some((part) => name.includes(part)),
);
if (chosen.length === 0) program.error(`no model's or mutant's name has "${program.args}" in it`);
if (options.write && (options.quick || chosen.length < names.length)) {
  program.error('--write is for the whole run');
}
if (options.stress) {
  for (const mutant of mutants.filter(({ name }) => chosen.includes(name))) {
    console.log(`${mutant.name}: ${await stress(mutant)}`);
  }
  process.exit();
}

const width = Math.max(...chosen.map((name) => name.length));
const begun = performance.now();
const findings = await findAll({
  names: chosen,
  effort: options.quick ? 'quick' : 'full',
  parallel: Math.min(2, os.availableParallelism()),
  onFound: (finding) => {
    if (!options.json) console.log(lineOf(finding));
  },
  onProgress: (text) => {
    if (process.stderr.isTTY) process.stderr.write(text === '' ? '\r\x1b[K' : `\r\x1b[K${text}`);
  },
});
const seconds = (performance.now() - begun) / 1000;
const wrong = findings.filter(({ ok }) => !ok);
const schedules = findings.reduce((sum, finding) => sum + finding.schedules, 0);
if (options.write && wrong.length === 0) writePage(findings, seconds);
if (options.json)
  console.log(JSON.stringify({ ok: wrong.length === 0, schedules, seconds, findings }, null, 2));
else {
  for (const { name, text } of wrong) console.log(`\n${name}\n${text}`);
  const kinds = `${count(findings, 'model')} models, ${count(findings, 'mutant')} mutants`;
  console.log(
    `${kinds}: ${schedules.toLocaleString('en')} schedules in ${seconds.toFixed(0)} s, ${wrong.length} wrong`,
  );
}
process.exitCode = wrong.length === 0 ? 0 : 1;

function count(all: readonly Finding[], kind: Finding['kind']): number {
  return all.filter((finding) => finding.kind === kind).length;
}

function lineOf({ ok, name, schedules, states, extent, seconds }: Finding): string {
  const sums = `${schedules.toLocaleString('en').padStart(12)} schedules ${states.toLocaleString('en').padStart(10)} states`;
  return `${ok ? '✔' : '✖'} ${name.padEnd(width)}${sums}  ${seconds.toFixed(1).padStart(6)} s  ${extent}`;
}
