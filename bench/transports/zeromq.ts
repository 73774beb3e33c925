// ZeroMQ over a Unix socket (`ipc://`): a pair, one `send` and one `receive` awaited for each message, as its manual does it.

import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerPackage } from '../packages.ts';
import type { Transport } from '../task.ts';
import { messages } from './messages.ts';

/** What is used of it: https://github.com/zeromq/zeromq.js. */
interface Pair {
  bind(address: string): Promise<void>;
  connect(address: string): void;
  send(message: Uint8Array): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  close(): void;
}

export const zeromq: Transport = messages({
  async open(name, isFirst) {
    const { Pair } = peerPackage('zeromq') as { Pair: new () => Pair };
    const socket = new Pair();
    const path = join(tmpdir(), `${name}-zeromq.sock`);
    const address = `ipc://${path}`;
    if (isFirst) await socket.bind(address);
    else socket.connect(address);
    return {
      async send(message, count) {
        for (let i = 0; i < count; i++) await socket.send(message);
      },
      async receive(count) {
        for (let i = 0; i < count; i++) await socket.receive();
      },
      close() {
        socket.close();
        // It would do so itself, some time later.
        if (isFirst) rmSync(path, { force: true });
      },
    };
  },
});
