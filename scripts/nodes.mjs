// Runs the suite on several Node versions, which it fetches from npm into .nodes/ where they are missing. On others than the
// oldest it leaves out what is the same on all of them (SAME), unless it is told which files, or --all.
//   node scripts/nodes.mjs [20 22 …] [--all] [part of a test file's name]…
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODES } from './supported.mjs';

/** Parts of file names: texts, tools, lessons, examples, models, other languages, and what only the kernel or plain JavaScript decides. */
const SAME = [
  ...['test/tidy', 'test/docs', 'test/bench/', 'test/check/', 'test/interop/', 'test/packaging/'],
  ...['test/cli/demo', 'test/cli/stream-death', 'test/cli/stream-names', 'test/cli/terminal'],
  ...['test/cli/lab', 'test/cli/shell', 'test/cli/inspect', 'test/cli/doctor', 'test/cli/top'],
  ...['test/segment/published-whole', 'test/span/containers', 'test/layout/languages'],
  ...['test/lab/', 'test/inspect/', 'test/examples/', '.words', '.format'],
];
/** Tests that are left out with them: the kernel ends who is killed. Exits and terminated workers are Node's. */
const SAME_TESTS = '/\\bby SIGKILL\\b/';
/** What two versions are enough for, the oldest and the newest: deaths at each step, floods of messages, hostile bytes. */
const ENDS = [
  ...['kills', '-deaths', '.death', 'deadlock', 'paused', 'order'],
  ...['flow', 'mixed', 'soak', 'buffer', 'phases', 'torn'],
  ...['hostile', '.states'],
];
const [OLDEST, NEWEST] = [NODES.at(0), NODES.at(-1)];
/** Characters of the failures of one version that are told again at the end. */
const FAILURES_MAX = 6000;

const root = fileURLToPath(new URL('..', import.meta.url));
const store = path.join(root, '.nodes');
const args = process.argv.slice(2);
const chosen = args.filter((arg) => /^\d+$/.test(arg));
const versions = chosen.length > 0 ? chosen : NODES;
const rest = args.filter((arg) => !chosen.includes(arg) && arg !== '--all');
const isWhole = args.includes('--all') || rest.some((arg) => !arg.startsWith('--'));
const lessOn = (version) => [
  ...[...SAME, ...(version === NEWEST ? [] : ENDS)].map((part) => `--without=${part}`),
  `--test-skip-pattern=${SAME_TESTS}`,
];
if (!isWhole && versions.some((version) => version !== OLDEST)) {
  const without = SAME.map((part) => part.replace('test/', '')).join(', ');
  console.log(`memspan: on Node ${OLDEST} alone: ${without}, tests with ${SAME_TESTS}`);
  console.log(`memspan: on Node ${OLDEST} and ${NEWEST} alone: ${ENDS.join(', ')}`);
}

install(versions.filter((version) => !fs.existsSync(binary(version))));
const rows = [];
for (const version of versions) rows.push(await suite(version));
report(rows);
process.exit(rows.every((row) => row.ok) ? 0 : 1);

function binary(version) {
  return path.join(store, 'node_modules', `node${version}`, 'bin/node');
}

function install(absent) {
  if (absent.length === 0) return;
  console.log(`memspan: fetching Node ${absent.join(', ')} from npm into .nodes/`);
  fs.mkdirSync(store, { recursive: true });
  const manifest = path.join(store, 'package.json');
  if (!fs.existsSync(manifest)) fs.writeFileSync(manifest, '{ "private": true }\n');
  const source = `node-${process.platform}-${process.arch}`;
  const aliases = absent.map((version) => `node${version}@npm:${source}@${version}`);
  const command = ['install', '--no-audit', '--no-fund', '--prefix', store, ...aliases];
  const { status, stdout, stderr } = spawnSync('npm', command, { encoding: 'utf8', cwd: store });
  if (status === 0) return;
  console.error(`${stdout}${stderr}\nmemspan: npm could not fetch ${aliases.join(' ')}`);
  process.exit(1);
}

/** One run; of its output, what has failed is kept for the end, and all of it is shown when nobody knows what it was. */
async function suite(version) {
  const node = binary(version);
  const name = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() || version;
  process.stdout.write(`memspan: the suite on Node ${name}… `);
  const start = performance.now();
  const child = spawn(
    node,
    [
      path.join(root, 'scripts/test.mjs'),
      ...rest,
      ...(isWhole || version === OLDEST ? [] : lessOn(version)),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
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
  if (!ok) console.log(output);
  return { name, ok, seconds, failures: ok ? '' : failuresIn(output), ...counts(output) };
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

/** Failures, a table, and a line of totals that needs no table to be read. */
function report(rows) {
  const cells = ({ name, ok, pass, fail, skip, seconds }) =>
    [name, pass, fail, skip, seconds, ok ? 'passed' : 'FAILED'].map((cell) =>
      `${cell}`.padStart(10),
    );
  for (const { name, failures } of rows.filter(({ ok }) => !ok)) {
    console.log(`\nmemspan: on Node ${name}, ${failures.trim().slice(0, FAILURES_MAX)}\n`);
  }
  const head = ['node', 'pass', 'fail', 'skip', 'seconds', ''].map((cell) => cell.padStart(10));
  console.log([head, ...rows.map(cells)].map((row) => row.join('').trimEnd()).join('\n'));
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  console.log(`${sum('pass')} passed, ${sum('fail')} failed, ${sum('skip')} skipped`);
}
