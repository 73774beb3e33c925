// Installs the npm package as a user does, by npm 11 and npm 12, where there is no compiler, and runs the programs of README.md
// with what was installed, on several runtimes. Says in a table how it went.
//   node scripts/test-package.mjs [20 22 24 26 bun deno …]
// Needs `npm run build`; without prebuilds/ the package has this machine's core alone.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pack, stage } from './package/stage.mjs';
import { binary, fetch } from './runtimes.mjs';

/** npm's major version → the Node that runs it: one that it says it supports. */
const INSTALLERS = { npm11: '20', npm12: '26' };
/** What the examples' shells call, and a package manager may: no compiler, no python, no make. */
const TOOLS = ['bash', 'sh', 'env', 'cat', 'cmp', 'head', 'ls', 'rm', 'sleep', 'uname'];
/** A watchdog; what is seen is a second. */
const LIMIT_MS = 60_000;
/** What an example ends with, by the first file that it has. */
const EXPECTED = {
  'counter.mjs': /\b2000000\b[\s\S]*\bhits\b/,
  'sleeper.mjs': /^(ok|not-equal)$/m,
  'producer.mjs': /^1000 orders$/m,
};

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const runtimes = args.length > 0 ? args : ['20', '22', '24', '26', 'bun'];
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-package-'));
try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(`memspan: ${error.message}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}

async function main() {
  const installers = Object.keys(INSTALLERS);
  fetch([...new Set([...runtimes, ...Object.values(INSTALLERS), ...installers])]);
  const tarball = await makePackage();
  const examples = examplesOf(fs.readFileSync(path.join(root, 'README.md'), 'utf8'));
  const rows = installers.flatMap((installer) => {
    const installed = install(installer, tarball);
    console.log(`memspan: ${installed.title} installed it in ${installed.seconds} s`);
    return runtimes.map((runtime) => tryOut(installed, runtime, examples));
  });
  report(rows);
  return rows.every(({ problem }) => problem === '');
}

async function makePackage() {
  const local = !fs.existsSync(path.join(root, 'prebuilds'));
  if (local) console.log('memspan: no prebuilds/: with the core that was built on this machine');
  const staged = path.join(scratch, 'package');
  await stage({ root, to: staged, local });
  return pack(staged, scratch);
}

/** An empty folder, `npm install TARBALL`, and a look whether anything was compiled. */
function install(installer, tarball) {
  const node = binary(INSTALLERS[installer]);
  const bin = toolsFor(`${installer}-tools`, { node });
  const folder = path.join(scratch, installer);
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  const start = performance.now();
  const flags = ['--no-audit', '--no-fund', '--prefer-offline'];
  run(node, [binary(installer), 'install', ...flags, tarball], { folder, bin });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const compiled = fs
    .readdirSync(path.join(folder, 'node_modules'), { recursive: true })
    .filter((name) => /(^|\/)(build\/(Release|Debug)|binding\.gyp)$|\.o$/.test(name));
  if (compiled.length > 0) throw new Error(`${installer} has compiled: ${compiled.join(', ')}`);
  return { installer, folder, seconds, title: `npm ${version(node, binary(installer))}` };
}

/** The README's programs that are started together, each with the shell lines below it. */
function examplesOf(text) {
  const blocks = [...text.matchAll(/^```(js|sh)\n(.*?)^```$/gms)].map(([, language, body]) => {
    const file = language === 'js' ? /^\/\/ ([\w-]+\.mjs)/.exec(body)?.[1] : undefined;
    return { language, body, file };
  });
  const examples = [];
  let files = [];
  for (const { language, body, file } of blocks) {
    if (file !== undefined) files.push({ file, body });
    else if (language === 'sh' && files.length > 0) {
      examples.push({ files, commands: body });
      files = [];
    }
  }
  const wanted = examples.filter(({ files: [first] }) => Object.hasOwn(EXPECTED, first.file));
  if (wanted.length !== Object.keys(EXPECTED).length) {
    throw new Error(`README.md no longer has all of ${Object.keys(EXPECTED).join(', ')}`);
  }
  return wanted;
}

function tryOut({ installer, folder, title }, runtime, examples) {
  const program = binary(runtime);
  const bin = toolsFor(`${installer}-${runtime}`, nodeNamed(runtime, program, folder));
  const name = /^\d+$/.test(runtime) ? 'Node' : runtime;
  const row = { title, name: `${name} ${version(program)}`, seconds: [], problem: '' };
  for (const { files, commands } of examples) {
    for (const { file, body } of files) fs.writeFileSync(path.join(folder, file), body);
    const start = performance.now();
    try {
      const printed = run('bash', ['-ec', commands], { folder, bin });
      if (!EXPECTED[files[0].file].test(printed)) throw new Error(`printed ${printed}`);
    } catch (error) {
      row.problem ||= `${files[0].file}: ${error.message}`;
    }
    row.seconds.push(((performance.now() - start) / 1000).toFixed(1));
  }
  return row;
}

/** What `node` is to the examples, and to `memspan`, which begins with it. */
function nodeNamed(runtime, program, folder) {
  if (runtime !== 'deno') return { node: program };
  const script = path.join(folder, 'deno-as-node');
  fs.writeFileSync(script, `#!/bin/sh\nexec '${program}' run -A "$@"\n`, { mode: 0o755 });
  return { node: script };
}

/** A folder to be the whole PATH. */
function toolsFor(name, programs) {
  const bin = path.join(scratch, name);
  fs.mkdirSync(bin);
  for (const [tool, file] of Object.entries(programs)) fs.symlinkSync(file, path.join(bin, tool));
  for (const tool of TOOLS) {
    const found = ['/bin', '/usr/bin']
      .map((place) => path.join(place, tool))
      .find((file) => fs.existsSync(file));
    if (found) fs.symlinkSync(found, path.join(bin, tool));
  }
  return bin;
}

function run(command, commandArgs, { folder, bin }) {
  const PATH = `${bin}:${path.join(folder, 'node_modules/.bin')}`;
  // Neither npm's own environment, which names this project, nor a compiler by name.
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|CC$|CXX$|NODE_OPTIONS$|MEMSPAN_)/i.test(name),
  );
  const { status, signal, stdout, stderr, error } = spawnSync(command, commandArgs, {
    cwd: folder,
    env: { ...Object.fromEntries(kept), PATH },
    encoding: 'utf8',
    timeout: LIMIT_MS, // watchdog
  });
  if (status === 0) return stdout;
  throw new Error(`${error?.message ?? ''}ended with ${signal ?? status}\n${stdout}${stderr}`);
}

function version(...command) {
  const [program, ...rest] = command;
  const { stdout } = spawnSync(program, [...rest, '--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? '?';
}

function report(rows) {
  for (const { title, name, problem } of rows.filter((row) => row.problem !== '')) {
    console.log(`\nmemspan: installed by ${title}, on ${name}: ${problem}`);
  }
  const files = Object.keys(EXPECTED).map((file) => file.replace('.mjs', ''));
  const head = ['installed by', 'runtime', ...files.map((file) => `${file} s`), ''];
  const cells = rows.map((row) => [
    row.title,
    row.name,
    ...row.seconds,
    row.problem === '' ? 'works' : 'FAILED',
  ]);
  console.log(
    [head, ...cells]
      .map((row) =>
        row
          .map((cell) => `${cell}`.padEnd(14))
          .join('')
          .trimEnd(),
      )
      .join('\n'),
  );
}
