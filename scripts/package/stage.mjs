// build/package: the folder that npm packs. Nothing is in it that users do not need, and its package.json says nothing of development.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { bundle } from './bundle.mjs';
import { copyDeclarations } from './declarations.mjs';
import { entries, publicModules } from './entries.mjs';

const FILES = ['README.md', 'LICENSE', 'CHANGELOG.md', 'bin'];
const LOCAL_CORE = 'build/Release/memspan.node';

/** Fills `to`. With `local`, the only core in it is the one that was built on this machine. */
export async function stage({ root, to, local }) {
  const { devDependencies, scripts, ...manifest } = JSON.parse(
    fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  fs.rmSync(to, { recursive: true, force: true });
  fs.mkdirSync(to, { recursive: true });
  fs.writeFileSync(path.join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of FILES.filter((file) => fs.existsSync(path.join(root, file)))) {
    fs.cpSync(path.join(root, name), path.join(to, name), { recursive: true });
  }
  copyCores(root, to, local);
  await bundle({ root, entries: entries(root, manifest), outdir: path.join(to, 'dist/src') });
  copyDeclarations({ root, to, modules: publicModules(manifest) });
}

/** `npm pack` of it: the tarball's path. */
export function pack(staged, folder) {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: staged, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack: ${stderr}${stdout}`);
  return path.join(folder, JSON.parse(stdout)[0].filename);
}

function copyCores(root, to, local) {
  const built = path.join(root, 'prebuilds');
  if (!local) {
    if (!fs.existsSync(built)) {
      throw new Error('prebuilds/ is not there: run `npm run prebuild` first, or use --local');
    }
    // Notes that a build keeps beside its results stay here.
    const filter = (file) => fs.statSync(file).isDirectory() || file.endsWith('.node');
    fs.cpSync(built, path.join(to, 'prebuilds'), { recursive: true, filter });
    return;
  }
  const folder = path.join(to, 'prebuilds', `${process.platform}-${process.arch}`);
  fs.mkdirSync(folder, { recursive: true });
  const libc = fs.existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
  fs.copyFileSync(path.join(root, LOCAL_CORE), path.join(folder, `memspan.${libc}.node`));
}
