// A Unix socket: one write per message, or the honest rival, messages gathered by hand into 64 KiB writes.
// Messages have one size, so that the receiver only counts bytes: the least that it could do.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { say, type Task, type Transport } from '../task.ts';

const BATCH_BYTES = 65536;

const pathOf = (name: string): string => join(tmpdir(), `${name}.sock`);

async function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (!socket.write(bytes)) await once(socket, 'drain');
}

/** Calls `onMessages` with how many messages are complete, copying each as a real receiver does. */
function receive(socket: Socket, { size }: Task, onMessages: (count: number) => void): void {
  const target = Buffer.alloc(size);
  let filled = 0;
  socket.on('data', (chunk: Buffer) => {
    let count = 0;
    for (let at = 0; at < chunk.length; ) {
      const length = Math.min(size - filled, chunk.length - at);
      chunk.copy(target, filled, at, at + length);
      at += length;
      filled += length;
      if (filled === size) {
        filled = 0;
        count++;
      }
    }
    if (count > 0) onMessages(count);
  });
}

function socketTransport(batched: boolean): Transport {
  return {
    async a(task, peer) {
      const server = createServer().listen(pathOf(peer.name));
      const [socket] = (await once(server, 'connection')) as [Socket];
      await peer.heard();
      const message = Buffer.alloc(task.size, 7);
      let back = 0;
      let wanted = 0;
      let resume: (() => void) | undefined;
      receive(socket, task, (count) => {
        back += count;
        if (back >= wanted) resume?.();
      });
      const answered = (count: number): Promise<void> =>
        new Promise((resolve) => {
          wanted = count;
          resume = resolve;
          if (back >= wanted) resolve();
        });
      const start = process.hrtime.bigint();
      if (task.kind === 'trips') {
        for (let i = 1; i <= task.count; i++) {
          socket.write(message);
          await answered(i);
        }
      } else {
        await flow(socket, message, task.count);
        await answered(1);
      }
      const ns = Number(process.hrtime.bigint() - start);
      socket.destroy();
      server.close();
      return { nsPerOp: ns / task.count };
    },

    async b(task, name) {
      const socket = connect(pathOf(name));
      await once(socket, 'connect');
      const message = Buffer.alloc(task.size, 7);
      let received = 0;
      receive(socket, task, (count) => {
        received += count;
        if (task.kind === 'trips') socket.write(message);
        else if (received === task.count) socket.write(message);
      });
      say('ready');
      await once(socket, 'close');
    },
  };

  async function flow(socket: Socket, message: Buffer, count: number): Promise<void> {
    if (!batched) {
      for (let i = 0; i < count; i++) await write(socket, message);
      return;
    }
    const perBatch = Math.max(1, Math.floor(BATCH_BYTES / message.length));
    for (let sent = 0; sent < count; ) {
      const messages = Math.min(perBatch, count - sent);
      // A fresh buffer each time: the socket keeps the one it was given.
      const batch = Buffer.allocUnsafe(messages * message.length);
      for (let i = 0; i < messages; i++) message.copy(batch, i * message.length);
      await write(socket, batch);
      sent += messages;
    }
  }
}

export const unixSocket: Transport = socketTransport(false);
export const unixSocketBatched: Transport = socketTransport(true);
