// What a prebuilt binary asks of the machine that loads it, read from the file as any loader would: versions, libraries, exports.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Made {
  readonly target: string;
  readonly file: string;
  readonly sha256: string;
}

interface Kind {
  readonly target: string;
  readonly file: string;
  /** As readelf says it. */
  readonly machine: RegExp;
  readonly needed: readonly string[];
  /** The program that has to be there for others than this machine's own. */
  readonly compiler?: string;
}

const GLIBC = ['libc.so.6', 'libpthread.so.0', 'libdl.so.2', 'librt.so.1'];
const linux: readonly Kind[] = [
  {
    target: 'linux-x64-glibc',
    file: 'prebuilds/linux-x64/memspan.glibc.node',
    machine: /X86-64/,
    needed: [...GLIBC, 'ld-linux-x86-64.so.2'],
  },
  {
    target: 'linux-x64-musl',
    file: 'prebuilds/linux-x64/memspan.musl.node',
    machine: /X86-64/,
    needed: ['libc.so'],
    compiler: '/usr/lib/x86_64-linux-musl/libc.so',
  },
  {
    target: 'linux-arm64-glibc',
    file: 'prebuilds/linux-arm64/memspan.glibc.node',
    machine: /AArch64/,
    needed: GLIBC,
    compiler: 'aarch64-linux-gnu-g++',
  },
];
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

const isWhole = process.env.MEMSPAN_CI !== undefined;

for (const kind of linux) {
  if (kind.compiler !== undefined && !isWhole && !isThere(kind.compiler)) continue;
  test(`${kind.target}: an old glibc or musl, few libraries, two exports`, () => {
    make(kind);
    const symbols = read('--dyn-syms', kind.file);
    const versions = [...symbols.matchAll(/@+([A-Z_]+?)_?([\d.]+) /g)];
    const glibc = versions.filter(([, name]) => name === 'GLIBC').map(([, , version]) => version);
    for (const version of glibc) assert.ok(isUpTo(version as string, 2, 28), `GLIBC_${version}`);
    assert.equal(glibc.length > 0, kind.target.endsWith('glibc'));
    assert.doesNotMatch(symbols, /GLIBCXX|CXXABI|GCC_|GLIBC_PRIVATE/);
    assert.deepEqual(exportsOf(symbols), EXPORTS);

    const dynamic = read('-d', kind.file);
    const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name as string);
    assert.deepEqual(
      needed.filter((name) => !kind.needed.includes(name)),
      [],
    );
    assert.doesNotMatch(dynamic, /TEXTREL|RPATH|RUNPATH|BIND_NOW/);
    // What the fault handler needs (binding.gyp).
    assert.match(dynamic, /NODELETE/);
    assert.match(read('-l', kind.file), /GNU_STACK(\s+0x\w+){5} RW /);
    const header = read('-h', kind.file);
    assert.match(header, /DYN \(Shared object file\)/);
    assert.match(header, kind.machine);
    assert.doesNotMatch(read('-S', kind.file), /\.symtab|\.debug/);
  });

  test(`${kind.target}: what it leaves open, Node has, or the C library`, () => {
    make(kind);
    const open = rows(read('--dyn-syms', kind.file)).filter(
      ({ section, binding }) => section === 'UND' && binding === 'GLOBAL',
    );
    const strange = open
      .map(({ symbol }) => symbol)
      .filter((symbol) => !symbol.includes('@') && !/^(napi_|_ZN2v8)/.test(symbol));
    if (kind.target.endsWith('musl')) {
      const musl = rows(
        spawnSync('readelf', ['-W', '--dyn-syms', '/usr/lib/x86_64-linux-musl/libc.so'], {
          encoding: 'utf8',
        }).stdout,
      );
      const has = new Set(musl.map(({ symbol }) => symbol));
      assert.deepEqual(
        strange.filter((symbol) => !has.has(symbol)),
        [],
      );
    } else assert.deepEqual(strange, []);
  });
}

test('win32-x64: for x64, with the libraries of Windows alone, two exports', (t) => {
  const objdump = 'x86_64-w64-mingw32-objdump';
  if (!isWhole && !isThere(objdump)) return t.diagnostic('no mingw-w64 here: not looked at');
  make({ target: 'win32-x64' });
  const said = run(objdump, ['-p', 'prebuilds/win32-x64/memspan.node']);
  assert.match(said, /file format pei-x86-64/);
  const libraries = [...said.matchAll(/DLL Name: (\S+)/g)].map(([, name]) =>
    (name as string).toLowerCase(),
  );
  assert.deepEqual(
    libraries.filter((name) => !/^(kernel32|msvcrt|advapi32|api-ms-win-\S+)\.dll$/.test(name)),
    [],
    'node.exe is loaded late, and libstdc++ is inside',
  );
  const exported = /\[Ordinal\/Name Pointer\] Table([\s\S]*?)\n\n/.exec(said)?.[1] ?? '';
  const names = [...exported.matchAll(/\[\s*\d+\]\s+(?:\+base\[\s*\d+\]\s+\w+\s+)?(\w+)/g)];
  assert.deepEqual(names.map(([, name]) => name).sort(), EXPORTS);
});

test('node-gyp-build chooses by architecture and C library', () => {
  make(linux[0] as Kind);
  const script = `console.log(require('node-gyp-build').path(${JSON.stringify(root)}))`;
  const choose = (env: Record<string, string>): string =>
    spawnSync(process.execPath, ['-e', script], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, PREBUILDS_ONLY: '1', ...env },
    }).stdout.trim();
  assert.equal(choose({ LIBC: 'glibc' }), `${root}prebuilds/linux-x64/memspan.glibc.node`);
  const load = createRequire(import.meta.url)('node-gyp-build') as {
    parseTags(file: string): { libc?: string };
    matchTuple(platform: string, arch: string): (tuple: unknown) => boolean;
    parseTuple(folder: string): unknown;
  };
  assert.equal(load.parseTags('memspan.musl.node').libc, 'musl');
  assert.equal(load.parseTags('memspan.node').libc, undefined);
  assert.ok(load.matchTuple('win32', 'x64')(load.parseTuple('win32-x64')));
  assert.ok(!load.matchTuple('linux', 'x64')(load.parseTuple('linux-arm64')));
});

/** Made at most once for each change of its sources (scripts/prebuild/make.mjs). */
function make({ target }: { target: string }): void {
  const [made] = JSON.parse(
    run(process.execPath, ['scripts/prebuild.mjs', target, '--json']),
  ) as Made[];
  assert.equal(made?.target, target);
  assert.ok(statSync(`${root}${made.file}`).size < 1_000_000, 'stripped');
  assert.equal(readFileSync(`${root}${made.file}`).length > 50_000, true);
}

function read(what: string, file: string): string {
  return run('readelf', ['-W', what, file]);
}

function rows(table: string): { section: string; binding: string; symbol: string }[] {
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => /^\d+:$/.test(words[0] ?? '') && words.length >= 8)
    .map(([, , , , binding = '', , section = '', symbol = '']) => ({ section, binding, symbol }));
}

function exportsOf(table: string): string[] {
  const found = rows(table).filter(
    ({ section, binding }) => section !== 'UND' && binding !== 'LOCAL',
  );
  return found.map(({ symbol }) => symbol).sort();
}

function isUpTo(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number);
  return first < major || (first === major && second <= minor);
}

function isThere(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v "$1" || test -e "$1"`, 'sh', name]).status === 0;
}

function run(command: string, args: readonly string[]): string {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}\n${done.stderr}`);
  return done.stdout;
}
