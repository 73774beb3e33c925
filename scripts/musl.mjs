// The core for musl, in a program that was made for musl, sharing a span with this Node: Bun's musl build from npm, run by Debian's
// musl. There is no such Node on npm. Bun wants libstdc++.so.6, which Debian has for glibc alone: of libstdc++.a, which is
// the same for both but for its texts and locales, what Bun asks for makes one that is good enough for this.
//   node scripts/musl.mjs
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchPackage } from './fetch.mjs';
import { needs, runApart } from './foreign.mjs';
import { run } from './prebuild/command.mjs';
import { symbolsOf } from './prebuild/elf.mjs';
import { make } from './prebuild/make.mjs';
import { matching } from './prebuild/targets.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const [target] = matching('linux-x64-musl');
const folder = path.resolve('.nodes/bun-musl');
// A watchdog, not a measure.
const limitMs = 600_000;

needs([
  ['musl', '/lib/ld-musl-x86_64.so.1'],
  ['musl-dev', '/usr/lib/x86_64-linux-musl/libc.so'],
  ['util-linux', 'unshare'],
  ['binutils', 'nm'],
]);
try {
  await make([target, ...matching('linux-x64-glibc')]);
  const bun = fetchPackage('@oven/bun-linux-x64-musl@1', folder, 'bin/bun');
  fs.chmodSync(bun, 0o755);
  const shim = path.join(folder, 'lib');
  if (!fs.existsSync(path.join(shim, 'libstdc++.so.6'))) makeLibrary(bun, shim);
  const env = { PREBUILDS_ONLY: '1', LIBC: 'musl', LD_LIBRARY_PATH: shim };
  const version = run(bun, ['--version'], { ...process.env, ...env }).trim();
  const name = `Bun ${version} on musl`;
  const told = JSON.stringify({ name, command: [bun], env });
  const command = [process.execPath, 'scripts/test.mjs', 'test/packaging/exchange'];
  const done = await runApart(command, { env: { MEMSPAN_FOREIGN: told }, limitMs });
  const verdict = done.isGood ? 'passed' : 'FAILED';
  console.log(
    `memspan: the core for musl in ${name}, with Node ${process.version}: ${verdict}, ${done.passed} passed`,
  );
  process.exitCode = done.isGood ? 0 : 1;
} catch (error) {
  process.stderr.write(`memspan: ${error.message}\n`);
  process.exitCode = 1;
}

/** Of libstdc++.a, what the program has heard of and musl does not have. */
function makeLibrary(bun, shim) {
  fs.mkdirSync(shim, { recursive: true });
  const gcc = (name) => run(target.cxx, [`-print-file-name=${name}`]).trim();
  const own = (name) => path.join(target.lib, name);
  const inMusl = new Set(symbolsOf(own('libc.so')).map(({ name }) => name));
  const inLibrary = new Set(
    ['libstdc++.a', 'libgcc_eh.a'].flatMap((name) =>
      run('sh', ['-c', 'nm --defined-only "$1" 2>/dev/null', 'sh', gcc(name)])
        .split('\n')
        .map((line) => line.split(' ')[2]),
    ),
  );
  const wanted = symbolsOf(bun)
    .map(({ name }) => name)
    .filter((name) => inLibrary.has(name) && !inMusl.has(name));
  const source = path.join(shim, 'random.c');
  // Of std::random_device; musl has none, and nobody calls it here.
  fs.writeFileSync(source, 'unsigned arc4random(void) { __builtin_trap(); }\n');
  run(target.cxx, [
    ...['-shared', '-fPIC', '-nodefaultlibs', '-nostartfiles', own('crti.o'), gcc('crtbeginS.o')],
    ...[...new Set(wanted)].map((name) => `-Wl,--undefined=${name}`),
    ...['-Wl,-soname,libstdc++.so.6', '-x', 'c', source, '-x', 'none'],
    path.join('.prebuild', target.name, 'objects/newer.o'),
    ...['-Wl,--start-group', '-l:libstdc++.a', '-l:libgcc.a', '-l:libgcc_eh.a'],
    ...[`-L${target.lib}`, '-l:libc.so', '-Wl,--end-group', gcc('crtendS.o'), own('crtn.o')],
    ...['-o', path.join(shim, 'libstdc++.so.6')],
  ]);
}
