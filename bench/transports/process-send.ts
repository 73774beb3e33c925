// child_process's own channel, with the faster of its two serializations ('advanced', set by the forker).

import { once } from 'node:events';
import { say, type Transport } from '../task.ts';

// More than this many messages in flight make the channel's queue grow without bound.
const WINDOW = 64;

export const processSend: Transport = {
  async a({ kind, count, size }, { channel, heard }) {
    await heard();
    const message = Buffer.alloc(size, 7);
    const send = (): void => void channel.send(message);
    if (kind === 'trips') {
      const start = process.hrtime.bigint();
      for (let i = 0; i < count; i++) {
        send();
        await once(channel, 'message');
      }
      return { nsPerOp: Number(process.hrtime.bigint() - start) / count };
    }
    const start = process.hrtime.bigint();
    for (let sent = 0; sent < count; ) {
      for (let i = 0; i < WINDOW && sent < count; i++, sent++) send();
      await once(channel, 'message');
    }
    return { nsPerOp: Number(process.hrtime.bigint() - start) / count };
  },

  async b({ kind, count }) {
    let received = 0;
    const done = new Promise<void>((resolve) => {
      process.on('message', (message: Uint8Array) => {
        received++;
        if (kind === 'trips') say(message);
        else if (received % WINDOW === 0 || received === count) say('got');
        if (received === count) resolve();
      });
    });
    say('ready');
    await done;
  },
};
