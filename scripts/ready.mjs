// Makes a clone ready to run: packages, native core, TypeScript. Silent and quick when nothing has changed.
//   node scripts/ready.mjs [packages] [native] [typescript] [--force] [--verbose]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquire } from './lock.mjs';
import { compiler, missing, nodeDir } from './toolchain.mjs';

const nodeMajorMin = 20;

const steps = [
  {
    name: 'packages',
    says: 'installing npm packages',
    output: 'node_modules',
    stamp: 'node_modules/.memspan-ready',
    inputs: () => hash(['package-lock.json']),
    // Installed by hand with npm: as good as by us.
    adopt: () => isInstalled('package-lock.json', 'node_modules/.package-lock.json'),
    run: () => npm('ci', '--include=dev', '--no-audit', '--no-fund'),
  },
  {
    name: 'native',
    says: 'compiling the native core (about 10 s)',
    output: 'build/Release/memspan.node',
    stamp: 'build/Release/memspan.inputs',
    // Not the Node version: one Node-API binary serves all.
    inputs: () =>
      hash(
        [...files('native'), 'binding.gyp', 'node_modules/node-addon-api/package.json'],
        [process.platform, process.arch],
      ),
    check: missing,
    run: compileNative,
  },
  {
    name: 'typescript',
    says: 'compiling TypeScript',
    output: 'dist',
    stamp: 'dist/.inputs',
    inputs: () => {
      const sources = ['src', 'test', 'bench', 'examples'].flatMap(files);
      const typescript = sources.filter((file) => file.endsWith('.ts'));
      return hash([...typescript, 'tsconfig.json', 'package.json', 'package-lock.json']);
    },
    run: compileTypeScript,
  },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const [force, verbose] = ['--force', '--verbose'].map((flag) => args.includes(flag));
const names = args.filter((arg) => !arg.startsWith('--'));
let lock;
process.chdir(root);
await main();

async function main() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < nodeMajorMin) {
    fail(`needs Node ${nodeMajorMin} or newer; this is ${process.version} (${process.execPath})`);
  }
  const stranger = names.find((name) => !steps.some((step) => step.name === name));
  if (stranger) fail(`no step "${stranger}"; there are ${steps.map((s) => s.name).join(', ')}`);
  const wanted = steps.filter((step) => names.length === 0 || names.includes(step.name));
  if (!force && wanted.every(isFresh)) return;

  lock = await acquire(path.join(root, '.ready.lock'), (pid) =>
    say(`waiting for the build that process ${pid} is doing…\n`),
  );
  process.once('exit', lock.release);
  // Looked at again, in order: whoever held the lock may have done it, and each step can feed the next.
  for (const step of wanted) if (force || !isFresh(step)) await perform(step);
}

function isFresh(step) {
  if (!fs.existsSync(step.output)) return false;
  if (read(step.stamp) === step.inputs()) return true;
  if (!step.adopt?.()) return false;
  fs.writeFileSync(step.stamp, step.inputs());
  return true;
}

async function perform(step) {
  const problem = step.check?.();
  if (problem) fail(problem);
  // Taken before the work: an edit made meanwhile makes the result stale, not fresh.
  const inputs = step.inputs();
  const start = performance.now();
  say(`${step.says}… ${verbose ? '\n' : ''}`);
  await step.run();
  fs.writeFileSync(step.stamp, inputs);
  process.stderr.write(`done in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

async function compileNative() {
  const dir = nodeDir();
  const how = force ? ['rebuild'] : ['configure', 'build'];
  const options = ['--jobs=max', '--loglevel=error', ...(dir ? [`--nodedir=${dir}`] : [])];
  fs.rmSync('build/Release/memspan.inputs', { force: true });
  const env = { CXX: compiler(), PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };
  await node('node_modules/node-gyp/bin/node-gyp.js', [...how, ...options], env);
}

async function compileTypeScript() {
  fs.rmSync('dist', { recursive: true, force: true });
  await node('node_modules/typescript/bin/tsc', ['--project', 'tsconfig.json']);
  // TypeScript 7 rewrites './x.ts' in the code but leaves it in declarations.
  for (const file of files('dist').filter((name) => name.endsWith('.d.ts'))) {
    const text = read(file);
    fs.writeFileSync(file, text.replace(/(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g, '$1$2.js$1'));
  }
  writeSteps();
}

/**
 * The library once more, in dist/steps, as tests that kill it want it: each comment `// step: NAME` has become a
 * call of `globalThis.memspanStep(NAME)`. The library itself pays nothing for its steps.
 */
function writeSteps() {
  for (const file of files('dist/src').filter((name) => name.endsWith('.js'))) {
    const target = file.replace('dist/src', 'dist/steps');
    fs.mkdirSync(path.dirname(target), { recursive: true });
    const call = "globalThis.memspanStep?.('$1');";
    fs.writeFileSync(target, read(file).replace(/\/\/ step: ([\w-]+)$/gm, call));
  }
}

/** Whether npm's own record of what is installed has every package of the lock file. */
function isInstalled(lockFile, installedFile) {
  const [locked, installed] = [lockFile, installedFile].map((file) => read(file));
  if (!locked || !installed) return false;
  const have = JSON.parse(installed).packages;
  return Object.entries(JSON.parse(locked).packages).every(
    ([where, wants]) => where === '' || wants.optional || have[where]?.version === wants.version,
  );
}

function npm(...args) {
  const cli = process.env.npm_execpath ?? '';
  return cli.endsWith('npm-cli.js') ? node(cli, args) : run('npm', args);
}

function node(script, args, env) {
  return run(process.execPath, [script, ...args], env);
}

/** Runs a command; its output is kept back and shown only when it fails. */
async function run(command, args, env = {}) {
  const stdio = ['ignore', ...(verbose ? [2, 2] : ['pipe', 'pipe'])];
  const child = spawn(command, args, { stdio, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  if (child.pid) lock.join(child.pid);
  // The lock is kept until the child, and what it started, has let go of its output.
  let stopped = false;
  const stop = (signal) => {
    stopped = true;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop);
  const problem = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? '' : `ended with ${signal ?? code}`),
    );
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeListener(signal, stop);
  if (stopped) fail('stopped');
  if (problem === '') return;
  process.stderr.write(`failed\n${output}`);
  fail(`${[path.basename(command), ...args].join(' ')}: ${problem}`);
}

function hash(names, more = []) {
  const sum = createHash('sha256');
  for (const name of names)
    sum
      .update(`${name}\0`)
      .update(read(name) ?? 'absent')
      .update('\0');
  return sum.update(more.join('\0')).digest('hex');
}

function files(folder) {
  if (!fs.existsSync(folder)) return [];
  const found = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function read(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

function say(text) {
  process.stderr.write(`memspan: ${text}`);
}

function fail(message) {
  say(`${message}\n`);
  process.exit(1);
}
