// One message to several readers: over memspan's broadcast, and over as many Unix sockets. The readers are in one process, so that
// what is measured is the work for each, and not how the kernel shares two processors among four processes.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Span } from '../../src/index.ts';
import { now } from '../contest.ts';
import { say, type Transport } from '../task.ts';

const CAPACITY = 2 ** 20;
const PER_BATCH = 256;

/** Nanoseconds are of a message to one reader. */
export function broadcastTo(usually: number): Transport {
  return {
    async a({ size, count, readers = usually }, { name, heard }) {
      using span = Span.create(name, { size: 2 ** 22 });
      using writer = span.broadcast('b', { capacity: CAPACITY }).writer();
      await heard();
      const message = new Uint8Array(size).fill(7);
      const send = (times: number): void => {
        for (let i = 0; i < times; i++) writer.send(message);
      };
      // Several calls: the engine compiles a loop that runs differently from one that is called.
      for (let i = 0; i < 4; i++) send(Math.ceil(count / 40));
      const done = heard();
      const start = now();
      send(count);
      writer.close();
      await done;
      const ns = Number(now() - start);
      span.unlink();
      return { nsPerOp: ns / count / readers };
    },

    async b({ readers = usually }, name) {
      using span = Span.join(name);
      const broadcast = span.broadcast('b');
      const ends = Array.from({ length: readers }, () => broadcast.reader());
      say('ready');
      for (let left = readers; left > 0; ) {
        for (const end of ends) {
          if (end.ended) continue;
          end.readBatch(PER_BATCH);
          if (end.ended) left--;
        }
        // Signals, such as the end of it.
        await new Promise((resolve) => setImmediate(resolve));
      }
      say('done');
      await once(process, 'disconnect');
    },
  };
}

const BATCH_BYTES = 65536;

const pathOf = (name: string): string => join(tmpdir(), `${name}.sock`);

/** To each reader the same bytes: one write per message, or many messages gathered into one buffer, once for all. */
export function socketsTo(usually: number, batched: boolean): Transport {
  return {
    async a({ size, count, readers = usually }, { name, heard }) {
      const sockets: Socket[] = [];
      const server = createServer((socket) => sockets.push(socket)).listen(pathOf(name));
      await heard();
      while (sockets.length < readers) await once(server, 'connection');
      const perWrite = batched ? Math.max(1, Math.floor(BATCH_BYTES / size)) : 1;
      const done = heard();
      const start = now();
      for (let sent = 0; sent < count; ) {
        const messages = Math.min(perWrite, count - sent);
        // A fresh buffer each time: the sockets keep what they are given.
        const bytes = Buffer.alloc(messages * size, 7);
        for (const socket of sockets) if (!socket.write(bytes)) await once(socket, 'drain');
        sent += messages;
      }
      await done;
      const ns = Number(now() - start);
      for (const socket of sockets) socket.destroy();
      server.close();
      return { nsPerOp: ns / count / readers };
    },

    async b({ size, count, readers = usually }, name) {
      const sockets: Socket[] = [];
      for (let i = 0; i < readers; i++) {
        const socket = connect(pathOf(name));
        await once(socket, 'connect');
        sockets.push(socket);
      }
      const all = sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            let left = size * count;
            const copy = Buffer.alloc(BATCH_BYTES);
            socket.on('data', (chunk: Buffer) => {
              chunk.copy(copy);
              left -= chunk.length;
              if (left === 0) resolve();
            });
          }),
      );
      say('ready');
      await Promise.all(all);
      say('done');
      await once(process, 'disconnect');
    },
  };
}
