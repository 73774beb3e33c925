// Runs the compiled suite and checks that it left nothing behind: no process, nothing in /dev/shm, nothing of System V's.
//   node scripts/test.mjs [--stress] [--times] [--unfinished] [--without=PART]… [part of a file name]… [any --test-… option of node]
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { litter } from './litter.mjs';
import { end, mark, strays, watch } from './strays.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const args = process.argv.slice(2);
const stress = args.includes('--stress');
// Where there is no O_TMPFILE, a creator that is killed leaves a hidden file, which is no fault: told and removed.
const mayLeaveUnfinished = args.includes('--unfinished');
const WITHOUT = '--without=';
const without = args
  .filter((arg) => arg.startsWith(WITHOUT))
  .map((arg) => arg.slice(WITHOUT.length));
const options = args.filter((arg) => arg.startsWith('--test-'));
const reporters = ['spec', ...(args.includes('--times') ? ['./scripts/times.mjs'] : [])];
const parts = args.filter((arg) => !arg.startsWith('--'));
const files = suite().filter(
  (file) =>
    !without.some((part) => file.includes(part)) &&
    (parts.length === 0 || parts.some((part) => file.includes(part))),
);
if (files.length === 0) {
  const which = parts.length > 0 ? ` matches ${parts.join(', ')}` : '';
  console.error(`memspan: no test file in dist/test${which}`);
  process.exit(1);
}

// A watchdog, not a measure: for a machine that has much else to do. Node 20 and 22 apply it to each file, later ones to
// each test.
const limitMs = (stress ? 1200 : 300) * 1000;
// Most files keep a child or two busy themselves.
const concurrency = stress ? 1 : Math.max(2, os.availableParallelism() >> 1);

const newNames = litter();
const marked = mark();
const runner = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    ...reporters.flatMap((name) => [
      `--test-reporter=${name}`,
      '--test-reporter-destination=stdout',
    ]),
    `--test-timeout=${limitMs}`,
    `--test-concurrency=${concurrency}`,
    ...options,
    ...files,
  ],
  { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...marked } },
);
let hung = 0;
const stopWatching = watch(marked, runner.pid, 1.5 * limitMs, (pid, command) => {
  console.error(`memspan: ended ${pid}, which hung for ${(1.5 * limitMs) / 1000} s: ${command}`);
  hung += 1;
  end(pid);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => runner.kill(signal));
const [code, signal] = await new Promise((resolve) => {
  runner.once('exit', (...how) => resolve(how));
});
stopWatching();
if (signal) console.error(`memspan: the test runner was ended by ${signal}`);
const clean = await isClean();
process.exit(code === 0 && hung === 0 && clean ? 0 : 1);

function suite() {
  if (!fs.existsSync('dist/test')) return [];
  return fs
    .readdirSync('dist/test', { recursive: true })
    .filter((name) => name.endsWith('.test.js') && name.startsWith(`stress${path.sep}`) === stress)
    .map((name) => path.join('dist/test', name))
    .sort();
}

/** Children that are just ending get some seconds to do so; then what is left is told and ended. */
async function isClean() {
  const left = () => strays(marked, runner.pid);
  for (let tries = 0; tries < 100 && left().size + newNames().length > 0; tries += 1) {
    await sleep(50);
  }
  if (mayLeaveUnfinished) removeUnfinished(newNames());
  const [processes, names] = [left(), newNames()];
  for (const [pid, command] of processes) {
    console.error(`memspan: the suite left process ${pid} running (ended now): ${command}`);
    end(pid);
  }
  for (const name of names) console.error(`memspan: the suite left ${name} behind`);
  return processes.size + names.length === 0;
}

function removeUnfinished(paths) {
  const unfinished = paths.filter((name) => path.basename(name).startsWith('.memspan-'));
  for (const name of unfinished) fs.rmSync(name, { force: true });
  console.log(`memspan: ${unfinished.length} unfinished segments of killed creators removed`);
}
