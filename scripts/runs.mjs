// Runs the suite several times under different conditions, and tells of all runs at the end: what has failed, a table, totals.
import { spawn } from 'node:child_process';
import fs from 'node:fs';

/** Characters of the failures of one run that are told again at the end. */
const FAILURES_MAX = 6000;

/** One run of a program that ends as Node's test runner does. What it prints goes to the file `log`, too, while it runs. */
export async function run(name, [command, ...args], { env, log }) {
  process.stdout.write(`memspan: the suite ${name}… `);
  if (log !== undefined) fs.writeFileSync(log, '');
  const start = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (log !== undefined) fs.appendFileSync(log, text);
    });
  }
  const ok = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${ok ? 'passed' : 'failed'} in ${seconds} s`);
  return { name, ok, seconds, output, failures: ok ? '' : failuresIn(output), ...counts(output) };
}

/** What Node's reporter lists at its end, and what the suite says of itself after that. */
function failuresIn(output) {
  const at = output.lastIndexOf('failing tests:');
  if (at >= 0) return output.slice(at);
  return output.split('\n').slice(-20).join('\n');
}

/** Node's own closing lines: "ℹ pass 12". */
function counts(output) {
  const of = (word) => Number(output.match(new RegExp(`^\\W*${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  return { pass: of('pass'), fail: of('fail') + of('cancelled'), skip: of('skipped') };
}

/** Failures, a table whose first column is `what`, and a line of totals that needs no table to be read. */
export function report(what, rows) {
  const width = Math.max(10, ...rows.map(({ name }) => name.length + 1));
  const line = ([name, ...cells]) =>
    [name.padEnd(width), ...cells.map((cell) => `${cell}`.padStart(10))].join('').trimEnd();
  for (const { name, failures } of rows.filter(({ ok }) => !ok)) {
    console.log(`\nmemspan: ${name}: ${failures.trim().slice(0, FAILURES_MAX)}\n`);
  }
  console.log(line([what, 'pass', 'fail', 'skip', 'seconds', '']));
  for (const { name, ok, pass, fail, skip, seconds } of rows) {
    console.log(line([name, pass, fail, skip, seconds, ok ? 'passed' : 'FAILED']));
  }
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  console.log(`${sum('pass')} passed, ${sum('fail')} failed, ${sum('skip')} skipped`);
}
