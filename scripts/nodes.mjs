// Runs the suite on several Node versions, which it fetches from npm into .nodes/ where they are missing. On others than the
// oldest it leaves out what is the same on all of them (SAME), unless it is told which files, or --all.
//   node scripts/nodes.mjs [20 22 …] [--all] [part of a test file's name]…
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { report, run } from './runs.mjs';
import { binary, fetch } from './runtimes.mjs';
import { KERNEL, TEXTS } from './same.mjs';
import { NODES } from './supported.mjs';

const SAME = [...TEXTS, ...KERNEL];
/** Tests that are left out with them: the kernel ends who is killed. Exits and terminated workers are Node's. */
const SAME_TESTS = '/\\bby SIGKILL\\b/';
/** What two versions are enough for, the oldest and the newest: deaths at each step, floods of messages, hostile bytes. */
const ENDS = [
  ...['kills', '-deaths', '.death', 'deadlock', 'paused', 'order'],
  ...['flow', 'mixed', 'soak', 'buffer', 'phases', 'torn'],
  ...['hostile', '.states'],
];
const [OLDEST, NEWEST] = [NODES.at(0), NODES.at(-1)];

const root = fileURLToPath(new URL('..', import.meta.url));
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

try {
  fetch(versions);
} catch (error) {
  console.error(`memspan: ${error.message}`);
  process.exit(1);
}
const rows = [];
for (const version of versions) rows.push(await suite(version));
report('node', rows);
process.exit(rows.every((row) => row.ok) ? 0 : 1);

async function suite(version) {
  const node = binary(version);
  const name = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() || version;
  const command = [node, path.join(root, 'scripts/test.mjs'), ...rest];
  if (!isWhole && version !== OLDEST) command.push(...lessOn(version));
  const PATH = `${path.dirname(node)}${path.delimiter}${process.env.PATH}`;
  const row = await run(`on Node ${name}`, command, { env: { PATH } });
  if (!row.ok) console.log(row.output);
  return { ...row, name };
}
