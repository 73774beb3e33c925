// The hot paths of what carries messages of 64 bytes.

import type { Span } from '../../src/index.ts';
import { type HotPath, inTurn, polling, repeated, type Step } from './path.ts';

const SIZE = 64;
const BATCH = 16;
const CAPACITY = 2 ** 20;
const message = (): Uint8Array => new Uint8Array(SIZE).fill(7);

const ringIn = (span: Span) => span.ring('ring', { capacity: CAPACITY });
const queueIn = (span: Span) => span.queue('queue', { capacity: 1024, messageMax: SIZE });
const latestIn = (span: Span) => span.latest('latest', { size: SIZE });
const broadcastIn = (span: Span) => span.broadcast('broadcast', { capacity: CAPACITY });
const poolIn = (span: Span) => span.pool('pool', { chunks: 8, chunkSize: SIZE, readers: 1 });

/** Both of its ends, as one path of one thread and as two of two processes. */
function twoEnds(
  send: (span: Span) => () => boolean,
  receive: (span: Span) => () => boolean,
): Pick<HotPath, 'alone' | 'ends'> {
  return {
    alone: (span) => {
      // The reader first: what is sent before there is one goes to nobody.
      const take = receive(span);
      return inTurn([send(span), take]);
    },
    ends: [(span) => polling(send(span)), (span) => polling(receive(span))],
  };
}

const COPY = 'the copy that is received, a Uint8Array';

export const channels: readonly HotPath[] = [
  {
    name: 'ring: trySend, tryReceiveInto',
    bytesMax: 0,
    ...twoEnds(
      (span) => {
        const [writer, bytes] = [ringIn(span).writer(), message()];
        return () => writer.trySend(bytes);
      },
      (span) => {
        const [reader, target] = [ringIn(span).reader(), message()];
        return () => reader.tryReceiveInto(target) >= 0;
      },
    ),
  },
  {
    name: 'ring: send, receiveInto',
    bytesMax: 0,
    ...twoEnds(
      (span) => {
        const [writer, bytes] = [ringIn(span).writer(), message()];
        return () => writer.send(bytes) === true;
      },
      (span) => {
        const [reader, target] = [ringIn(span).reader(), message()];
        return () => reader.receiveInto(target) >= 0;
      },
    ),
  },
  {
    name: `ring: trySendBatch of ${BATCH}, readBatchInto`,
    bytesMax: 0,
    alone: (span) => {
      const [writer, reader] = [ringIn(span).writer(), ringIn(span).reader()];
      const [batch, target] = batches();
      const lengths = new Int32Array(BATCH);
      return repeated(() => {
        writer.trySendBatch(batch);
        reader.readBatchInto(target, lengths);
      });
    },
    ends: [
      (span) => {
        const [writer, [batch]] = [ringIn(span).writer(), batches()];
        return untilMoved(() => writer.trySendBatch(batch));
      },
      (span) => {
        const [reader, [, target]] = [ringIn(span).reader(), batches()];
        const lengths = new Int32Array(BATCH);
        return untilMoved(() => reader.readBatchInto(target, lengths));
      },
    ],
  },
  {
    name: 'ring: tryClaim and commit, tryTake and release',
    bytesMax: 700,
    because: 'a claim and a message in place, each with its Uint8Array',
    ...twoEnds(
      (span) => {
        const writer = ringIn(span).writer();
        return () => {
          const claim = writer.tryClaim(SIZE);
          claim?.commit();
          return claim !== null;
        };
      },
      (span) => {
        const reader = ringIn(span).reader();
        return () => {
          const taken = reader.tryTake();
          taken?.release();
          return taken !== null;
        };
      },
    ),
  },
  {
    name: 'ring: trySend, tryReceive',
    bytesMax: 320,
    because: COPY,
    ...twoEnds(
      (span) => {
        const [writer, bytes] = [ringIn(span).writer(), message()];
        return () => writer.trySend(bytes);
      },
      (span) => {
        const reader = ringIn(span).reader();
        return () => reader.tryReceive() !== null;
      },
    ),
  },
  {
    name: 'ring: trySend, for await',
    bytesMax: 800,
    because: `${COPY}, and the promises of its turn`,
    isAsync: true,
    alone: (span) => {
      const [writer, reader, bytes] = [ringIn(span).writer(), ringIn(span).reader(), message()];
      return async (times) => {
        for (let left = times; left > 0; ) {
          let there = 0;
          while (there < Math.min(left, 256) && writer.trySend(bytes)) there++;
          left -= there;
          for await (const _ of reader) if (--there === 0) break;
        }
      };
    },
  },
  {
    name: 'queue: trySend, tryReceive',
    probes: true,
    bytesMax: 320,
    because: COPY,
    ...twoEnds(
      (span) => {
        const [writer, bytes] = [queueIn(span).writer(), message()];
        return () => writer.trySend(bytes);
      },
      (span) => {
        const reader = queueIn(span).reader();
        return () => reader.tryReceive() !== null;
      },
    ),
  },
  {
    name: 'latest: publish, readInto',
    bytesMax: 120,
    because: 'the subarray that is copied from',
    alone: (span) => {
      const [latest, bytes, target] = [latestIn(span), message(), message()];
      const writer = latest.writer();
      return repeated(() => {
        writer.publish(bytes);
        latest.readInto(target);
      });
    },
    ends: [
      (span) => {
        const [writer, bytes] = [latestIn(span).writer(), message()];
        return repeated(() => writer.publish(bytes));
      },
      (span) => {
        const [latest, target] = [latestIn(span), message()];
        return repeated(() => void latest.readInto(target));
      },
    ],
  },
  {
    name: 'latest: claim and commit, read',
    bytesMax: 1100,
    because: `the loan with its Uint8Array, and ${COPY}`,
    alone: (span) => {
      const latest = latestIn(span);
      const writer = latest.writer();
      return repeated(() => {
        writer.claim().commit();
        latest.read();
      });
    },
  },
  {
    name: 'broadcast: trySend, tryReceive',
    probes: true,
    bytesMax: 320,
    because: COPY,
    ...twoEnds(
      (span) => {
        const [writer, bytes] = [broadcastIn(span).writer(), message()];
        return () => writer.trySend(bytes);
      },
      (span) => {
        const reader = broadcastIn(span).reader();
        return () => reader.tryReceive() !== null;
      },
    ),
  },
  {
    name: 'pool: tryLoan and publish, tryTake and release',
    probes: true,
    bytesMax: 180,
    because: 'a loan and what is taken, one object each',
    ...twoEnds(
      (span) => {
        const writer = poolIn(span).writer();
        return () => {
          const loan = writer.tryLoan();
          loan?.publish();
          return loan !== null;
        };
      },
      (span) => {
        const reader = poolIn(span).reader();
        return () => {
          const taken = reader.tryTake();
          taken?.release();
          return taken !== null;
        };
      },
    ),
  },
];

/** What a batch has more or less than was asked for counts the next time, so that both ends come to the same. */
function untilMoved(move: () => number): Step {
  let left = 0;
  return (times) => {
    left += times * BATCH;
    while (left > 0) left -= move();
  };
}

function batches(): [batch: Uint8Array[], target: Uint8Array] {
  return [new Array<Uint8Array>(BATCH).fill(message()), new Uint8Array(BATCH * SIZE)];
}
