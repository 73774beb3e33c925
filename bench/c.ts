// The programs in C (and C++) beside us: compiled on the spot, once per version of their sources.

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
  | 'pool'
  | 'trips'
  | 'segment'
  | 'boost-mutex'
  | 'boost-queue'
  | 'boost-segment'
  | 'iceoryx'
  | 'crowd';

export interface Run extends Measurement {
  readonly perSecond: number;
  readonly mbPerSecond?: number;
}

/** The folders of headers that Debian puts aside by version. */
export function includesOf(name: string): string[] {
  const folder = `/usr/include/${name}`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((version) => `-I${folder}/${version}`);
}

export function runC(program: Program, args: readonly (string | number)[]): Run {
  const line = execFileSync(programOf(program), args.map(String), { encoding: 'utf8' });
  return JSON.parse(line) as Run;
}

/** Where it is, compiled. */
export function programOf(program: Program): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, file)));
  const output = join(programs, `${program}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(output)) return output;
  mkdirSync(programs, { recursive: true });
  // Another benchmark may look for it meanwhile: it has its name when it is whole.
  const unfinished = `${output}.${process.pid}`;
  const flags = ['-O2', '-march=native', '-pthread', '-o', unfinished];
  execFileSync(compiler, [...flags, ...recipe(program)], { stdio: 'inherit' });
  renameSync(unfinished, output);
  return output;
}

function recipe(program: Program): string[] {
  const source = join(sources, `${program}.c`);
  if (program === 'iceoryx') {
    return ['-std=gnu11', ...includesOf('iceoryx'), source, '-liceoryx_binding_c'];
  }
  if (!program.startsWith('boost-')) return ['-std=gnu11', source];
  // Its functions become part of the loops of C.
  return ['-flto', source, join(sources, 'boost.cc'), '-lstdc++'];
}
