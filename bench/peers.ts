// Which contenders this machine has; the others are skipped, by name.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiler } from './c.ts';
import type { Contender } from './row.ts';

/** A peer that a machine may lack. */
export interface Peer {
  readonly name: string;
  readonly isOf: (contender: Contender) => boolean;
  /** Which version is there; undefined when none is. */
  readonly found: string | undefined;
  readonly remedy: string;
}

/** Those that have a part in such contenders. */
export function peersAmong(contenders: readonly Contender[]): Peer[] {
  return [c, ringbuf, webLocks, redis]
    .filter(({ isOf }) => contenders.some(isOf))
    .map(({ find, ...peer }) => ({ ...peer, found: find() }));
}

type Sought = Omit<Peer, 'found'> & { find(): string | undefined };

const c: Sought = {
  name: 'C compiler',
  isOf: (contender) => /^C\b/.test(contender),
  find: () => output(compiler, ['--version'])?.split('\n', 1)[0],
  remedy: 'apt-get install gcc',
};

const ringbuf: Sought = {
  name: 'ringbuf.js',
  isOf: (contender) => contender === 'ringbuf.js',
  find: () => packageVersion('ringbuf.js'),
  remedy: 'npm install --no-save ringbuf.js',
};

const webLocks: Sought = {
  name: 'navigator.locks',
  isOf: (contender) => contender === 'navigator.locks',
  find: () => nodeWithLocks()?.version,
  remedy: 'Node has them from 24.5 on; npm run test:nodes fetches one',
};

const redis: Sought = {
  name: 'Redis',
  isOf: (contender) => contender === 'Redis',
  find: () => output('redis-server', ['--version'])?.match(/(?<=v=)\S+/)?.[0],
  remedy: 'apt-get install redis-server',
};

export interface NodeProgram {
  readonly path: string;
  readonly version: string;
}

/** This Node, if it has navigator.locks, or one that the suite runs on (scripts/nodes.mjs). */
export function nodeWithLocks(): NodeProgram | undefined {
  if ('locks' in ((globalThis as { navigator?: object }).navigator ?? {})) {
    return { path: process.execPath, version: process.version };
  }
  const folder = fileURLToPath(new URL('../../.nodes/node_modules/', import.meta.url));
  for (const name of foldersOf(folder)) {
    const path = `${folder}${name}/bin/node`;
    const version = output(path, ['-p', 'globalThis.navigator?.locks ? process.version : ""']);
    if (version) return { path, version };
  }
  return undefined;
}

function foldersOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Undefined when it is not installed. */
function packageVersion(name: string): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve(name);
    const folder = main.slice(0, main.lastIndexOf(name) + name.length);
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string })
      .version;
  } catch {
    return undefined;
  }
}

/** Undefined when there is no such program. */
function output(program: string, args: string[]): string | undefined {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
