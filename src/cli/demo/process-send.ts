// The demo's first transport: child_process's own channel, with the faster of its serializations ('advanced').

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chunksOf, LAST, message, type Transport } from './transport.ts';

/** Sends in flight: more of them would only pile up in memory. */
const FILE_WINDOW = 16;
const MESSAGE_WINDOW = 64;

export const processSend: Transport = {
  name: 'process.send',
  chunkBytes: 65536,

  near({ child }) {
    return {
      async sendFile(file, onSent) {
        const sent: Promise<number>[] = [];
        for (const chunk of chunksOf(file, processSend.chunkBytes)) {
          sent.push(written(child, chunk));
          if (sent.length === FILE_WINDOW) onSent((await sent.shift()) as number);
        }
        for (const bytes of sent) onSent(await bytes);
      },

      async sendMessages(milliseconds) {
        const bytes = message();
        for (const end = performance.now() + milliseconds; performance.now() < end; ) {
          for (let i = 1; i < MESSAGE_WINDOW; i++) child.send(bytes);
          await written(child, bytes);
        }
        await written(child, message(true));
      },

      async roundTrip(bytes) {
        const answer = once(child, 'message');
        child.send(bytes);
        await answer;
      },
    };
  },

  far() {
    return {
      async receiveFile(target, onFirst) {
        let at = 0;
        await takeAll((bytes) => {
          if (at === 0) onFirst();
          target.set(bytes, at);
          at += bytes.length;
          return at >= target.length;
        });
      },

      async receiveMessages(onFirst) {
        let count = 0;
        await takeAll((bytes) => {
          if (count++ === 0) onFirst();
          return bytes[0] === LAST;
        });
        return count;
      },

      async echo() {
        await takeAll((bytes) => {
          process.send?.(bytes);
          return bytes[0] === LAST;
        });
      },
    };
  },
};

/** Resolves, with the length, when the channel has taken it. */
function written(child: ChildProcess, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    child.send(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
  });
}

/** Hands each message over until `take` says that it was the last. */
function takeAll(take: (bytes: Uint8Array) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const listen = (bytes: Uint8Array): void => {
      if (!take(bytes)) return;
      process.off('message', listen);
      resolve();
    };
    process.on('message', listen);
  });
}
