// memspan's ring: messages one way, one call each, copied in and out; and round trips over two rings.
// Round trips of `ring` poll on both ends, as the C program does; messages one way are waited for: an end that has nothing to do
// leaves the other one its cache line, as in the C program.

import { Ring, type RingReader, type RingWriter, Segment } from '../../src/index.ts';
import { say, type Task, type Transport } from '../task.ts';

export function ringSize({ size, ringBytes }: Task): number {
  return Ring.bytesFor(ringBytes ?? Math.max(1 << 20, size * 16));
}

type Send = (writer: RingWriter, message: Uint8Array) => void;
type Receive = (reader: RingReader, target: Uint8Array) => void;

const polling: { send: Send; receive: Receive } = {
  send: (writer, message) => {
    while (!writer.trySend(message));
  },
  receive: (reader, target) => {
    while (reader.tryReceiveInto(target) < 0);
  },
};

const sleeping: { send: Send; receive: Receive } = {
  send: (writer, message) => {
    writer.send(message);
  },
  receive: (reader, target) => {
    reader.receiveInto(target);
  },
};

function overRing({ send, receive }: typeof polling): Transport {
  return {
    async a(task, peer) {
      using there = Segment.create(peer.name, { size: ringSize(task), populate: true });
      using back = Segment.create(`${peer.name}-back`, { size: ringSize(task), populate: true });
      using writer = new Ring(there).writer();
      using reader = new Ring(back).reader();
      await peer.heard();
      const message = new Uint8Array(task.size).fill(7);
      const warm = Math.ceil(task.count / 10);
      const ns = (task.kind === 'trips' ? trips : flow)(warm, task.count);
      there.unlink();
      back.unlink();
      return { nsPerOp: ns / task.count };

      function trips(warm: number, count: number): number {
        let start = 0n;
        for (let i = 0; i < warm + count; i++) {
          if (i === warm) start = process.hrtime.bigint();
          send(writer, message);
          receive(reader, message);
        }
        return Number(process.hrtime.bigint() - start);
      }

      function flow(warm: number, count: number): number {
        for (let i = 0; i < warm; i++) writer.send(message);
        const ack = new Uint8Array(task.size);
        reader.receiveInto(ack);
        const start = process.hrtime.bigint();
        for (let i = 0; i < count; i++) writer.send(message);
        reader.receiveInto(ack);
        return Number(process.hrtime.bigint() - start);
      }
    },

    async b(task, name) {
      using there = Segment.open(name, { populate: true });
      using back = Segment.open(`${name}-back`, { populate: true });
      using reader = new Ring(there).reader();
      using writer = new Ring(back).writer();
      say('ready');
      const target = new Uint8Array(task.size);
      const warm = Math.ceil(task.count / 10);
      if (task.kind === 'trips') {
        for (let i = 0; i < warm + task.count; i++) {
          receive(reader, target);
          send(writer, target);
        }
        return;
      }
      for (const count of [warm, task.count]) {
        for (let i = 0; i < count; i++) reader.receiveInto(target);
        writer.send(target);
      }
    },
  };
}

export const ring: Transport = overRing(polling);
export const stream: Transport = overRing(sleeping);
