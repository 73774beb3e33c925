// The npm packages among the peers: in .peers/, where scripts/peers.mjs puts them, or installed beside the library.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const store = fileURLToPath(new URL('../../.peers/package.json', import.meta.url));
const rooms: readonly NodeJS.Require[] = [createRequire(store), createRequire(import.meta.url)];

/** What the package exports. Throws when it is not there, or does not load. */
export function peerPackage(name: string): unknown {
  return require(pathOf(name));
}

/** The file that an import of it loads. */
export function pathOf(name: string): string {
  for (const { resolve } of rooms) {
    try {
      return resolve(name);
    } catch {
      // Then it is in the other one.
    }
  }
  throw new Error(`${name} is not installed: npm run bench:peers`);
}

/** Undefined when it is not installed, or does not load: a native one may not have been compiled. */
export function packageVersion(name: string): string | undefined {
  try {
    const main = pathOf(name);
    require(main);
    const folder = main.slice(0, main.lastIndexOf(`node_modules/${name}/`));
    const manifest = join(folder, 'node_modules', name, 'package.json');
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}

function require(path: string): unknown {
  return (rooms[0] as NodeJS.Require)(path);
}
