// The rows of what carries messages: round trips over words, rings, streams.

import { iceoryx } from '../roudi.ts';
import { CORES, c, flow, pair, type Row, trips } from '../row.ts';

/** Awaited on both ends; what C and the words of `waitAsync` carry are four bytes, the others a message of 64. */
const awaited = (oneCore: boolean): Row['contenders'] => ({
  C: c('roundtrip', (share) =>
    oneCore ? ['futex-onecore', 100_000 * share] : ['futex', 20_000 * share, ...CORES],
  ),
  memspan: pair('async ring', trips(oneCore ? 50_000 : 200_000), oneCore),
  'memspan, waitAsync': pair('waitAsync', trips(5000), oneCore),
  'workers, Atomics.waitAsync': pair('workers, waitAsync', trips(5000), oneCore),
  postMessage: pair('postMessage', trips(5000), oneCore),
  'process.send': pair('process.send', trips(5000), oneCore),
  'unix socket': pair('unix socket', trips(5000), oneCore),
});

export const roundTrips: Row[] = [
  {
    group: 'roundtrip',
    name: 'round trip, spinning',
    unit: 'ns',
    size: 4,
    contenders: {
      C: c('roundtrip', (share) => ['spin', 1_000_000 * share, ...CORES]),
      memspan: pair('spin', trips(1_000_000)),
    },
    targets: [{ against: 'C', speedMin: 1 / 2.5 }],
  },
  {
    group: 'roundtrip',
    name: 'round trip of 64 B, polling',
    unit: 'ns',
    size: 64,
    contenders: {
      C: c('trips', (share) => [64, 1_000_000 * share, ...CORES]),
      memspan: pair('ring', trips(500_000)),
      iceoryx: iceoryx('trips', 64, 100_000),
      Boost: c('boost-queue', (share) => ['trips', 64, 100_000 * share, 1024, ...CORES]),
      'shared-memory-disruptor': pair('disruptor', trips(50_000)),
    },
    targets: [{ against: 'iceoryx', speedMin: 5 }],
  },
  {
    group: 'roundtrip',
    name: 'round trip, sleeping',
    unit: 'ns',
    size: 4,
    contenders: {
      C: c('roundtrip', (share) => ['futex', 20_000 * share, ...CORES]),
      memspan: pair('futex', trips(20_000)),
      'workers, Atomics.wait': pair('workers, wait', trips(20_000)),
      'process.send': pair('process.send', trips(5000)),
      'unix socket': pair('unix socket', trips(5000)),
    },
    targets: [
      { against: 'C', speedMin: 1 / 1.15 },
      { against: 'process.send', speedMin: 1 },
      { against: 'unix socket', speedMin: 1 },
    ],
  },
  {
    group: 'roundtrip',
    name: 'round trip, sleeping, one core',
    unit: 'ns',
    size: 4,
    contenders: {
      C: c('roundtrip', (share) => ['futex-onecore', 100_000 * share]),
      memspan: pair('futex', trips(100_000), true),
      'workers, Atomics.wait': pair('workers, wait', trips(100_000), true),
      'process.send': pair('process.send', trips(5000), true),
      'unix socket': pair('unix socket', trips(5000), true),
    },
    targets: [
      { against: 'C', speedMin: 1 / 1.3 },
      { against: 'process.send', speedMin: 1 },
      { against: 'unix socket', speedMin: 1 },
    ],
  },
  {
    group: 'roundtrip',
    name: 'round trip, async on both ends',
    unit: 'ns',
    size: 64,
    contenders: {
      ...awaited(false),
      zeromq: pair('zeromq', trips(5000)),
      NATS: pair('NATS', trips(2000)),
      Redis: pair('redis list', trips(2000)),
    },
    targets: [
      { against: 'C', speedMin: 1 / 1.15 },
      { against: 'process.send', speedMin: 1 },
      { against: 'workers, Atomics.waitAsync', speedMin: 1 },
    ],
  },
  {
    group: 'roundtrip',
    name: 'round trip, async on both ends, one core',
    unit: 'ns',
    size: 64,
    contenders: awaited(true),
    targets: [
      { against: 'C', speedMin: 1 / 2.2 },
      { against: 'process.send', speedMin: 1 },
      { against: 'workers, Atomics.waitAsync', speedMin: 1 },
    ],
  },
];

