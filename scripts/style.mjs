// Style of every file: Biome for TypeScript, JavaScript and JSON, clang-format for C and C++.
//   node scripts/style.mjs [--write]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onPath } from './toolchain.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const write = process.argv.includes('--write');

const biome = [
  'node_modules/@biomejs/biome/bin/biome',
  'check',
  ...(write ? ['--write'] : ['--error-on-warnings']),
];
const results = [run(process.execPath, biome)];
if (onPath('clang-format')) {
  results.push(run('clang-format', [...(write ? ['-i'] : ['--dry-run', '-Werror']), ...native()]));
} else {
  console.error('memspan: clang-format is not installed; the C and C++ files were not looked at');
  if (process.env.MEMSPAN_CI) results.push(false);
}
process.exit(results.every(Boolean) ? 0 : 1);

function run(command, args) {
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function native() {
  return ['native', 'bench/c', 'examples', 'test']
    .filter((folder) => fs.existsSync(folder))
    .flatMap((folder) =>
      fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)),
    )
    .filter((file) => /\.(cc|c|h)$/.test(file));
}
