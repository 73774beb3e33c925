// glibc 2.28 as a linker sees it, out of the symbol tables of a newer one: shared objects without any code, whose symbols have
// the versions that they had then. What is linked against them runs with that glibc and with every later one.
//
// Each symbol of the newer glibc is there in all the versions that it ever had. The newest up to 2.28 is the one that a
// program linked in 2018 would have got; what has none did not exist then, and stays unresolved.
import fs from 'node:fs';
import path from 'node:path';
import { run } from './command.mjs';
import { compareVersions, symbolsOf } from './elf.mjs';

/**
 * Where those symbols were that have moved into libc.so.6 since (glibc 2.32 and 2.34). They have a newer version there, and the old
 * one beside it. The old libraries still exist, empty, for whoever names them.
 */
const formerly = [
  [/^(pthread_|sem_|__pthread_)/, 'libpthread.so.0'],
  [/^(dlopen|dlclose|dlsym|dlvsym|dlerror|dladdr1?|dlinfo|dlmopen)$/, 'libdl.so.2'],
  [/^(shm_|mq_|aio_|lio_|timer_)/, 'librt.so.1'],
];

/** Makes the objects in `folder`; their paths, the C library's own first. */
export function standIn({ target, versionMax, folder }) {
  const libraries = new Map([['libc.so.6', new Map()]]);
  const put = (library, symbol) => {
    if (!libraries.has(library)) libraries.set(library, new Map());
    libraries.get(library).set(symbol.name, symbol);
  };
  const source = path.dirname(target.library);
  for (const symbol of oldest(target.library, versionMax)) {
    const rule = formerly.find(([pattern]) => symbol.hasNewer && pattern.test(symbol.name));
    put(rule?.[1] ?? 'libc.so.6', symbol);
  }
  const loader = fs.readdirSync(source).find((name) => /^ld-linux-.*\.so\.\d$/.test(name));
  for (const name of [loader, 'libm.so.6']) {
    for (const symbol of oldest(path.join(source, name), versionMax)) put(name, symbol);
  }
  fs.mkdirSync(folder, { recursive: true });
  return [...libraries].map(([name, symbols]) => make(target, folder, name, [...symbols.values()]));
}

/** The glibc that first had a symbol, of those that `library` knows; undefined if it has none. */
export function firstVersion(library, name) {
  const versions = symbolsOf(library).filter((symbol) => symbol.isDefined && symbol.name === name);
  return versions.map(({ version }) => version?.split('_')[1] ?? '?').sort(compareVersions)[0];
}

/** One of each name: the newest that is not newer than `versionMax`. */
function oldest(library, versionMax) {
  const found = new Map();
  const newer = new Set();
  for (const symbol of symbolsOf(library)) {
    const version = /^GLIBC_([\d.]+)$/.exec(symbol.version ?? '')?.[1];
    // The names of the versions are symbols themselves.
    if (!symbol.isDefined || !version || symbol.name.startsWith('GLIBC_')) continue;
    if (compareVersions(version, versionMax) > 0) {
      newer.add(symbol.name);
      continue;
    }
    const rival = found.get(symbol.name);
    if (rival && compareVersions(rival.version, version) >= 0) continue;
    found.set(symbol.name, { name: symbol.name, type: symbol.type, version });
  }
  return [...found.values()].map((symbol) => ({ ...symbol, hasNewer: newer.has(symbol.name) }));
}

function make(target, folder, name, symbols) {
  const types = { OBJECT: '@object', TLS: '@tls_object' };
  const label = ({ name: symbol, type }) =>
    `.globl ${symbol}\n.type ${symbol}, ${types[type] ?? '@function'}\n${symbol}: .8byte 0\n.size ${symbol}, 8\n`;
  const isThread = ({ type }) => type === 'TLS';
  const code = [
    '.section .note.GNU-stack,"",@progbits\n.data\n',
    ...symbols.filter((symbol) => !isThread(symbol)).map(label),
    '.section .tdata,"awT",@progbits\n',
    ...symbols.filter(isThread).map(label),
  ];
  const versions = [...new Set(symbols.map(({ version }) => version))].sort(compareVersions);
  const script = versions.map((version) => {
    const own = symbols.filter((symbol) => symbol.version === version).map((one) => `${one.name};`);
    return `GLIBC_${version} { global: ${own.join(' ')} };\n`;
  });
  const [assembly, map, output] = ['.s', '.map', ''].map((end) => path.join(folder, name + end));
  // The type sign of ARM's assembler: there `@` begins a comment on some machines, `%` never does.
  fs.writeFileSync(assembly, code.join('').replaceAll(', @', ', %').replaceAll(',@', ',%'));
  fs.writeFileSync(map, script.join(''));
  const options = ['-shared', '-nostdlib', `-Wl,-soname,${name}`, `-Wl,--version-script=${map}`];
  run(target.cc, [...options, '-o', output, assembly]);
  return output;
}
