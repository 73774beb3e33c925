// What of src is a file of its own in the package: what users import, the command line, and what is started as a process.
import fs from 'node:fs';
import path from 'node:path';

/** Sources, from the root: `src/os/posix.ts`. */
export function entries(root, manifest) {
  const found = new Set([...publicModules(manifest), 'src/cli/main.ts', ...programs(root)]);
  for (const file of found) {
    if (!fs.existsSync(path.join(root, file))) throw new Error(`${file} is not there`);
  }
  return [...found];
}

/** The source of each `exports` sub-path: `./dist/src/index.js` → `src/index.ts`. */
export function publicModules(manifest) {
  return Object.values(manifest.exports)
    .map((target) => /^\.\/dist\/(.*)\.js$/.exec(target.default ?? '')?.[1])
    .filter((name) => name !== undefined)
    .map((name) => `${name}.ts`);
}

/** What src/root.ts's program() is called with. Where that is no plain text, as in the lab, everything in the folder that it begins with. */
function programs(root) {
  const call = /\bprogram(?:Path)?\((?:'([\w/-]+)'|`([\w/-]+)\/\$)/g;
  const sources = fs
    .readdirSync(path.join(root, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.ts') && name !== 'root.ts');
  return sources.flatMap((name) => {
    const text = fs.readFileSync(path.join(root, 'src', name), 'utf8');
    return [...text.matchAll(call)].flatMap(([, file, folder]) =>
      file === undefined ? modulesOf(root, `src/${folder}`) : [`src/${file}.ts`],
    );
  });
}

function modulesOf(root, folder) {
  return fs
    .readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
}
