// Where memspan's own files are. A module may run as dist/src/…, as its copy in dist/steps, or out of a chunk of the
// published bundle, so that what is found by path is found from the package's root, here alone.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json: memspan's own, or that of a program into which memspan was bundled. */
export const root: string = find();

/** What is started as a process: `program('cli/demo/far-end')`. scripts/package/entries.mjs keeps it a file in the bundle. */
export function program(name: string): string {
  return join(root, 'dist/src', `${name}.js`);
}

function find(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return start;
  }
}
