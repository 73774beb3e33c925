// The rows of the channels of a span.

import { iceoryx } from '../roudi.ts';
import { CORES, c, flow, pair, type Row } from '../row.ts';

const latestSizes = [
  { size: 64, label: '64 B', buffers: 16, count: 5_000_000, ofC: 0.1 },
  { size: 1024, label: '1 KiB', buffers: 16, count: 2_000_000, ofC: 0.4 },
  { size: 65536, label: '64 KiB', buffers: 8, count: 200_000, ofC: 0.8 },
];

export const latest: Row[] = latestSizes.map(({ size, label, buffers, count, ofC }) => ({
  group: 'latest',
  name: `newest value, ${label}, read under a full-speed writer`,
  unit: 'messages/s',
  size,
  contenders: {
    C: c('latest', (share) => [size, count * share, buffers, ...CORES]),
    memspan: pair('latest', flow(count, size)),
    lmdb: pair('lmdb newest', flow(count / 50, size)),
    Redis: pair('redis newest', flow(count / 500, size)),
  },
  targets: [{ against: 'C', speedMin: ofC }],
}));

/** Below Docker's 64 MB of shared memory. */
const FRAME = 1 << 24;
const CHUNKS = 3;
const HANDED = 2_000_000;

const handedSizes = [
  { size: 64, label: '64 B' },
  { size: 65536, label: '64 KiB' },
  { size: FRAME, label: '16 MiB' },
];

export const pools: Row[] = [
  {
    group: 'pool',
    name: 'pool, frames of 16 MiB filled in place',
    unit: 'messages/s',
    size: FRAME,
    contenders: {
      C: c('pool', (share) => ['fill', FRAME, 1000 * share, CHUNKS, ...CORES]),
      memspan: pair('pool, filled', flow(1000, FRAME)),
    },
    targets: [{ against: 'C', speedMin: 0.9 }],
  },
  ...handedSizes.map(
    ({ size, label }): Row => ({
      group: 'pool',
      name: `pool, hand-over of ${label}`,
      unit: 'messages/s',
      size,
      contenders: {
        C: c('pool', (share) => ['hand', size, HANDED * share, CHUNKS, ...CORES]),
        memspan: pair('pool, handed over', flow(HANDED, size)),
        // Its chunks of 16 MiB would not fit beside what it needs itself.
        ...(size < FRAME ? { iceoryx: iceoryx('hand', size, HANDED / 10, CHUNKS, 0) } : {}),
        ...(size === 64 ? {} : { 'memspan, 64 B': pair('pool, handed over', flow(HANDED, 64)) }),
      },
      // What it costs does not depend on the size.
      targets: size === 64 ? [] : [{ against: 'memspan, 64 B', speedMin: 0.8 }],
    }),
  ),
];

const broadcastSizes = [
  { size: 64, label: '64 B', count: 2_000_000, ofSocket: 10 },
  { size: 1024, label: '1 KiB', count: 500_000, ofSocket: 3 },
];

/** To three readers, and per reader: a message to one of them is what is counted. */
export const broadcast: Row[] = broadcastSizes.map(({ size, label, count, ofSocket }) => ({
  group: 'broadcast',
  name: `broadcast to 3 readers, ${label}, per reader`,
  unit: 'messages/s',
  size,
  contenders: {
    memspan: pair('broadcast', flow(count, size)),
    'memspan, one reader': pair('broadcast, one reader', flow(count, size)),
    'unix socket': pair('unix sockets', flow(count / 20, size)),
    'unix socket, batched': pair('unix sockets, batched', flow(count, size)),
    zeromq: pair('zeromq publisher', flow(count / 20, size)),
    NATS: pair('NATS publisher', flow(count / 20, size)),
  },
  targets: [
    { against: 'memspan, one reader', speedMin: 1 },
    { against: 'unix socket', speedMin: ofSocket },
    { against: 'unix socket, batched', speedMin: 1 },
  ],
}));

/** Two writers and two readers, four processes. */
const queueSizes = [
  { size: 64, label: '64 B', count: 2_000_000 },
  { size: 1024, label: '1 KiB', count: 1_500_000 },
];

export const queues: Row[] = queueSizes.map(({ size, label, count }) => ({
  group: 'queue',
  name: `queue, 2 writers and 2 readers, ${label}`,
  unit: 'messages/s',
  size,
  contenders: {
    C: c('queue', (share) => [size, count * share, 1024, ...CORES]),
    memspan: pair('queue', flow(count, size)),
    Boost: c('boost-queue', (share) => ['two', size, (count / 4) * share, 1024, ...CORES]),
  },
  targets: [{ against: 'C', speedMin: 0.5 }],
}));
