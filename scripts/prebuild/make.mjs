// Makes the prebuilt binaries that are missing or older than what they are made of. Work lies in .prebuild/TARGET/, results in prebuilds/.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { acquire } from '../lock.mjs';
import { run } from './command.mjs';
import { neededBy, newestGlibc } from './elf.mjs';
import { buildLinux } from './linux.mjs';
import { absent, glibcMax } from './targets.mjs';
import { buildWindows } from './windows.mjs';

const store = '.prebuild';

/**
 * In the repository's root. Calls `onBegin(target, isFresh)` and `onEnd(target, seconds, isFresh)`; what is fresh took its seconds
 * some other time. Returns a row for each: {target, file, size, sha256, glibc, needed, seconds}.
 */
export async function make(targets, { force = false, onBegin = () => {}, onEnd = () => {} } = {}) {
  const lacking = [...new Set(targets.flatMap(absent))];
  if (lacking.length > 0) {
    throw new Error(`needs more tools: sudo apt-get install ${lacking.join(' ')}`);
  }
  fs.mkdirSync(store, { recursive: true });
  const lock = await acquire(path.join(store, 'lock'), () => {});
  process.once('exit', lock.release);
  try {
    const rows = [];
    for (const target of targets) {
      const record = read(target);
      const inputs = inputsOf(target);
      const isFresh =
        !force && record?.inputs === inputs && record.sha256 === digest(target.output);
      onBegin(target, isFresh);
      if (!isFresh) await build(target, inputs);
      const { seconds, sha256 } = read(target);
      onEnd(target, seconds, isFresh);
      rows.push({ ...describe(target), sha256, seconds });
    }
    return rows;
  } finally {
    lock.release();
  }
}

async function build(target, inputs) {
  const start = performance.now();
  const folder = path.join(store, target.name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  if (target.objects) run(process.execPath, ['scripts/ready.mjs', 'native']);
  const made = await (target.libc ? buildLinux : buildWindows)(target, folder);
  fs.chmodSync(made, 0o644);
  fs.mkdirSync(path.dirname(target.output), { recursive: true });
  // Whole or not at all: a program may be loading it.
  fs.renameSync(made, target.output);
  const seconds = Number(((performance.now() - start) / 1000).toFixed(1));
  const record = { inputs, sha256: digest(target.output), seconds };
  fs.writeFileSync(recordOf(target), `${JSON.stringify(record)}\n`);
}

/** Not the running Node's version: of its headers, only what is the same in all is used. */
function inputsOf(target) {
  const [other, scripts] = target.libc
    ? [/^native\/(windows|darwin)\//, ['linux.mjs', 'stand-in.mjs', 'newer.c', 'musl.h']]
    : [/^native\/(?!windows\/)/, ['windows.mjs']];
  const sources = fs
    .readdirSync('native', { recursive: true })
    .map((name) => path.join('native', name))
    .filter((file) => /\.(cc|h)$/.test(file) && !other.test(file))
    .sort();
  const packages = ['node-addon-api', 'node-api-headers'];
  const files = [
    ...sources,
    ...scripts.map((name) => `scripts/prebuild/${name}`),
    ...packages.map((name) => `node_modules/${name}/package.json`),
    'binding.gyp',
  ];
  const sum = createHash('sha256').update(JSON.stringify([target, glibcMax]));
  for (const file of files) sum.update(`${file}\0`).update(fs.readFileSync(file));
  if (target.cxx) sum.update(run(target.cxx, ['--version']));
  return sum.digest('hex');
}

function describe(target) {
  const row = { target: target.name, file: target.output, size: fs.statSync(target.output).size };
  if (!target.libc) return row;
  const glibc = target.libc === 'glibc' ? newestGlibc(target.output) : undefined;
  return { ...row, glibc, needed: neededBy(target.output) };
}

function recordOf(target) {
  return path.join(store, target.name, 'made.json');
}

function read(target) {
  const file = recordOf(target);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
}

function digest(file) {
  if (!fs.existsSync(file)) return undefined;
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}