interface RingSize {
  readonly size: number;
  readonly label: string;
  readonly count: number;
  /** Messages for the slow peers. */
  readonly few: number;
  readonly ofC: number;
  readonly ofBatched: number;
}

const ringSizes: RingSize[] = [
  { size: 64, label: '64 B', count: 10_000_000, few: 200_000, ofC: 0.1, ofBatched: 3 },
  { size: 1024, label: '1 KiB', count: 3_000_000, few: 100_000, ofC: 0.4, ofBatched: 5 },
  { size: 65536, label: '64 KiB', count: 50_000, few: 5000, ofC: 0.8, ofBatched: 10 },
  { size: 1 << 20, label: '1 MiB', count: 5000, few: 300, ofC: 0.9, ofBatched: 15 },
];

export const rings: Row[] = ringSizes.map(({ size, label, count, few, ofC, ofBatched }) => ({
  group: 'ring',
  name: `ring, ${label}`,
  unit: 'messages/s',
  size,
  contenders: {
    C: c('ring', (share) => [size, count * share, Math.max(1 << 20, size * 16), ...CORES]),
    memspan: pair('ring', flow(count, size)),
    'process.send': pair('process.send', flow(few, size)),
    'unix socket': pair('unix socket', flow(few, size)),
    'unix socket, batched': pair('unix socket, batched', flow(few * 5, size)),
    postMessage: pair('postMessage', flow(few, size)),
    ...(size <= 1024 ? { 'ringbuf.js': pair('ringbuf.js', flow(count, size)) } : {}),
    Boost: c('boost-queue', (share) => [
      ...['copy', size, few * 5 * share, Math.max(16, (1 << 20) / size)],
      ...CORES,
    ]),
    iceoryx: iceoryx('copy', size, few * 2),
    'shared-memory-disruptor': pair('disruptor', flow(few * 5, size)),
    zeromq: pair('zeromq', flow(few, size)),
    NATS: pair('NATS', flow(few, size)),
    Redis: pair('redis list', flow(few, size)),
  },
  targets: [
    { against: 'C', speedMin: ofC },
    ...(size === 64
      ? ([
          { against: 'process.send', speedMin: 40 },
          { against: 'unix socket', speedMin: 25 },
        ] as const)
      : []),
    { against: 'unix socket, batched', speedMin: ofBatched },
  ],
}));

const SMALL = 64;
const MANY = 10_000_000;
const RING = 1 << 20;

export const ringWays: Row[] = [
  {
    group: 'ring',
    name: 'ring, 64 B, batched',
    unit: 'messages/s',
    size: SMALL,
    contenders: {
      C: c('ring', (share) => [SMALL, MANY * share, RING, '--batch', 16, ...CORES]),
      memspan: pair('ring, batched', flow(MANY, SMALL)),
      'unix socket, batched': pair('unix socket, batched', flow(1_000_000, SMALL)),
    },
    targets: [{ against: 'C', speedMin: 0.2 }],
  },
  {
    group: 'ring',
    name: 'ring, 64 B, async iteration on the reading end',
    unit: 'messages/s',
    size: SMALL,
    contenders: {
      C: c('ring', (share) => [SMALL, MANY * share, RING, ...CORES]),
      memspan: pair('ring, iterated', flow(MANY, SMALL)),
      'process.send': pair('process.send', flow(200_000, SMALL)),
      'unix socket, batched': pair('unix socket, batched', flow(1_000_000, SMALL)),
    },
    targets: [
      { against: 'C', speedMin: 0.06 },
      { against: 'process.send', speedMin: 30 },
      { against: 'unix socket, batched', speedMin: 2 },
    ],
  },
];

const CHUNK = 65536;
const STREAM_CHUNKS = 65536;

export const streams: Row[] = [
  {
    group: 'stream',
    name: 'stream of 64 KiB chunks, sleeping when idle',
    unit: 'MB/s',
    size: CHUNK,
    contenders: {
      C: c('stream', (share) => [
        Math.ceil(STREAM_CHUNKS * share) * CHUNK,
        CHUNK,
        CHUNK * 32,
        ...CORES,
      ]),
      memspan: pair('stream', flow(STREAM_CHUNKS, CHUNK)),
      'process.send': pair('process.send', flow(3000, CHUNK)),
      'unix socket': pair('unix socket', flow(10_000, CHUNK)),
    },
    targets: [{ against: 'C', speedMin: 0.8 }],
  },
];
