// Makes the npm package: stages build/package, packs it into build/, and says what it is. Needs `npm run build` first.
//   node scripts/package.mjs [--local] [--to FOLDER]
//   --local  with the native core of this machine alone, instead of prebuilds/
//   --to     a folder for `package` and the tarball, instead of build/
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pack, stage } from './package/stage.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    local: { type: 'boolean', default: false },
    to: { type: 'string', default: path.join(root, 'build') },
  },
});
const folder = path.resolve(values.to);
const staged = path.join(folder, 'package');
try {
  await stage({ root, to: staged, local: values.local });
  const tarball = pack(staged, folder);
  const cores = fs.readdirSync(path.join(staged, 'prebuilds'), { recursive: true });
  const list = cores.filter((name) => name.endsWith('.node')).join(', ');
  const note = values.local ? ', of this machine alone: not for publishing' : '';
  console.error(`memspan: the package has ${list}${note}`);
  console.log(tarball);
} catch (error) {
  console.error(`memspan: ${error.message}`);
  process.exitCode = 1;
}
