// The checks before a release, each over a stand-in of the repository in which one thing is wrong.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { needs } from '../support/extras.ts';
import { root } from '../support/tree.ts';

const skip = needs('git');
const folders: string[] = [];
after(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true });
});

test('a repository in which all is in order can be released', { skip }, () => {
  const { status, lines } = check(standIn());
  assert.deepEqual(lines, [
    ...['tree', 'version', 'tag', 'prebuilds', 'repository', 'engines', 'links'].map(
      (name) => `ok    ${name}`,
    ),
    'memspan 1.2.3 can be released, as far as a machine can tell',
  ]);
  assert.equal(status, 0);
});

test('after the tag was set, the tagged commit is asked for', { skip }, () => {
  const folder = standIn();
  const without = check(folder, '--tagged', 'tag');
  assert.match(without.lines[0]!, /^FAIL {2}tag: there is no v1\.2\.3: git tag v1\.2\.3/);
  git(folder, 'tag', '-a', 'v1.2.3', '-m', 'memspan 1.2.3');
  assert.equal(check(folder, '--tagged').status, 0);
  assert.match(check(folder, 'tag').lines[0]!, /^FAIL {2}tag: v1\.2\.3 is there already: raise/);
  write(folder, 'README.md', '# Changed\n');
  git(folder, 'commit', '-qam', 'one more');
  const moved = check(folder, '--tagged', 'tag');
  assert.equal(moved.status, 1);
  assert.match(moved.lines[0]!, /^FAIL {2}tag: v1\.2\.3 is another commit: check it out/);
});

/** What is done to the stand-in, and the line that must follow, with what to do. */
const wrongs: [string, (folder: string) => void, RegExp][] = [
  ['a changed file', (at) => write(at, 'README.md', '# New\n'), /tree: commit or remove .*README/],
  ['a file that git does not know', (at) => write(at, 'stray.txt', ''), /tree: .*stray\.txt/],
  ...['1.2', '1.2.3-beta.1', 'next'].map((version): [string, (at: string) => void, RegExp] => [
    `the version ${version}`,
    (at) => change(at, 'package.json', { version }),
    /version: package\.json says .*: make it three numbers/,
  ]),
  [
    'a lock file of another version',
    (at) => change(at, 'package-lock.json', { version: '1.2.2' }),
    /version: package-lock\.json is of 1\.2\.2: run npm install --package-lock-only/,
  ],
  ['no changelog', (at) => fs.rmSync(path.join(at, 'CHANGELOG.md')), /version: .*begins with no/],
  ['a changelog that is behind', changelog('## [1.2.2] - 2020-01-02'), /is at 1\.2\.2.*at 1\.2\.3/],
  ['entries that have no version', changelog('## [Unreleased]'), /version: .*is at Unreleased/],
  ['no date', changelog('## [1.2.3]'), /CHANGELOG\.md has no date.*YYYY-MM-DD/],
  ['a word for a date', changelog('## [1.2.3] - Unreleased'), /has Unreleased where a day/],
  ['a day that there is not', changelog('## [1.2.3] - 2020-02-30'), /has 2020-02-30 where a day/],
  ['a day to come', changelog('## [1.2.3] - 2999-01-01'), /has 2999-01-01 where a day/],
  [
    'a target without a core',
    (at) => fs.rmSync(path.join(at, 'prebuilds/linux-arm64/memspan.glibc.node')),
    /prebuilds\/linux-arm64\/memspan\.glibc\.node is not there: run npm run prebuild/,
  ],
  [
    'no prebuilds at all',
    (at) => fs.rmSync(path.join(at, 'prebuilds'), { recursive: true }),
    /prebuilds\/win32-x64\/memspan\.node is not there: run npm run prebuild/,
  ],
  [
    'a core that nobody has listed',
    (at) => write(at, 'prebuilds/linux-x64/memspan.node', elf(62)),
    /prebuilds\/linux-x64\/memspan\.node is none of ours: remove it/,
  ],
  [
    "a core of another processor than its folder's",
    (at) => write(at, 'prebuilds/linux-arm64/memspan.glibc.node', elf(62)),
    /linux-arm64\/memspan\.glibc\.node is for linux-x64: remove prebuilds\/, run npm run prebuild/,
  ],
  [
    'a core of another system',
    (at) => write(at, 'prebuilds/win32-x64/memspan.node', elf(62)),
    /win32-x64\/memspan\.node is for linux-x64/,
  ],
  [
    'a core that is none',
    (at) => write(at, 'prebuilds/win32-x64/memspan.node', 'MZ'),
    /is for no system that is known here/,
  ],
  [
    'no repository',
    (at) => change(at, 'package.json', { repository: undefined }),
    /repository: package\.json has none, and npm publishes no provenance without: add "repository"/,
  ],
  [
    'a repository that npm would not compare',
    (at) => change(at, 'package.json', { repository: { url: 'http://example.org/memspan' } }),
    /repository: .*example\.org.*: write it as git\+https:/,
  ],
  [
    'engines without the oldest Node',
    (at) => change(at, 'package.json', { engines: { node: '>=22' } }),
    /engines: package\.json says node >=22: make it ">=20"/,
  ],
  ['no engines', (at) => change(at, 'package.json', { engines: undefined }), /node of any version/],
];

