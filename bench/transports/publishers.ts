// One message to several readers by a publisher that they subscribe to: NATS and ZeroMQ. The readers are in one process, as in broadcast.ts.

import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { now } from '../contest.ts';
import { peerPackage } from '../packages.ts';
import { say, type Transport } from '../task.ts';
import { openNats, startNats } from './nats.ts';

interface Publisher {
  publish(message: Uint8Array, count: number): Promise<void>;
  close(): Promise<void> | void;
}

interface Subscriber {
  close(): Promise<void> | void;
}

interface Medium {
  /** For side a: starts what both need, and returns what ends it. */
  start(name: string): Promise<() => Promise<void>>;
  publisher(name: string): Promise<Publisher>;
  /** `come` is called for each message, with its length. */
  subscribe(name: string, come: (length: number) => void): Promise<Subscriber>;
}

const READERS = 3;

/** Nanoseconds are of a message to one reader. */
function publishers({ start, publisher, subscribe }: Medium): Transport {
  return {
    async a({ size, count }, { name, heard }) {
      const end = await start(name);
      try {
        const { publish, close } = await publisher(name);
        await untilHeard(heard(), publish);
        const message = new Uint8Array(size).fill(7);
        const measured = async (times: number): Promise<void> => {
          const isDone = heard();
          await publish(message, times);
          await isDone;
        };
        await measured(Math.ceil(count / 10));
        const begun = now();
        await measured(count);
        const ns = Number(now() - begun);
        await close();
        return { nsPerOp: ns / count / READERS };
      } finally {
        await end();
      }
    },

    async b({ count }, name) {
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      const meeting = new Meeting();
      const subscribers: Subscriber[] = [];
      for (let reader = 0; reader < READERS; reader++) {
        subscribers.push(await subscribe(name, (length) => meeting.came(reader, length)));
      }
      await meeting.all(0);
      say('ready');
      for (const until of [Math.ceil(count / 10), Math.ceil(count / 10) + count]) {
        await meeting.all(until);
        say('done');
      }
      await isOver;
      for (const subscriber of subscribers) await subscriber.close();
    },
  };
}

/** What is published before somebody has subscribed goes to nobody: messages of no bytes, until each reader has had one. */
async function untilHeard(ready: Promise<unknown>, publish: Publisher['publish']): Promise<void> {
  let isReady = false;
  void ready.then(() => {
    isReady = true;
  });
  while (!isReady) {
    await publish(new Uint8Array(0), 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Where the readers have got to. */
class Meeting {
  /** Messages of each; below 0 before the first of no bytes. */
  readonly #received: number[] = new Array(READERS).fill(-1);
  #until = 0;
  #resume: (() => void) | undefined;

  came(reader: number, length: number): void {
    const received = this.#received[reader] as number;
    this.#received[reader] = length === 0 ? Math.max(received, 0) : received + 1;
    if (this.#received[reader] === this.#until) this.#look();
  }

  /** Resolves when each has received so many. */
  all(until: number): Promise<void> {
    return new Promise((resolve) => {
      this.#until = until;
      this.#resume = resolve;
      this.#look();
    });
  }

  #look(): void {
    if (this.#received.some((received) => received < this.#until)) return;
    this.#resume?.();
    this.#resume = undefined;
  }
}

/** Messages after which the publisher lets the connection do its work. */
const PER_FLUSH = 1000;

export const natsPublisher: Transport = publishers({
  start: startNats,
  async publisher(name) {
    const connection = await openNats(name);
    return {
      async publish(message, count) {
        for (let i = 1; i <= count; i++) {
          connection.publish('b', message);
          if (i % PER_FLUSH === 0 || i === count) await connection.flush();
        }
      },
      close: () => connection.close(),
    };
  },
  async subscribe(name, come) {
    const connection = await openNats(name);
    connection.subscribe('b', {
      callback(error, message) {
        if (error) throw error;
        come(message.data.length);
      },
    });
    await connection.flush();
    return { close: () => connection.close() };
  },
});

/** What is used of it: https://github.com/zeromq/zeromq.js. */
interface Sockets {
  Publisher: new (options: {
    sendHighWaterMark: number;
  }) => {
    bind(address: string): Promise<void>;
    send(message: Uint8Array): Promise<void>;
    close(): void;
  };
  Subscriber: new (options: {
    receiveHighWaterMark: number;
  }) => {
    connect(address: string): void;
    subscribe(): void;
    receive(): Promise<Uint8Array[]>;
    close(): void;
  };
}

const pathOf = (name: string): string => join(tmpdir(), `${name}-zeromq.sock`);

/** Without limits: a publisher that reaches one loses messages. */
export const zeromqPublisher: Transport = publishers({
  async start(name) {
    return async () => rmSync(pathOf(name), { force: true });
  },
  async publisher(name) {
    const { Publisher } = peerPackage('zeromq') as Sockets;
    const socket = new Publisher({ sendHighWaterMark: 0 });
    await socket.bind(`ipc://${pathOf(name)}`);
    return {
      async publish(message, count) {
        for (let i = 0; i < count; i++) await socket.send(message);
      },
      close: () => socket.close(),
    };
  },
  async subscribe(name, come) {
    const { Subscriber } = peerPackage('zeromq') as Sockets;
    const socket = new Subscriber({ receiveHighWaterMark: 0 });
    socket.connect(`ipc://${pathOf(name)}`);
    socket.subscribe();
    void (async () => {
      for (;;) {
        const [message] = await socket.receive();
        come(message?.length ?? 0);
      }
    })().catch(() => {
      // It has been closed.
    });
    return { close: () => socket.close() };
  },
});
