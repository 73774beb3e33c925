// What a machine can check before a version is published. Every line that fails says what to do; docs/releasing.md has the rest.
//   node scripts/release-check.mjs [--tagged] [--root=FOLDER] [check]…
//
// --tagged: the tag is there already, and the commit is the one that it names.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokenLinks } from './links.mjs';
import { NODES } from './supported.mjs';

/** The cores of the package, as node-gyp-build looks for them below prebuilds/. */
const CORES = [
  'linux-x64/memspan.glibc.node',
  'linux-x64/memspan.musl.node',
  'linux-arm64/memspan.glibc.node',
  'win32-x64/memspan.node',
];

/** Each gives a list of problems; empty is good. */
const checks = {
  tree: checkTree,
  version: checkVersion,
  tag: checkTag,
  prebuilds: checkPrebuilds,
  repository: checkRepository,
  engines: checkEngines,
  links: checkLinks,
};

const args = process.argv.slice(2);
const ROOT = '--root=';
const given = args.find((arg) => arg.startsWith(ROOT))?.slice(ROOT.length);
const root = path.resolve(given ?? fileURLToPath(new URL('..', import.meta.url)));
const isTagged = args.includes('--tagged');
const names = args.filter((arg) => !arg.startsWith('--'));
const stranger =
  names.find((name) => !Object.hasOwn(checks, name)) ??
  args.find((arg) => arg.startsWith('--') && arg !== '--tagged' && !arg.startsWith(ROOT));
if (stranger !== undefined) {
  console.error(`memspan: no check "${stranger}"; there are ${Object.keys(checks).join(', ')}`);
  process.exit(1);
}
const manifest = JSON.parse(read('package.json'));
const tag = `v${manifest.version}`;

let failures = 0;
for (const [name, check] of Object.entries(checks)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const problems = check();
  failures += problems.length;
  if (problems.length === 0) console.log(`ok    ${name}`);
  for (const problem of problems) console.log(`FAIL  ${name}: ${problem}`);
}
console.log(
  failures === 0
    ? `memspan ${manifest.version} can be released, as far as a machine can tell`
    : `${failures} ${failures === 1 ? 'thing stands' : 'things stand'} in the way of memspan ${manifest.version}`,
);
process.exitCode = failures === 0 ? 0 : 1;

function checkTree() {
  const changed = git('status', '--porcelain').split('\n').filter(Boolean);
  if (changed.length === 0) return [];
  const some = changed.slice(0, 5).map((line) => line.slice(3));
  const more = changed.length > 5 ? ` and ${changed.length - 5} more` : '';
  return [`commit or remove what git does not know as it is: ${some.join(', ')}${more}`];
}

function checkVersion() {
  const { version } = manifest;
  const problems = [];
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    problems.push(`package.json says ${version}: make it three numbers, such as 0.1.0`);
  }
  const locked = JSON.parse(read('package-lock.json') ?? '{}').version;
  if (locked !== version) {
    problems.push(
      `package-lock.json is of ${locked ?? 'no version'}: run npm install --package-lock-only`,
    );
  }
  const heading = /^## .*$/m.exec(read('CHANGELOG.md') ?? '')?.[0];
  const match = /^## \[([^\]]+)\](?: - (.+))?$/.exec(heading ?? '');
  const wanted = `make its first heading "## [${version}] - YYYY-MM-DD", the day of the release`;
  if (match === null) problems.push(`CHANGELOG.md begins with no version: ${wanted}`);
  else if (match[1] !== version)
    problems.push(`CHANGELOG.md is at ${match[1]}, package.json at ${version}: ${wanted}`);
  else if (!isDay(match[2]))
    problems.push(`CHANGELOG.md has ${match[2] ?? 'no date'} where a day should be: ${wanted}`);
  return problems;
}

