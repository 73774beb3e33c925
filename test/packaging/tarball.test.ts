// What is in the npm package: nothing that is not listed here, nothing of the machine that made it, and not too much.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { manifest, root } from '../support/tree.ts';
import { filesOf, node, project } from './package.ts';

/** By group: what may be there. A file that no pattern has is a surprise. */
const GROUPS = {
  'texts and package.json': /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  'native cores': /^prebuilds\/[a-z0-9]+-[a-z0-9]+\/memspan(\.(glibc|musl))?\.node$/,
  program: /^bin\/memspan\.js$/,
  JavaScript:
    /^dist\/src\/(index|(locks|check|os|chunks|cli|cli\/demo|lab\/children)\/[\w-]+)\.js$/,
  'source maps': /^dist\/src\/[\w/-]+\.js\.map$/,
  types: /^dist\/src\/[\w/.-]+\.d\.ts$/,
};
const BYTES_MAX = 2_000_000;
const RUNS = 20;

const installed = project();
const files = filesOf(installed.memspan);
const sizes = new Map(
  files.map((file) => [file, fs.statSync(path.join(installed.memspan, file)).size]),
);

test('every file in it is one of those that users need', (t) => {
  for (const [group, pattern] of Object.entries(GROUPS)) {
    const members = files.filter((file) => pattern.test(file));
    t.diagnostic(`${group}: ${members.length} files, ${total(members)} bytes`);
  }
  t.diagnostic(`tarball: ${fs.statSync(installed.tarball).size} bytes`);
  const known = (file: string) => Object.values(GROUPS).some((pattern) => pattern.test(file));
  assert.deepEqual(
    files.filter((file) => !known(file)),
    [],
    'for each: leave it out, or give it a group',
  );
});

test('for one platform it has at most 2 MB, with types and source maps', (t) => {
  const rest = total(files.filter((file) => !file.endsWith('.node')));
  for (const [core, bytes] of cores()) {
    t.diagnostic(`${core}: ${rest + bytes} bytes`);
    assert.ok(rest + bytes <= BYTES_MAX, `with ${core} it has ${rest + bytes} bytes`);
  }
});

test('package.json says nothing of development, and its paths are there', () => {
  const own = JSON.parse(text('package.json'));
  assert.deepEqual([own.scripts, own.devDependencies], [undefined, undefined]);
  assert.deepEqual(own.exports, manifest.exports);
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  );
  for (const target of [...targets, ...Object.values<string>(own.bin)]) {
    assert.ok(sizes.has(path.posix.normalize(target)), `${target} is not in the package`);
  }
});

test('it has no path of the machine that made it, and no source text in its maps', () => {
  for (const file of files) {
    const bytes = fs.readFileSync(path.join(installed.memspan, file));
    assert.equal(bytes.indexOf(root), -1, `${file} has the path of the clone`);
    if (!file.endsWith('.node')) {
      assert.doesNotMatch(bytes.toString(), /\/(home|root|work|Users)\/\w/, file);
    }
    if (file.endsWith('.map')) assert.equal(bytes.indexOf('sourcesContent'), -1, file);
  }
});

test('source maps name sources as the repository has them', () => {
  for (const file of files.filter((name) => name.endsWith('.js.map'))) {
    const { sources } = JSON.parse(text(file)) as { sources: string[] };
    for (const source of sources) {
      const name = path.posix.join(path.posix.dirname(file), source);
      assert.ok(fs.existsSync(path.join(root, name)), `${file} names ${name}`);
      assert.match(name, /^src\//);
    }
  }
});

test('what a module or a declaration imports is in the package, or is a dependency', () => {
  const imported =
    /\b(?:(?:import|export)\b[\w$\s{},*]*\bfrom|import|import\(|declare module)\s*["']([\w.@/:-]+)["']/g;
  for (const file of files.filter((name) => /\.(js|d\.ts)$/.test(name))) {
    const code = text(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    for (const [, name = ''] of code.matchAll(imported)) {
      if (name.startsWith('node:')) continue;
      if (!name.startsWith('.')) {
        assert.ok(Object.hasOwn(manifest.dependencies, name), `${file} imports ${name}`);
        continue;
      }
      const target = path.posix.join(path.posix.dirname(file), name);
      const wanted = file.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target;
      assert.ok(sizes.has(wanted), `${file} imports ${name}`);
    }
  }
});

test('how long importing it takes, over bare Node', (t) => {
  const took = (code: string): number => {
    const start = performance.now();
    const { status, stderr } = node(installed, ['--input-type=module', '-e', code]);
    assert.equal(status, 0, stderr);
    return performance.now() - start;
  };
  const bare: number[] = [];
  const importing: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    bare.push(took('0'));
    importing.push(took("import 'memspan'"));
  }
  const over = median(importing) - median(bare);
  t.diagnostic(
    `median of ${RUNS}: bare ${median(bare).toFixed(1)} ms, import ${median(importing).toFixed(1)} ms, over ${over.toFixed(1)} ms`,
  );
});

test('publint finds nothing wrong with it', async () => {
  const { publint } = await import('publint');
  const { messages } = await publint({ pkgDir: installed.memspan, strict: true });
  assert.deepEqual(messages, []);
});

test('are the types wrong? They are not', () => {
  const attw = path.join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  // esm-only: `require` gives Node's own ERR_REQUIRE_ESM before 22.12, and TypeScript's node10 resolution knows no sub-paths.
  const args = [attw, installed.tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

/** Of prebuilds/, where they were made; else of what is in the package, which has this machine's alone. */
function cores(): [string, number][] {
  const built = path.join(root, 'prebuilds');
  const folder = fs.existsSync(built) ? built : path.join(installed.memspan, 'prebuilds');
  return filesOf(folder)
    .filter((file) => file.endsWith('.node'))
    .map((file) => [file, fs.statSync(path.join(folder, file)).size]);
}

function total(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
}

function text(file: string): string {
  return fs.readFileSync(path.join(installed.memspan, file), 'utf8');
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}
