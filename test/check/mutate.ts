// A copy of the compiled library and its models with one defect in it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Mutant {
  /** What is wrong. */
  readonly name: string;
  /** Of src, compiled: 'sync/mutex-word.js'. */
  readonly file: string;
  /** What stands there exactly once, or `nth` of it, compiled. */
  readonly from: string;
  readonly to: string;
  /** The model that finds it. */
  readonly model: string;
  /** The test that would find it if one did: 'stress/mutex-counter'. */
  readonly stress: string;
}

export interface Copy extends Disposable {
  readonly root: URL;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What a program of the copy needs around it. */
const AROUND = ['node_modules', 'build', 'prebuilds', 'native', 'binding.gyp'];

/** `parts`: of dist, besides the library. */
export function copyWith(
  { name, file, from, to }: Mutant,
  parts: readonly string[] = ['test/check'],
): Copy {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-mutant-'));
  for (const part of ['src', ...parts]) {
    fs.cpSync(path.join(root, 'dist', part), path.join(directory, 'dist', part), {
      recursive: true,
    });
  }
  fs.copyFileSync(path.join(root, 'package.json'), path.join(directory, 'package.json'));
  for (const part of AROUND) {
    const target = path.join(root, part);
    if (fs.existsSync(target)) fs.symlinkSync(target, path.join(directory, part));
  }
  const mutated = path.join(directory, 'dist/src', file);
  const text = fs.readFileSync(mutated, 'utf8');
  assert.equal(text.split(from).length, 2, `${name}: stands once in ${file}: ${from}`);
  fs.writeFileSync(
    mutated,
    text.replace(from, () => to),
  );
  return {
    root: pathToFileURL(`${directory}/`),
    [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true, force: true }),
  };
}
