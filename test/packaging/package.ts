// The npm package as users have it: packed with this machine's core, unpacked in a project outside of the repository. The packages
// that it depends on are this clone's own, so that no registry is needed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { manifest, root } from '../support/tree.ts';

export interface Project {
  readonly folder: string;
  /** Where memspan is installed. */
  readonly memspan: string;
  readonly tarball: string;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let tarball: string | undefined;
/** Kept to the end of the file, not of the test that asked for them. */
const folders: string[] = [];
after(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

/** A new project with memspan installed; gone after the tests of the file. */
export function project(): Project {
  const folder = scratch();
  tarball ??= pack();
  const modules = path.join(folder, 'node_modules');
  const memspan = path.join(modules, 'memspan');
  fs.mkdirSync(memspan, { recursive: true });
  succeed('tar', ['-xzf', tarball, '--strip-components=1', '-C', memspan]);
  fs.mkdirSync(path.join(modules, '@types'));
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    fs.symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
  }
  // Of @types/node.
  fs.symlinkSync(path.join(root, 'node_modules/undici-types'), path.join(modules, 'undici-types'));
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  return { folder, memspan, tarball };
}

/** Runs this Node in the project, without what the suite has set for itself. */
export function node(
  { folder }: Project,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Ended {
  const { NODE_OPTIONS, MEMSPAN_WITHOUT, ...kept } = process.env;
  const ended = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { ...kept, ...env },
    encoding: 'utf8',
    timeout: 60_000, // watchdog
  });
  return { status: ended.status, stdout: ended.stdout, stderr: ended.stderr };
}

/** Its standard output; fails the test where it fails. */
export function succeed(command: string, args: readonly string[], cwd?: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    encoding: 'utf8',
    timeout: 120_000, // watchdog
  });
  const what = `${command} ${args.join(' ')}: ${error?.message ?? signal ?? status}`;
  assert.equal(status, 0, `${what}\n${stdout}${stderr}`);
  return stdout;
}

/** Every file below it, with slashes. */
export function filesOf(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function pack(): string {
  const script = path.join(root, 'scripts/package.mjs');
  return succeed(process.execPath, [script, '--local', '--to', scratch()]).trim();
}

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-packaging-'));
  folders.push(folder);
  return folder;
}
