// Other versions of Node, other runtimes and other versions of npm, fetched from npm into .nodes/ where they are missing.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const store = fileURLToPath(new URL('../.nodes', import.meta.url));

/** By name: `22` is a Node, `npm12` an npm; the rest are runtimes. */
const KINDS = [
  [/^(\d+)$/, (major) => [`node${major}`, `node-linux-${process.arch}@${major}`, 'bin/node']],
  [/^npm(\d+)$/, (major) => [`npm${major}`, `npm@${major}`, 'bin/npm-cli.js']],
  // Not the packages `bun` and `deno`: these fetch by an install script.
  [/^bun$/, () => ['bun', `@oven/bun-linux-${process.arch}@1`, 'bin/bun']],
  [/^deno$/, () => ['deno', `@deno/linux-${process.arch}-glibc@2`, 'deno']],
];

/** The program's path; fetch() has seen to it that it is there. */
export function binary(name) {
  const { folder, file } = placeOf(name);
  return path.join(store, 'node_modules', folder, file);
}

/** Fetches what is not there. Throws when npm cannot. */
export function fetch(names) {
  const absent = names.filter((name) => !fs.existsSync(binary(name)));
  if (absent.length === 0) return;
  const titles = absent.map((name) => (/^\d/.test(name) ? `Node ${name}` : name));
  console.log(`memspan: fetching ${titles.join(', ')} from npm into .nodes/`);
  fs.mkdirSync(store, { recursive: true });
  const manifest = path.join(store, 'package.json');
  if (!fs.existsSync(manifest)) fs.writeFileSync(manifest, '{ "private": true }\n');
  const aliases = absent.map(placeOf).map(({ folder, source }) => `${folder}@npm:${source}`);
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', store];
  const options = { encoding: 'utf8', cwd: store };
  const { status, stdout, stderr } = spawnSync('npm', ['install', ...flags, ...aliases], options);
  if (status !== 0) throw new Error(`${stdout}${stderr}npm could not fetch ${aliases.join(' ')}`);
}

function placeOf(name) {
  for (const [pattern, place] of KINDS) {
    const found = pattern.exec(name);
    if (found === null) continue;
    const [folder, source, file] = place(found[1]);
    return { folder, source, file };
  }
  throw new Error(`no runtime "${name}": a Node version as 22, npm12, bun or deno`);
}
