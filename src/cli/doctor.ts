// `memspan doctor`: what is wrong and what to do about it; with --clean, what is nobody's and goes.

import { type Outcome, removeLeftover } from '../inspect/diagnosis/leftover.ts';
import { diagnose, type Finding, type Severity } from '../inspect/diagnosis.ts';
import { memory, paint, printable } from './format.ts';
import { CommandError } from './report.ts';

interface Options {
  readonly clean?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];
const MARKS: Readonly<Record<Severity, string>> = {
  error: paint.red('✗'),
  warning: paint.yellow('!'),
  note: paint.dim('·'),
};

export function doctor(pattern: string | undefined, options: Options): void {
  if (options.yes === true && options.clean !== true) {
    throw new CommandError(
      'ERR_MEMSPAN_USAGE',
      'doctor: --yes goes with --clean',
      'See what would go with `memspan doctor --clean`',
    );
  }
  const findings = diagnose({ pattern });
  if (options.clean === true) clean(findings, options);
  else tell(findings, pattern, options.json === true);
}

function tell(findings: readonly Finding[], pattern: string | undefined, json: boolean): void {
  const isHealthy = !findings.some(({ severity }) => severity === 'error');
  if (!isHealthy) process.exitCode = 1;
  if (json) {
    console.log(JSON.stringify({ healthy: isHealthy, findings }, null, 2));
    return;
  }
  for (const finding of findings) console.log(paragraph(finding));
  if (findings.length > 0) console.log('');
  console.log(summary(findings, pattern));
}

function paragraph({ severity, subject, what, remedy }: Finding): string {
  const head = lines(`${printable(subject)}: ${printable(what)}`, 2, 2);
  // The subject may be broken over lines; colour what is whole on the first.
  const coloured = head.replace(printable(subject), (text) => paint.bold(text));
  return `${MARKS[severity]} ${coloured}\n  ${paint.dim('→')} ${lines(printable(remedy), 4, 4)}`;
}

/** Broken into lines of the terminal's width, the first of which begins at column `start`; in a pipe, one line. */
function lines(text: string, start: number, indent: number): string {
  if (!process.stdout.isTTY) return text;
  const width = Math.max(process.stdout.columns || 80, 40);
  let column = start;
  let broken = '';
  for (const word of text.split(' ')) {
    if (broken !== '' && column + 1 + word.length > width) {
      broken += `\n${' '.repeat(indent)}`;
      column = indent;
    } else if (broken !== '') {
      broken += ' ';
      column++;
    }
    broken += word;
    column += word.length;
  }
  return broken;
}

function summary(findings: readonly Finding[], pattern: string | undefined): string {
  if (findings.length === 0) {
    return pattern === undefined
      ? 'Healthy: /dev/shm has room, kernel and limits will do, and nobody has left anything.'
      : `Healthy: nothing is wrong with '${printable(pattern)}'.`;
  }
  const counts = SEVERITIES.map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 && severity !== 'error'
      ? ''
      : `${count || 'no'} ${severity}${count === 1 ? '' : 's'}`;
  }).filter((text) => text !== '');
  const fixes = findings.filter(({ fix }) => fix !== undefined).length;
  const cleaning = ` ${fixes === 1 ? 'One' : fixes} can go: \`memspan doctor --clean\`.`;
  return `${counts.join(', ').replace('no errors', 'No errors')}.${fixes > 0 ? cleaning : ''}`;
}

function clean(findings: readonly Finding[], { yes = false, json }: Options): void {
  const outcomes: Outcome[] = [];
  for (const { fix } of findings) {
    if (fix === undefined) continue;
    const outcome = removeLeftover(fix, { dryRun: !yes });
    outcomes.push(outcome);
    if (json !== true) console.log(lineOf(outcome));
  }
  if (outcomes.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
  if (json === true) console.log(JSON.stringify({ dryRun: !yes, leftovers: outcomes }, null, 2));
  else console.log(conclusion(outcomes, yes));
}

const WORDS: Readonly<Record<Outcome['outcome'], string>> = {
  removed: 'removed',
  removable: 'would remove',
  'in-use': 'kept, in use',
  unknown: 'kept, unknown',
  gone: 'gone',
  failed: 'failed',
};

function lineOf({ outcome, name, kind, residentSize, why }: Outcome): string {
  const isDone = outcome === 'removed' || outcome === 'removable';
  const word = isDone ? paint.green(WORDS[outcome]) : paint.yellow(WORDS[outcome]);
  return `${word}  ${printable(name)} (${kind}, ${memory(residentSize)}): ${printable(why)}`;
}

function conclusion(outcomes: readonly Outcome[], yes: boolean): string {
  const count = (which: Outcome['outcome']): number =>
    outcomes.filter(({ outcome }) => outcome === which).length;
  const unknown =
    count('unknown') > 0
      ? ' To know of the unknown, run it as their owner or as root, where the kernel has leases.'
      : '';
  if (yes) return `${count('removed') || 'Nothing'} removed.${unknown}`;
  const removable = count('removable');
  if (removable === 0) return `Nothing is provably nobody’s.${unknown}`;
  return `Nothing has been removed yet: \`memspan doctor --clean --yes\` removes ${removable === 1 ? 'it' : `these ${removable}`}.${unknown}`;
}
