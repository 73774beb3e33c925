// The tables of docs/verification.md.
import fs from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Finding } from './findings.ts';

const PAGE = fileURLToPath(new URL('../../../docs/verification.md', import.meta.url));
const BEGIN = '<!-- written by `npm run check -- --write` -->';
const END = '<!-- the end of what is written -->';

export function writePage(findings: readonly Finding[], seconds: number): void {
  const page = fs.readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN) as [string, string];
  const after = rest.split(END)[1] as string;
  fs.writeFileSync(PAGE, `${before}${BEGIN}\n${tables(findings, seconds)}${END}${after}`);
}

function tables(findings: readonly Finding[], seconds: number): string {
  const number = (value: number): string => value.toLocaleString('en');
  const models = findings.filter(({ kind }) => kind === 'model');
  const mutants = findings.filter(({ kind }) => kind === 'mutant');
  const all = findings.reduce((sum, { schedules }) => sum + schedules, 0);
  const date = new Date().toISOString().slice(0, 10);
  const cores = os.availableParallelism();
  return [
    '',
    `${date}, Node ${process.version}, ${cores} cores: ${number(all)} schedules in ${seconds.toFixed(0)} s.`,
    '',
    '| model | schedules | states | explored | seconds |',
    '|---|---:|---:|---|---:|',
    ...models.map(
      ({ name, schedules, states, extent, seconds }) =>
        `| ${name} | ${number(schedules)} | ${number(states)} | ${extent} | ${seconds.toFixed(1)} |`,
    ),
    '',
    '| defect | found as | schedules | steps | seconds |',
    '|---|---|---:|---:|---:|',
    ...mutants.map(
      ({ name, extent, schedules, steps, seconds }) =>
        `| ${name} | ${extent} | ${number(schedules)} | ${steps} | ${seconds.toFixed(1)} |`,
    ),
    '',
    '',
  ].join('\n');
}
