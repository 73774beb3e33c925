// What the native core is compiled of: for binding.gyp, which runs this with the system's name as gyp has it, and for
// scripts/darwin.mjs. The core for Windows is scripts/windows.mjs's own.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Of Linux's core, what asks nothing of Linux. */
const shared = ['buffer', 'environment', 'mappings', 'without'].map((name) => `native/${name}.cc`);

/** Paths from the repository's root, so that a new file needs no line in binding.gyp. */
export function nativeSources(system) {
  const folder = fileURLToPath(new URL('../native', import.meta.url));
  const all = fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.cc'))
    .sort()
    .map((name) => `native/${name}`);
  if (system === 'mac') {
    return [...shared, ...all.filter((name) => name.startsWith('native/darwin/'))];
  }
  return all.filter((name) => !/^native\/(darwin|windows)\//.test(name));
}

// A clone may be reached by a symbolic link.
if (fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(nativeSources(process.argv[2]).join(' '));
}
