// What readelf says of a shared object: its symbols, their versions, and the libraries that it needs. Any machine's.
import { run } from './command.mjs';

/** {name, version, type, defined}: of the dynamic symbol table, without what belongs to the library alone. */
export function symbolsOf(file) {
  return run('readelf', ['-W', '--dyn-syms', file])
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => /^\d+:$/.test(words[0]) && words.length >= 8)
    .map(([, , , type, binding, , section, symbol]) => {
      const [name, version] = symbol.split(/@+/);
      return { name, version, type, binding, isDefined: section !== 'UND' };
    })
    .filter(({ binding, version }) => binding !== 'LOCAL' && version !== 'GLIBC_PRIVATE');
}

export function neededBy(file) {
  const text = run('readelf', ['-W', '-d', file]);
  return [...text.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
}

/** The newest of glibc's versions that a file asks for, or undefined. */
export function newestGlibc(file) {
  const versions = symbolsOf(file)
    .filter(({ isDefined, version }) => !isDefined && version?.startsWith('GLIBC_'))
    .map(({ version }) => version.slice('GLIBC_'.length));
  return versions.sort(compareVersions).at(-1);
}

export function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
