// Which contenders this machine has; the others are skipped, by name.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compiler, includesOf } from './c.ts';
import { packageVersion } from './packages.ts';
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
  return [c, boost, iceoryx, ...fromNpm, nats, webLocks, redis]
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

const boost: Sought = {
  name: 'Boost',
  isOf: (contender) => contender.startsWith('Boost'),
  find: () => inHeader('boost/version.hpp', 'BOOST_LIB_VERSION'),
  remedy: 'apt-get install g++ libboost-dev',
};

const iceoryx: Sought = {
  name: 'iceoryx',
  isOf: (contender) => contender === 'iceoryx',
  find: () =>
    inHeader('iceoryx_binding_c/runtime.h', '"there"') &&
    output('iox-roudi', ['--version'])?.match(/(?<=version: )\S+/)?.[0],
  remedy: 'apt-get install gcc iceoryx libiceoryx-binding-c-dev',
};

const fromNpm: readonly Sought[] = ['ringbuf.js', 'shared-memory-disruptor', 'lmdb', 'zeromq'].map(
  (name) => ({
    name,
    isOf: (contender) => contender === name,
    find: () => packageVersion(name),
    remedy: 'npm run bench:peers',
  }),
);

const nats: Sought = {
  name: 'NATS',
  isOf: (contender) => contender === 'NATS',
  find: () => {
    const client = packageVersion('nats');
    const server = output('nats-server', ['--version'])?.match(/v?\d\S*/)?.[0];
    return client && server && `${server}, client ${client}`;
  },
  remedy: 'apt-get install nats-server; npm run bench:peers',
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

/** What the preprocessor makes of a word after that header of C++; undefined when there is no such header, or no C++. */
function inHeader(header: string, word: string): string | undefined {
  const flags = ['-x', 'c++', '-E', '-P', ...includesOf('iceoryx'), '-'];
  const text = output(compiler, flags, `#include <${header}>\n${word}\n`);
  return text?.split('\n').at(-1)?.replaceAll('"', '');
}

/** Undefined when there is no such program. */
function output(program: string, args: string[], input?: string): string | undefined {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      ...(input !== undefined && { input }),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
