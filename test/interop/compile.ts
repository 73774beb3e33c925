// Compiles the C, C++ and Rust programs that tests of a file start, with warnings as errors, into a folder of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fixture } from './peer.ts';

let folder: string | undefined;
after(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

const WARNINGS = ['-Wall', '-Wextra', '-Werror', '-pthread'];
// Boost's headers cost twice as much with optimization.
const compilers: Record<string, readonly [string, ...string[]]> = {
  '.c': ['gcc', '-std=gnu11', '-O2', ...WARNINGS],
  '.cc': ['g++', '-std=c++17', '-O0', ...WARNINGS],
  '.rs': ['rustc', '--edition=2021', '-Dwarnings', '-Copt-level=1'],
};

const programs = new Map<string, Promise<string>>();

/** The program made of that fixture: its path. */
export function compiled(source: string): Promise<string> {
  const program = programs.get(source) ?? compile(source);
  programs.set(source, program);
  return program;
}

async function compile(source: string): Promise<string> {
  folder ??= mkdtempSync(path.join(tmpdir(), 'memspan-test-interop-'));
  const { name, ext } = path.parse(source);
  const compiler = compilers[ext];
  assert.ok(compiler !== undefined, `no compiler for ${ext}`);
  const program = path.join(folder, name);
  const [command, ...args] = [...compiler, fixture(source), '-o', program];
  await new Promise<void>((resolve, reject) => {
    execFile(command as string, args, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`${source} does not compile\n${stdout}${stderr}`));
    });
  });
  return program;
}
