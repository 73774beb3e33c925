// Where the native core is not there, cannot be loaded, or may not: an error with a code that says which it is, and what to do.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../support/tree.ts';
import { type Ended, node, type Project, project } from './package.ts';

const IMPORT = ['--input-type=module', '-e', "await import('memspan')"];
const WRITE = [
  '--input-type=module',
  '-e',
  `import { Segment } from 'memspan';
   const segment = Segment.create('memspan-test-' + process.pid, { size: 4 });
   new Uint8Array(segment.buffer)[0] = 7;
   console.log(new Uint8Array(segment.buffer)[0]);
   segment.unlink();`,
];
const FOLDER = `prebuilds/${process.platform}-${process.arch}`;
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

test('no core for this platform: it names the platform, what there is, and the way out', () => {
  const where = project();
  fs.renameSync(path.join(where.memspan, FOLDER), path.join(where.memspan, 'prebuilds/plan9-mips'));
  const error = refused(node(where, IMPORT));
  assert.match(error, new RegExp(`has none for ${process.platform}-${process.arch}, Node v`));
  assert.match(error, /it has: plan9-mips glibc/);
  assert.match(error, /build a clone and set MEMSPAN_PREBUILD to its folder/);
  fs.rmSync(path.join(where.memspan, 'prebuilds'), { recursive: true });
  assert.match(refused(node(where, IMPORT)), /it has none/);
});

test('MEMSPAN_PREBUILD leads to a core that was built in a clone', () => {
  const where = project();
  fs.rmSync(path.join(where.memspan, 'prebuilds'), { recursive: true });
  works(node(where, WRITE, { MEMSPAN_PREBUILD: root }));
});

test('without a core the program still has its help, and says what is missing when it needs it', () => {
  const where = project();
  fs.rmSync(path.join(where.memspan, 'prebuilds'), { recursive: true });
  const program = path.join(where.memspan, 'bin/memspan.js');
  assert.match(node(where, [program, '--help']).stdout, /Usage: memspan/);
  const { status, stderr, stdout } = node(where, [program, 'ls']);
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^memspan: import memspan: the native core cannot be loaded: .*\n$/);
});

test('a damaged core: it names the file, and says to install again', () => {
  const damages: Record<string, (bytes: Buffer) => Uint8Array> = {
    empty: () => Buffer.alloc(0),
    'cut at its beginning': (bytes) => bytes.subarray(0, 1000),
    'cut at its end': (bytes) => bytes.subarray(0, -1),
    text: () => Buffer.from('<html>404</html>'),
  };
  for (const [what, damage] of Object.entries(damages)) {
    const where = project();
    const core = coreOf(where);
    fs.writeFileSync(core, damage(fs.readFileSync(core)));
    const error = refused(node(where, IMPORT));
    assert.ok(error.includes(core), what);
    assert.match(error, /is there and cannot be loaded/, what);
    assert.match(error, /Install memspan again/, what);
  }
});

test('a core for a newer C library: it says so', () => {
  const where = project();
  const core = coreOf(where);
  const bytes = fs.readFileSync(core);
  const at = bytes.indexOf('GLIBC_2.');
  assert.ok(at > 0, 'the core asks for versions of glibc');
  bytes.write('9', at + 'GLIBC_'.length);
  fs.writeFileSync(core, bytes);
  const error = refused(node(where, IMPORT));
  assert.match(error, /is for another C library, or a newer one/);
  assert.match(error, /Use a newer system/);
});

test('a system that is taken for glibc’s and is musl’s gets the other core', () => {
  const where = project();
  const core = coreOf(where);
  fs.copyFileSync(core, core.replace('glibc', 'musl'));
  fs.writeFileSync(core, 'for another C library');
  works(node(where, WRITE));
});

test('--permission without --allow-addons: it names the option; with it, it works', () => {
  const where = project();
  const permissions = [PERMISSION, '--allow-fs-read=*', '--allow-fs-write=/dev/shm'];
  const error = refused(node(where, [...permissions, ...IMPORT]));
  assert.match(error, /Run node with --allow-addons/);
  works(node(where, [...permissions, '--allow-addons', ...WRITE]));
});

test('a runtime that refuses external buffers, as Electron does: a clear refusal', () => {
  const error = refused(
    node(project(), IMPORT, { MEMSPAN_WITHOUT: 'externalbuffers' }),
    'ERR_MEMSPAN_UNSUPPORTED',
  );
  assert.match(error, /this runtime allows no buffers over memory that is not its own/);
  assert.match(error, /Use memspan in a process of plain Node/);
});

/** What a user reads; the code is in it. */
function refused({ status, stderr }: Ended, code = 'ERR_MEMSPAN_ADDON'): string {
  assert.equal(status, 1, stderr);
  assert.match(stderr, new RegExp(`code: '${code}'`));
  return stderr;
}

function works({ stdout, stderr }: Ended): void {
  assert.equal(stdout, '7\n', stderr);
}

function coreOf({ memspan }: Project): string {
  const [name = ''] = fs.readdirSync(path.join(memspan, FOLDER));
  return path.join(memspan, FOLDER, name);
}