/** A day that there is and that has come, wherever on earth. */
function isDay(text) {
  if (!/^\d{4}-\d\d-\d\d$/.test(text ?? '')) return false;
  const day = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text) return false;
  return day.getTime() <= Date.now() + 14 * 3_600_000;
}

function checkTag() {
  const at = git('rev-list', '-n', '1', '--ignore-missing', `refs/tags/${tag}`);
  if (!isTagged) {
    return at === '' ? [] : [`${tag} is there already: raise the version, tags are never moved`];
  }
  if (at === '') return [`there is no ${tag}: git tag ${tag} on the commit to be released`];
  return at === git('rev-parse', 'HEAD')
    ? []
    : [`${tag} is another commit: check it out, or raise the version`];
}

function checkPrebuilds() {
  const folder = path.join(root, 'prebuilds');
  const found = fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true }) : [];
  const cores = found.map((name) => name.replaceAll(path.sep, '/')).filter(isCore);
  const absent = CORES.filter((core) => !cores.includes(core));
  const strange = cores.filter((core) => !CORES.includes(core));
  const wrong = CORES.filter((core) => cores.includes(core))
    .map((core) => ({ core, target: targetOf(fs.readFileSync(path.join(folder, core))) }))
    .filter(({ core, target }) => target !== path.posix.dirname(core));
  return [
    ...absent.map((core) => `prebuilds/${core} is not there: run npm run prebuild`),
    ...strange.map((core) => `prebuilds/${core} is none of ours: remove it, or list it in CORES`),
    ...wrong.map(
      ({ core, target }) =>
        `prebuilds/${core} is for ${target}: remove prebuilds/, run npm run prebuild`,
    ),
  ];
}

function isCore(name) {
  return name.endsWith('.node');
}

/** What a shared library says of itself: ELF's and PE's machine. */
function targetOf(bytes) {
  const machines = {
    linux: { 62: 'x64', 183: 'arm64' },
    win32: { 34404: 'x64', 43620: 'arm64' },
  };
  let found;
  if (bytes.length > 64 && bytes.readUInt32BE(0) === 0x7f454c46) {
    found = ['linux', bytes.readUInt16LE(18)];
  } else if (bytes.length > 64 && bytes.toString('latin1', 0, 2) === 'MZ') {
    const header = bytes.readUInt32LE(60);
    if (header + 6 <= bytes.length) found = ['win32', bytes.readUInt16LE(header + 4)];
  }
  const processor = found && machines[found[0]][found[1]];
  return processor ? `${found[0]}-${processor}` : 'no system that is known here';
}

/** npm compares it with where the package was built, and refuses a provenance that names another place. */
function checkRepository() {
  const url = manifest.repository?.url;
  if (url === undefined) {
    return [
      'package.json has none, and npm publishes no provenance without: add "repository": {"type": "git", "url": "git+https://github.com/OWNER/NAME.git"}, as soon as the project has an address',
    ];
  }
  if (/^git\+https:\/\/github\.com\/[\w.-]+\/[\w.-]+\.git$/.test(url)) return [];
  return [
    `package.json says ${url}: write it as git+https://github.com/OWNER/NAME.git, in the letters of the address`,
  ];
}

function checkEngines() {
  const wanted = `>=${NODES[0]}`;
  const found = manifest.engines?.node;
  return found === wanted
    ? []
    : [
        `package.json says node ${found ?? 'of any version'}: make it "${wanted}", the oldest in scripts/supported.mjs`,
      ];
}

function checkLinks() {
  return brokenLinks(root);
}

/** Its output, trimmed at the end. */
function git(...command) {
  const { status, stdout, stderr, error } = spawnSync('git', command, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return stdout.trimEnd();
  console.error(`memspan: git ${command.join(' ')} failed in ${root}\n${stderr}${error ?? ''}`);
  process.exit(1);
}

function read(file) {
  const full = path.join(root, file);
  return fs.existsSync(full) ? fs.readFileSync(full, 'utf8') : undefined;
}
