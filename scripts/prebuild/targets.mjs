// The platforms that memspan has prebuilt binaries for: where each one goes, and what making it takes.
import fs from 'node:fs';
import path from 'node:path';
import { onPath } from '../toolchain.mjs';

/** The newest version of glibc's symbols that a binary may ask for: Node 20 asks for that itself (RHEL 8, Debian 10). */
export const glibcMax = '2.28';

/**
 * `tools`: [Debian package, program or file …], of which one has to be there. `objects`: what
 * `npm run build` has compiled on such a machine; only the linking is another one.
 * Names of folders and files are prebuildify's, so that node-gyp-build finds them.
 */
export const targets = [
  {
    name: 'linux-x64-glibc',
    output: 'prebuilds/linux-x64/memspan.glibc.node',
    libc: 'glibc',
    cxx: 'x86_64-linux-gnu-g++',
    cc: 'x86_64-linux-gnu-gcc',
    library: '/lib/x86_64-linux-gnu/libc.so.6',
    objects: { arch: 'x64', folder: 'build/Release/obj.target/memspan' },
    tools: [
      ['g++', 'x86_64-linux-gnu-g++'],
      ['binutils', 'readelf'],
    ],
  },
  {
    name: 'linux-x64-musl',
    output: 'prebuilds/linux-x64/memspan.musl.node',
    libc: 'musl',
    cxx: 'x86_64-linux-gnu-g++',
    cc: 'x86_64-linux-gnu-gcc',
    include: '/usr/include/x86_64-linux-musl',
    lib: '/usr/lib/x86_64-linux-musl',
    kernel: ['/usr/include/linux', '/usr/include/asm-generic', '/usr/include/x86_64-linux-gnu/asm'],
    tools: [
      ['g++', 'x86_64-linux-gnu-g++'],
      ['binutils', 'readelf'],
      ['musl-dev', '/usr/lib/x86_64-linux-musl/libc.so'],
      ['linux-libc-dev', '/usr/include/linux/futex.h'],
    ],
  },
  {
    name: 'linux-arm64-glibc',
    output: 'prebuilds/linux-arm64/memspan.glibc.node',
    libc: 'glibc',
    cxx: 'aarch64-linux-gnu-g++',
    cc: 'aarch64-linux-gnu-gcc',
    library: '/usr/aarch64-linux-gnu/lib/libc.so.6',
    tools: [
      ['g++-aarch64-linux-gnu', 'aarch64-linux-gnu-g++'],
      ['binutils', 'readelf'],
    ],
  },
  {
    name: 'win32-x64',
    output: 'prebuilds/win32-x64/memspan.node',
    tools: [
      ['g++-mingw-w64-x86-64-posix', 'x86_64-w64-mingw32-g++-posix', 'x86_64-w64-mingw32-g++'],
      ['binutils-mingw-w64-x86-64', 'x86_64-w64-mingw32-dlltool'],
    ],
  },
];

/** The targets that a word of the command line means: a name, or the beginning of one up to a dash. */
export function matching(word) {
  return targets.filter(({ name }) => name === word || name.startsWith(`${word}-`));
}

/** Debian packages that a target needs and this machine lacks. */
export function absent(target) {
  return target.tools.filter(([, ...names]) => !names.some(isThere)).map(([debian]) => debian);
}

/** Of the names of a tool, the one that is there. */
export function toolOf(target, debian) {
  return target.tools
    .find(([name]) => name === debian)
    .slice(1)
    .find(isThere);
}

/** Libraries are told from programs by their paths. */
function isThere(name) {
  return path.isAbsolute(name) ? fs.existsSync(name) : onPath(name);
}
