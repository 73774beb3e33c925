// Messages one way over memspan's ring, otherwise than one call each: in batches on both ends, or iterated over on the reading
// end. And over ringbuf.js, a ring that Node users have today for threads, in memory of ours so that it reaches a process.

import { Ring, type RingReader, type RingWriter, Segment } from '../../src/index.ts';
import { peerPackage } from '../packages.ts';
import { say, type Transport } from '../task.ts';
import { ringSize } from './ring.ts';

/** Sent at once, as in C. */
const BATCH = 16;
/** Taken at once, at most. */
const TAKEN = 256;
const TAKEN_BYTES = 1 << 24;

interface Way {
  send(writer: RingWriter, message: Uint8Array, count: number): void;
  receive(reader: RingReader, size: number, count: number): void | Promise<void>;
}

// An end that has nothing to do leaves the other one its cache line, as it does in the waiting calls, and in the C program.
const inBatches: Way = {
  send: (writer, message, count) => {
    const batch = new Array<Uint8Array>(BATCH).fill(message);
    let left = count;
    for (; left >= BATCH; left -= BATCH) writer.sendBatch(batch);
    for (; left > 0; left--) writer.send(message);
  },
  receive: (reader, size, count) => {
    const one = new Uint8Array(size);
    const taken = Math.max(1, Math.min(TAKEN, Math.floor(TAKEN_BYTES / size)));
    const target = new Uint8Array(taken * size);
    const lengths = new Int32Array(taken);
    for (let left = count; left > 0; ) {
      reader.receiveInto(one);
      left -= 1 + reader.readBatchInto(target, lengths);
    }
  },
};

const iterated: Way = {
  send: (writer, message, count) => {
    for (let left = count; left > 0; left--) writer.send(message);
  },
  receive: async (reader, size, count) => {
    let left = count;
    for await (const message of reader) {
      if (message.length !== size) throw new Error(`a message of ${message.length} bytes`);
      left--;
      if (left === 0) return;
    }
  },
};

function overRing({ send, receive }: Way): Transport {
  return {
    async a(task, peer) {
      using there = Segment.create(peer.name, { size: ringSize(task), populate: true });
      using back = Segment.create(`${peer.name}-back`, { size: ringSize(task), populate: true });
      using writer = new Ring(there).writer();
      using reader = new Ring(back).reader();
      await peer.heard();
      const message = new Uint8Array(task.size).fill(7);
      send(writer, message, Math.ceil(task.count / 10));
      reader.receive();
      const start = process.hrtime.bigint();
      send(writer, message, task.count);
      reader.receive();
      const ns = Number(process.hrtime.bigint() - start);
      there.unlink();
      back.unlink();
      return { nsPerOp: ns / task.count };
    },

    async b(task, name) {
      using there = Segment.open(name, { populate: true });
      using back = Segment.open(`${name}-back`, { populate: true });
      using reader = new Ring(there).reader();
      using writer = new Ring(back).writer();
      say('ready');
      for (const count of [Math.ceil(task.count / 10), task.count]) {
        await receive(reader, task.size, count);
        writer.send('done');
      }
    },
  };
}

export const batchedRing: Transport = overRing(inBatches);
export const iteratedRing: Transport = overRing(iterated);

/** What is used of it: https://github.com/padenot/ringbuf.js. It moves as many bytes as there is room for. */
interface ByteRing {
  push(bytes: Uint8Array, length: number, offset: number): number;
  pop(bytes: Uint8Array, length: number, offset: number): number;
}

function ringbuf(segment: Segment): ByteRing {
  const { RingBuffer } = peerPackage('ringbuf.js') as {
    RingBuffer: new (buffer: SharedArrayBuffer, type: typeof Uint8Array) => ByteRing;
  };
  return new RingBuffer(segment.buffer, Uint8Array);
}

function push(ring: ByteRing, message: Uint8Array): void {
  const { length } = message;
  for (let at = 0; at < length; ) at += ring.push(message, length - at, at);
}

function pop(ring: ByteRing, target: Uint8Array): void {
  const { length } = target;
  for (let at = 0; at < length; ) at += ring.pop(target, length - at, at);
}

/** Two words of its own, and one byte that it leaves free. */
const RINGBUF_BYTES = 8 + (1 << 20) + 1;

export const ringbufJs: Transport = {
  async a(task, peer) {
    using there = Segment.create(peer.name, { size: RINGBUF_BYTES, populate: true });
    using back = Segment.create(`${peer.name}-back`, { size: RINGBUF_BYTES, populate: true });
    const out = ringbuf(there);
    const acks = ringbuf(back);
    await peer.heard();
    const message = new Uint8Array(task.size).fill(7);
    const ack = new Uint8Array(1);
    for (let left = Math.ceil(task.count / 10); left > 0; left--) push(out, message);
    pop(acks, ack);
    const start = process.hrtime.bigint();
    for (let left = task.count; left > 0; left--) push(out, message);
    pop(acks, ack);
    const ns = Number(process.hrtime.bigint() - start);
    there.unlink();
    back.unlink();
    return { nsPerOp: ns / task.count };
  },

  async b(task, name) {
    using there = Segment.open(name, { populate: true });
    using back = Segment.open(`${name}-back`, { populate: true });
    const incoming = ringbuf(there);
    const acks = ringbuf(back);
    say('ready');
    const target = new Uint8Array(task.size);
    for (const count of [Math.ceil(task.count / 10), task.count]) {
      for (let left = count; left > 0; left--) pop(incoming, target);
      push(acks, new Uint8Array(1));
    }
  },
};
