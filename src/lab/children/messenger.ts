// `when-not-to`: the far end of two ways to send a message: process.send, and memspan's rings.

import { Span } from '../../index.ts';
import { obey } from './orders.ts';

let received = 0;

obey({
  echo: ({ text }: { text: string }) => text,
  /** Of the messages that nobody answers. */
  received: () => received,

  /** Echoes what comes through one ring; of what comes through the other, only the end, which is a message of one byte. */
  attach: ({ name }: { name: string }) => {
    const span = Span.join(name, { as: 'far' });
    const back = span.ring('back').writer();
    const echo = async (ring: string, isEchoed: (length: number) => boolean): Promise<void> => {
      for await (const message of span.ring(ring).reader()) {
        if (isEchoed(message.length)) await back.sendAsync(message);
      }
    };
    void echo('trips', () => true);
    void echo('stream', (length) => length === 1);
  },
});

process.on('message', (message) => {
  if (typeof message === 'string') received++;
});
