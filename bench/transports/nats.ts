// NATS: a server of our own on the loopback interface, a subject for each direction. Messages are published without waiting, as its
// manual says; the reader answers each window, for the server ends the connection of one who is megabytes behind.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerPackage } from '../packages.ts';
import { connected, startServer } from '../server.ts';
import type { Transport } from '../task.ts';
import { Arrivals, messages } from './messages.ts';

/** Bytes under way, at most. The server allows 64 MiB. */
const WINDOW = 1 << 22;

/** What is used of it: https://github.com/nats-io/nats.js. */
export interface Connection {
  publish(subject: string, message?: Uint8Array): void;
  subscribe(
    subject: string,
    options: { callback(error: Error | null, message: { data: Uint8Array }): void },
  ): unknown;
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Client {
  connect(options: { servers: string; reconnect: boolean }): Promise<Connection>;
}

/** Says where the server listens. */
const addressOf = (name: string): string => join(tmpdir(), `${name}-nats`);

/** A server of our own. Resolves when it listens, with what ends it. */
export async function startNats(name: string): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const port = await freePort();
  const server = startServer('nats-server', [
    ...['--addr', '127.0.0.1', '--port', String(port)],
    ...['--log', join(folder, 'log'), '--pid', join(folder, 'pid')],
  ]);
  const end = async (): Promise<void> => {
    await server.end();
    rmSync(folder, { recursive: true });
    rmSync(addressOf(name), { force: true });
  };
  try {
    (await connected({ port, host: '127.0.0.1' })).destroy();
    // Whole at once: side b looks for it.
    writeFileSync(addressOf(name), `127.0.0.1:${port}`);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Rejects with ENOENT while there is no server yet. */
export async function openNats(name: string): Promise<Connection> {
  const { connect } = peerPackage('nats') as Client;
  const servers = readFileSync(addressOf(name), 'latin1');
  return connect({ servers, reconnect: false });
}

export const nats: Transport = messages({
  start: startNats,
  async open(name, isFirst, { kind, size }) {
    const connection = await openNats(name);
    const [mine, theirs] = isFirst ? ['a', 'b'] : ['b', 'a'];
    const window = Math.ceil(WINDOW / 2 / size);
    const come = new Arrivals();
    const taken = new Arrivals();
    let received = 0;
    connection.subscribe(mine, {
      callback: (error) => {
        if (error) throw error;
        come.came(1);
        received++;
        if (kind === 'flow' && received % window === 0) connection.publish(`${theirs}.taken`);
      },
    });
    connection.subscribe(`${mine}.taken`, { callback: () => taken.came(window) });
    await connection.flush();
    let unanswered = 0;
    return {
      async send(message, count) {
        for (let i = 0; i < count; i++) {
          if (kind === 'flow' && unanswered === 2 * window) {
            await taken.receive(window);
            unanswered -= window;
          }
          connection.publish(theirs, message);
          unanswered++;
        }
      },
      receive: (count) => come.receive(count),
      close: () => connection.close(),
    };
  },
});
