// The package in other people's projects: imported, type-checked, required, bundled.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { entries, root } from '../support/tree.ts';
import { node, project, succeed } from './package.ts';

const names = [...entries.keys()];
const installed = project();

/** The one that this repository has; and a 5.x, which attw brings along, and which takes its time. */
const attw = path.join(root, 'node_modules/@arethetypeswrong/core/package.json');
const ours = path.join(root, 'node_modules/typescript/package.json');
const theirs = createRequire(attw).resolve('typescript/package.json');
const CHECKS = [
  { manifest: ours, module: 'nodenext', moduleResolution: 'nodenext' },
  { manifest: ours, module: 'esnext', moduleResolution: 'bundler' },
  { manifest: theirs, module: 'nodenext', moduleResolution: 'nodenext' },
];

/** Types that users meet at once, and a mistake that must be one. */
const PROGRAM = `
import { type MemspanError, type MutexGuard, Segment, Span, struct, u32, view } from 'memspan';
import { locks } from 'memspan/locks';
import { shm_open } from 'memspan/posix';

export async function main(): Promise<number> {
  const segment: Segment = Segment.openOrCreate('hits', { size: 4 });
  const hits = new Int32Array(segment.buffer);
  using span = Span.open('bank');
  const guard: MutexGuard = span.mutex('ledger').lock();
  guard.release();
  await locks.request('name', { ifAvailable: true }, (lock) => lock?.name);
  for await (const message of span.ring('orders').reader()) console.log(message.byteLength);
  const point = view(struct({ x: u32 }), segment.buffer);
  const code: MemspanError['code'] = 'ERR_MEMSPAN_CLOSED';
  // @ts-expect-error: a size is a number
  Segment.create('name', { size: '4' });
  return Atomics.load(hits, 0) + point.x + code.length + shm_open('/x', 0, 0);
}
`;

test('every sub-path can be imported', () => {
  for (const name of names) {
    const code = `console.log(Object.keys(await import('${name}')).length)`;
    const { stdout, stderr } = node(installed, ['--input-type=module', '-e', code]);
    assert.ok(Number(stdout) > 0, `${name}: ${stderr}`);
  }
});

for (const { manifest, module, moduleResolution } of CHECKS) {
  const { version } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  test(`it type-checks strictly, declarations and all: ${moduleResolution}, TypeScript ${version}`, () => {
    const all = names.map((name, i) => `import * as all${i} from '${name}';\nvoid all${i};\n`);
    fs.writeFileSync(path.join(installed.folder, 'program.ts'), all.join('') + PROGRAM);
    const config = {
      compilerOptions: {
        ...{ module, moduleResolution, target: 'es2022', lib: ['esnext'], types: ['node'] },
        ...{ strict: true, skipLibCheck: false, noEmit: true, exactOptionalPropertyTypes: true },
      },
      files: ['program.ts'],
    };
    fs.writeFileSync(path.join(installed.folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = path.join(path.dirname(manifest), 'bin/tsc');
    succeed(process.execPath, [compiler, '-p', '.'], installed.folder);
  });
}

test('require works where Node has it for modules, and is Node’s own error elsewhere', () => {
  const { stdout, stderr } = node(installed, [
    '--input-type=commonjs',
    ...['-e', "console.log(typeof require('memspan').Segment)"],
  ]);
  const { require_module: can } = process.features as { require_module?: boolean };
  if (can) assert.equal(stdout, 'function\n', stderr);
  else assert.match(stderr, /ERR_REQUIRE_ESM/);
});

test('a program that is bundled with memspan left outside runs', async () => {
  const file = await bundled('outside.mjs', ['memspan']);
  const { stdout, stderr } = node(installed, [file]);
  assert.equal(stdout, '7\n', stderr);
});

test('one that has memspan inside says what to do', async () => {
  const file = await bundled('inside.mjs', ['node-gyp-build']);
  const { status, stderr } = node(installed, [file]);
  assert.equal(status, 1);
  assert.match(stderr, /ERR_MEMSPAN_ADDON/);
  assert.match(stderr, /Leave memspan out of the bundle \(esbuild: --external:memspan\)/);
});

test('one that has memspan inside runs, too, when it is told where the core is', async () => {
  const file = await bundled('told.mjs', ['node-gyp-build']);
  const { stdout, stderr } = node(installed, [file], { MEMSPAN_PREBUILD: installed.memspan });
  assert.equal(stdout, '7\n', stderr);
});

/** A program that maps some memory, in one file. */
async function bundled(name: string, external: string[]): Promise<string> {
  const contents = `
    import { Segment } from 'memspan';
    const segment = Segment.anonymous(4);
    const word = new Int32Array(segment.buffer);
    console.log(Atomics.add(word, 0, 7) + Atomics.load(word, 0));
    segment.close();`;
  const outfile = path.join(installed.folder, name);
  await build({
    stdin: { contents, resolveDir: installed.folder },
    ...{ bundle: true, platform: 'node', format: 'esm', external, outfile, logLevel: 'silent' },
  });
  return outfile;
}
