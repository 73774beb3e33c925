// The lock that the manual of Redis describes (https://redis.io/docs/latest/commands/set/): `SET key token NX PX ms` takes
// it, a script that compares the token and deletes the key releases it. A server of our own on a Unix socket, and as
// little of its protocol (RESP) as that takes. Who does not get it asks again at once: the quickest way there is.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Request } from '../contest.ts';

const LEASE_MS = 30_000;
const KEY = 'x';
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;

/** Where side a has the server listen. */
const socketOf = (name: string): string => join(tmpdir(), `${name}-redis.sock`);

/** On all processors, although side a is pinned; ended when its standard input is, so it never outlives side a. */
const SERVER = `taskset -cp "$1" $$ >/dev/null 2>&1; shift; redis-server "$@" & cat; kill $!; wait`;

/** A server that keeps nothing. Resolves when it listens, with what ends it. */
export async function startRedis(name: string): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const config = {
    port: '0',
    unixsocket: socketOf(name),
    dir: folder,
    save: '',
    appendonly: 'no',
    loglevel: 'warning',
  };
  const options = Object.entries(config).flatMap(([key, value]) => [`--${key}`, value]);
  const everywhere = `0-${cpus().length - 1}`;
  const server = spawn('sh', ['-c', SERVER, 'sh', everywhere, ...options], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(server, 'exit');
  const end = async (): Promise<void> => {
    server.stdin.end();
    await ended;
    rmSync(folder, { recursive: true });
  };
  try {
    (await connected(socketOf(name))).destroy();
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

/** Side a has just started the server. */
async function connected(path: string): Promise<Socket> {
  for (let attempts = 0; ; attempts++) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (attempts > 2000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

interface RedisLock extends Disposable {
  readonly request: Request;
}

export async function openRedisLock(name: string): Promise<RedisLock> {
  const socket = await connected(socketOf(name));
  const ask = asking(socket);
  const script = await ask('SCRIPT', 'LOAD', RELEASE);
  let requests = 0;
  return {
    async request(work) {
      const token = `${process.pid}:${requests++}`;
      while ((await ask('SET', KEY, token, 'NX', 'PX', String(LEASE_MS))) !== 'OK');
      try {
        return await work();
      } finally {
        await ask('EVALSHA', String(script), '1', KEY, token);
      }
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

type Reply = string | null;

/** One question at a time. */
function asking(socket: Socket): (...words: string[]) => Promise<Reply> {
  let received = '';
  let answer: { resolve(reply: Reply): void; reject(error: Error): void } | undefined;
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    // The first line says all, but of a string, which is the second one: `$5`, `hello`.
    const [first = '', second] = received.split('\r\n', 2);
    const isWhole = received.endsWith('\r\n') && (!/^\$\d/.test(first) || second !== '');
    if (!isWhole) return;
    received = '';
    if (first.startsWith('-')) answer?.reject(new Error(`redis: ${first.slice(1)}`));
    else if (first === '$-1') answer?.resolve(null);
    else answer?.resolve(first.startsWith('$') ? (second as string) : first.slice(1));
  });
  socket.on('close', () => answer?.reject(new Error('redis has closed the connection')));
  return (...words) =>
    new Promise((resolve, reject) => {
      answer = { resolve, reject };
      const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join('')}`);
    });
}
