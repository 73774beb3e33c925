// The native core for Windows, by mingw-w64. What node.exe exports comes from node-api-headers, as a library that is loaded late: the
// addon finds those functions in whatever program has loaded it (native/windows/host.cc).
import fs from 'node:fs';
import path from 'node:path';
import { run, runAll } from './command.mjs';
import { toolOf } from './targets.mjs';

const headers = 'node_modules/node-api-headers';
const flags = [
  ...[
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-std=c++20',
    '-fno-exceptions',
    '-fno-strict-aliasing',
  ],
  ...['-D_WIN32_WINNT=0x0A00', '-DUNICODE', '-D_UNICODE', '-DWIN32_LEAN_AND_MEAN', '-DNOMINMAX'],
  // As in binding.gyp.
  ...['-DNAPI_VERSION=8', '-DNAPI_DISABLE_CPP_EXCEPTIONS'],
  '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
];

export async function buildWindows(target, folder) {
  const compiler = toolOf(target, 'g++-mingw-w64-x86-64-posix');
  const library = importLibrary(toolOf(target, 'binutils-mingw-w64-x86-64'), folder);
  const include = [`${headers}/include`, 'node_modules/node-addon-api'];
  const units = fs.readdirSync('native/windows').filter((name) => name.endsWith('.cc'));
  const objects = units.map((name) => path.join(folder, `${name}.o`));
  await runAll(
    units.map((name, i) => {
      const options = [...flags, ...include.map((from) => `-isystem${from}`)];
      return [compiler, [...options, '-c', `native/windows/${name}`, '-o', objects[i]]];
    }),
  );
  const output = path.join(folder, path.basename(target.output));
  // Static: users have no mingw.
  run(compiler, ['-shared', '-static', '-o', output, ...objects, library, '-ldelayimp', '-s']);
  return output;
}

function importLibrary(dlltool, folder) {
  const exported = ['js_native_api', 'node_api'].flatMap((name) =>
    fs.readFileSync(`${headers}/def/${name}.def`, 'utf8').split(/\r?\n/).slice(2),
  );
  const definition = path.join(folder, 'node.def');
  const library = path.join(folder, 'libnode.a');
  fs.writeFileSync(definition, ['NAME node.exe', 'EXPORTS', ...exported, ''].join('\n'));
  run(dlltool, ['-d', definition, '-D', 'node.exe', '--output-delaylib', library]);
  return library;
}
