// The C programs beside us: compiled on the spot, once per version of their sources.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './task.ts';

const sources = fileURLToPath(new URL('../../bench/c/', import.meta.url));
const programs = fileURLToPath(new URL('../../build/bench/', import.meta.url));
export const compiler: string = process.env.CC ?? 'cc';

export type Program =
  | 'roundtrip'
  | 'ring'
  | 'stream'
  | 'mutex'
  | 'semaphore'
  | 'rwlock'
  | 'latest'
  | 'queue'
  | 'pool';

export interface Run extends Measurement {
  readonly perSecond: number;
  readonly mbPerSecond?: number;
}

export function runC(program: Program, args: readonly (string | number)[]): Run {
  const line = execFileSync(compiled(program), args.map(String), { encoding: 'utf8' });
  return JSON.parse(line) as Run;
}

function compiled(program: Program): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, file)));
  const output = join(programs, `${program}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(output)) return output;
  mkdirSync(programs, { recursive: true });
  // Another benchmark may look for it meanwhile: it has its name when it is whole.
  const unfinished = `${output}.${process.pid}`;
  const flags = ['-std=gnu11', '-O2', '-march=native', '-pthread', '-o', unfinished];
  execFileSync(compiler, [...flags, join(sources, `${program}.c`)], { stdio: 'inherit' });
  renameSync(unfinished, output);
  return output;
}
