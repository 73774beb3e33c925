// The demo's second transport: a Unix stream socket, which is what a child's extra 'pipe' is (socketpair(2)).

import { once } from 'node:events';
import { Socket } from 'node:net';
import { chunksOf, LAST, MESSAGE_BYTES, message, type Transport } from './transport.ts';

const FD = 4;

export const unixSocket: Transport = {
  name: 'Unix socket',
  chunkBytes: 262144,

  near({ child }) {
    const socket = child.stdio[FD] as Socket;
    return {
      async sendFile(file, onSent) {
        for (const chunk of chunksOf(file, unixSocket.chunkBytes)) {
          await write(socket, chunk);
          onSent(chunk.length);
        }
      },

      async sendMessages(milliseconds) {
        const bytes = message();
        for (const end = performance.now() + milliseconds; performance.now() < end; ) {
          for (let i = 0; i < 64; i++) await write(socket, bytes);
        }
        await write(socket, message(true));
      },

      async roundTrip(bytes) {
        socket.write(bytes);
        for (let missing = bytes.length; missing > 0; ) {
          const [answer] = (await once(socket, 'data')) as [Uint8Array];
          missing -= answer.length;
        }
      },
    };
  },

  far() {
    const socket = new Socket({ fd: FD, readable: true, writable: true });
    return {
      async receiveFile(target, onFirst) {
        let at = 0;
        await takeAll(socket, (bytes) => {
          if (at === 0) onFirst();
          target.set(bytes, at);
          at += bytes.length;
          return at >= target.length;
        });
      },

      // All have one size: it only has to look at every 64th byte, the least that it could do.
      async receiveMessages(onFirst) {
        let received = 0;
        await takeAll(socket, (bytes) => {
          if (received === 0) onFirst();
          const first = (MESSAGE_BYTES - (received % MESSAGE_BYTES)) % MESSAGE_BYTES;
          received += bytes.length;
          for (let at = first; at < bytes.length; at += MESSAGE_BYTES) {
            if (bytes[at] === LAST) return true;
          }
          return false;
        });
        return Math.ceil(received / MESSAGE_BYTES);
      },

      async echo() {
        await takeAll(socket, (bytes) => {
          socket.write(bytes);
          return bytes[0] === LAST;
        });
      },
    };
  },
};

async function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (!socket.write(bytes)) await once(socket, 'drain');
}

/** Hands over what comes until `take` says that it has all. */
function takeAll(socket: Socket, take: (bytes: Uint8Array) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const listen = (bytes: Uint8Array): void => {
      if (!take(bytes)) return;
      socket.off('data', listen);
      resolve();
    };
    socket.on('data', listen);
  });
}
