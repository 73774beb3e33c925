// The package's modules are a bundle of the repository's: they shall not differ in what users see.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { entries, manifest, root } from '../support/tree.ts';
import { node, project, succeed } from './package.ts';

const installed = project();
const program = path.join(installed.memspan, 'bin/memspan.js');

test('every sub-path exports what it does in the repository, and classes have their names', () => {
  const code = `
    const [theirs, ours] = await Promise.all(process.argv.slice(1).map((name) => import(name)));
    const classes = Object.entries(theirs).filter(([, value]) => /^class\\b/.test(String(value)));
    console.log(JSON.stringify({
      theirs: Object.keys(theirs).sort(), ours: Object.keys(ours).sort(),
      misnamed: classes.filter(([name, value]) => value.name !== name).map(([name]) => name),
    }));`;
  for (const [name, source] of entries) {
    const own = path.join(root, 'dist', source.replace(/\.ts$/, '.js'));
    const result = node(installed, [
      ...['--input-type=module', '-e', code],
      ...[name, pathToFileURL(own).href],
    ]);
    assert.equal(result.status, 0, result.stderr);
    const { theirs, ours, misnamed } = JSON.parse(result.stdout);
    assert.deepEqual(theirs, ours, name);
    assert.deepEqual(misnamed, [], name);
  }
});

test('a class is the same by whichever sub-path its objects come', () => {
  const code = `
    import { MemspanError, Span, Segment } from 'memspan';
    import { shm_open } from 'memspan/posix';
    import { shmget } from 'memspan/sysv';
    import { LockManager } from 'memspan/locks';
    import { explore } from 'memspan/check';
    const thrown = (call) => { try { call(); } catch (error) { return error; } };
    console.log(
      thrown(() => shm_open('/memspan-not-there', 0, 0)) instanceof MemspanError,
      thrown(() => shmget(0x7fffff01, 1, 0)) instanceof MemspanError,
      thrown(() => Segment.open('memspan-not-there')) instanceof MemspanError,
      thrown(() => Segment.open('memspan-not-there')).code,
      typeof explore, typeof LockManager, typeof Span,
    );`;
  const { stdout, stderr } = node(installed, ['--input-type=module', '-e', code]);
  assert.equal(stdout, 'true true true ERR_MEMSPAN_NOT_FOUND function function function\n', stderr);
});

test('a stack trace says which line of the repository it was', () => {
  const code =
    "import { Segment } from 'memspan'; try { Segment.open('a/b/c'); } catch (e) { console.log(e.stack) }";
  const { stdout } = node(installed, [
    '--enable-source-maps',
    '--input-type=module',
    ...['-e', code],
  ]);
  const frames = [...stdout.matchAll(/^\s+at .*\/memspan\/(src\/[\w/-]+\.ts):(\d+):\d+/gm)];
  assert.ok(frames.length >= 2, stdout);
  for (const [, file = '', line] of frames) {
    const text = fs.readFileSync(path.join(root, file), 'utf8').split('\n')[Number(line) - 1];
    assert.match(text ?? '', /\bnew\b|\(/, `${file}:${line} is no call: ${text}`);
  }
  const plain = node(installed, ['--input-type=module', '-e', code]).stdout;
  assert.match(plain, /^MemspanError|^TypeError/, plain);
});

test('what is loaded on demand stays so: neither --help nor the library loads what top draws with', () => {
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      if (!file.startsWith(installed.memspan)) return;
      const code = fs.readFileSync(file, 'utf8');
      // An import that is called is on demand.
      for (const [, name = ''] of code.matchAll(/\b(?:from|import)\s*"([\w.@/:-]+)"/g)) {
        visit(name.startsWith('.') ? path.resolve(path.dirname(file), name) : name);
      }
    };
    visit(path.join(installed.memspan, start));
    return seen;
  };
  for (const [name, source] of entries) {
    const found = reach(path.join('dist', source.replace(/\.ts$/, '.js')));
    const packages = Object.keys(manifest.dependencies).filter((wanted) => found.has(wanted));
    assert.deepEqual(packages, [], `${name} imports packages of the program`);
  }
  const help = reach('dist/src/cli/main.js');
  assert.ok(help.has('commander') && !help.has('ink') && !help.has('react'));
  const core = [...help].filter(
    (file) => file.endsWith('.js') && fs.readFileSync(file, 'utf8').includes('node-gyp-build'),
  );
  assert.deepEqual(core, [], '--help loads the native core');
});

test('the program works: the demo and a lesson start their processes, and --version is the package’s', () => {
  assert.equal(succeed(process.execPath, [program, '--version']).trim(), versionOf());
  const demo = JSON.parse(succeed(process.execPath, [program, 'demo', '--quick', '--json']));
  assert.equal(demo.counter.atomic, demo.counter.expected);
  succeed(process.execPath, [program, 'lab', 'read-only', '--json'], installed.folder);
});

function versionOf(): string {
  return JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version;
}
