// What compiling the native core needs on this machine, and what to install where it is missing.
import fs from 'node:fs';
import path from 'node:path';

const systems = {
  'Debian, Ubuntu': 'sudo apt-get install',
  Fedora: 'sudo dnf install',
  Alpine: 'sudo apk add',
  Arch: 'sudo pacman -S',
};

const tools = [
  {
    what: 'a C++20 compiler (g++)',
    found: () => compiler() !== undefined,
    packages: ['g++', 'gcc-c++', 'g++ linux-headers', 'gcc'],
  },
  { what: 'make', found: () => onPath('make'), packages: ['make', 'make', 'make', 'make'] },
  {
    what: 'Python 3',
    found: () => onPath(process.env.PYTHON ?? 'python3') || onPath('python'),
    packages: ['python3', 'python3', 'python3', 'python'],
  },
];

/** The message for the user, or undefined when everything is there. */
export function missing() {
  const absent = tools.filter((tool) => !tool.found());
  if (absent.length === 0) return undefined;
  const lines = Object.entries(systems).map(([system, install], i) => {
    return `  ${`${system}:`.padEnd(16)} ${install} ${absent.map((t) => t.packages[i]).join(' ')}`;
  });
  const list = absent.map((tool) => tool.what).join(' and ');
  return `compiling the native core needs ${list}, which this machine lacks. Install with\n${lines.join('\n')}\nand run the same command again. (Another compiler: set CXX.)`;
}

/** The compiler that the build will use, as one may write it into CXX. */
export function compiler() {
  const wanted = process.env.CXX;
  // CXX may carry a wrapper or flags: "ccache g++ -m64".
  if (wanted)
    return wanted.split(' ').every((word) => word.startsWith('-') || onPath(word))
      ? wanted
      : undefined;
  return ['g++', 'c++', 'clang++'].find(onPath);
}

/** Headers beside the running Node make the build independent of the network. */
export function nodeDir() {
  const dir = path.resolve(fs.realpathSync(process.execPath), '../..');
  return fs.existsSync(path.join(dir, 'include/node/node_api.h')) ? dir : undefined;
}

export function onPath(program) {
  if (program.includes('/')) return isExecutable(program);
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.some((folder) => isExecutable(path.join(folder, program)));
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