for (const [what, spoil, expected] of wrongs) {
  test(`${what} stands in its way`, { skip }, () => {
    const folder = standIn();
    spoil(folder);
    const { status, lines } = check(folder);
    assert.equal(status, 1);
    const failed = lines.filter((line) => line.startsWith('FAIL  '));
    assert.ok(
      failed.some((line) => expected.test(line)),
      lines.join('\n'),
    );
    assert.match(lines.at(-1)!, /^\d+ things? stands? in the way of memspan /);
  });
}

test('a folder without a repository is no stand-in for one', { skip }, () => {
  const folder = standIn();
  fs.rmSync(path.join(folder, '.git'), { recursive: true });
  const { status, errors } = check(folder, 'tree');
  assert.equal(status, 1);
  assert.match(errors, /^memspan: git status --porcelain failed in /);
});

test('a check or option that there is not is refused', () => {
  for (const argument of ['tidy', '--taged']) {
    const { status, errors } = check(root, argument);
    assert.equal(status, 1);
    assert.match(errors, /^memspan: no check ".*"; there are tree, version, tag, /);
  }
});

function check(folder: string, ...args: string[]) {
  const command = ['scripts/release-check.mjs', `--root=${folder}`, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: 'utf8',
    env: alone(),
    timeout: 60_000,
  });
  return { status, lines: stdout.trimEnd().split('\n'), errors: stderr };
}

/** A repository of a few files, committed, in which every check passes. */
function standIn(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-release-'));
  folders.push(folder);
  write(folder, '.gitignore', 'prebuilds/\n');
  const url = 'git+https://github.com/somebody/memspan.git';
  const manifest = { version: '1.2.3', engines: { node: '>=20' }, repository: { url } };
  write(folder, 'package.json', JSON.stringify(manifest));
  write(folder, 'package-lock.json', JSON.stringify({ version: '1.2.3' }));
  write(folder, 'README.md', '# One\n\n[Changes](CHANGELOG.md#123---2020-01-02)\n');
  changelog('## [1.2.3] - 2020-01-02')(folder);
  write(folder, 'prebuilds/linux-x64/memspan.glibc.node', elf(62));
  write(folder, 'prebuilds/linux-x64/memspan.musl.node', elf(62));
  write(folder, 'prebuilds/linux-arm64/memspan.glibc.node', elf(183));
  write(folder, 'prebuilds/win32-x64/memspan.node', pe(0x8664));
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'config', 'user.name', 'nobody');
  git(folder, 'config', 'user.email', 'nobody@example.org');
  git(folder, 'config', 'commit.gpgsign', 'false');
  git(folder, 'config', 'tag.gpgsign', 'false');
  git(folder, 'add', '.');
  git(folder, 'commit', '-qm', 'all');
  return folder;
}

function changelog(heading: string): (folder: string) => void {
  return (folder) => write(folder, 'CHANGELOG.md', `# Changelog\n\n${heading}\n\n- All of it.\n`);
}

function change(folder: string, file: string, values: Record<string, unknown>): void {
  const found = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'));
  write(folder, file, JSON.stringify({ ...found, ...values }));
}

function write(folder: string, file: string, content: string | Buffer): void {
  const full = path.join(folder, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, content);
}

/** As much of a shared library as says what it is for. */
function elf(machine: number): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write('\x7fELF', 'latin1');
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

function pe(machine: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.write('MZ', 'latin1');
  bytes.writeUInt32LE(128, 60);
  bytes.write('PE\0\0', 128, 'latin1');
  bytes.writeUInt16LE(machine, 132);
  return bytes;
}

function git(folder: string, ...args: string[]): void {
  const { status, stderr } = spawnSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: alone(),
  });
  assert.equal(status, 0, stderr);
}

/** Without the settings of who runs this, and without a repository around the stand-in. */
function alone(): NodeJS.ProcessEnv {
  const { GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, ...rest } = process.env;
  return { ...rest, GIT_CONFIG_GLOBAL: os.devNull, GIT_CONFIG_NOSYSTEM: '1' };
}
