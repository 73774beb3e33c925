// A package of npm's unpacked into a folder, also one that is meant for another system: npm install would refuse that.
import fs from 'node:fs';
import path from 'node:path';
import { run } from './prebuild/command.mjs';

/** Nothing is done if `folder` has `file` already. Returns the file's path. */
export function fetchPackage(spec, folder, file) {
  const wanted = path.join(folder, file);
  if (fs.existsSync(wanted)) return wanted;
  process.stderr.write(`memspan: fetching ${spec} from npm\n`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const [packed] = JSON.parse(run('npm', ['pack', spec, '--json', `--pack-destination=${folder}`]));
  // npm says `@scope/name-1.tgz` of a file that is called scope-name-1.tgz.
  const archive = path.join(folder, packed.filename.replace('@', '').replace('/', '-'));
  run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  fs.rmSync(archive);
  return wanted;
}
