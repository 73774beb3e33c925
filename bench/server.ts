// A server that a peer needs: on all processors, although side a, which starts it, is pinned; ended when its standard input is,
// so that it never outlives side a.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { cpus } from 'node:os';

const SHELL = `taskset -cp "$1" $$ >/dev/null 2>&1; shift; exec 3<&0; "$@" </dev/null & server=$!
(cat <&3; kill $server) >/dev/null 2>&1 &
wait $server`;

export interface Server {
  readonly process: ChildProcess;
  /** Resolves when it has ended, with its exit code. */
  end(): Promise<number>;
}

export function startServer(
  program: string,
  args: readonly string[],
  stderr: 'inherit' | 'ignore' = 'inherit',
): Server {
  const everywhere = `0-${cpus().length - 1}`;
  const child = spawn('sh', ['-c', SHELL, 'sh', everywhere, program, ...args], {
    stdio: ['pipe', 'pipe', stderr],
  });
  // Nobody need listen to what it says.
  child.stdout.resume();
  const ended = once(child, 'close') as Promise<[number]>;
  return {
    process: child,
    async end() {
      child.stdin.end();
      const [code] = await ended;
      return code;
    },
  };
}

/** To a server that has just been started. */
export async function connected(where: NetConnectOpts): Promise<Socket> {
  for (let attempts = 0; ; attempts++) {
    const socket = connect(where);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (attempts > 2000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
