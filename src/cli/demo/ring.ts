// The demo's third transport: two rings in shared memory, one each way.

import { Ring, type RingReader, type RingWriter, Segment } from '../../index.ts';
import { chunksOf, LAST, MESSAGE_BYTES, message, type Transport } from './transport.ts';

const THERE = 'there';
const BACK = 'back';
const THERE_BYTES = 2 ** 22;
const BACK_BYTES = 2 ** 16;

let there: Segment;
let back: Segment;

export const ring: Transport = {
  name: 'memspan',
  chunkBytes: 262144,

  prepare(stage) {
    there = stage.segment(THERE, Ring.bytesFor(THERE_BYTES));
    back = stage.segment(BACK, Ring.bytesFor(BACK_BYTES));
  },

  near() {
    const writer = new Ring(there).writer();
    const reader = new Ring(back).reader();
    const answer = new Uint8Array(MESSAGE_BYTES);
    return {
      async sendFile(file, onSent) {
        for (const chunk of chunksOf(file, ring.chunkBytes)) {
          if (!writer.trySend(chunk)) await writer.sendAsync(chunk);
          onSent(chunk.length);
        }
      },

      async sendMessages(milliseconds) {
        const bytes = message();
        for (const end = performance.now() + milliseconds; performance.now() < end; ) {
          for (let i = 0; i < 64; i++) {
            if (!writer.trySend(bytes)) await writer.sendAsync(bytes);
          }
        }
        await writer.sendAsync(message(true));
      },

      async roundTrip(bytes) {
        if (!writer.trySend(bytes)) await writer.sendAsync(bytes);
        if (reader.tryReceiveInto(answer) < 0) await reader.receiveAsync();
      },
    };
  },

  far(prefix) {
    const reader: RingReader = new Ring(Segment.open(prefix + THERE)).reader();
    const writer: RingWriter = new Ring(Segment.open(prefix + BACK)).writer();
    const bytes = new Uint8Array(MESSAGE_BYTES);
    return {
      async receiveFile(target, onFirst) {
        for (let at = 0; at < target.length; ) {
          // Straight into its place, or, after having slept, by way of a copy.
          const length = reader.tryReceiveInto(target.subarray(at));
          const chunk = length < 0 ? ((await reader.receiveAsync()) as Uint8Array) : undefined;
          if (at === 0) onFirst();
          if (chunk !== undefined) target.set(chunk, at);
          at += chunk?.length ?? length;
        }
      },

      async receiveMessages(onFirst) {
        for (let count = 1; ; count++) {
          const length = reader.tryReceiveInto(bytes);
          const next = length < 0 ? ((await reader.receiveAsync()) as Uint8Array) : bytes;
          if (count === 1) onFirst();
          if (next[0] === LAST) return count;
        }
      },

      async echo() {
        for (;;) {
          const length = reader.tryReceiveInto(bytes);
          const next = length < 0 ? ((await reader.receiveAsync()) as Uint8Array) : bytes;
          await writer.sendAsync(next);
          if (next[0] === LAST) return;
        }
      },
    };
  },
};
