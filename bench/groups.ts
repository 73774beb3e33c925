// What is measured: rows of contenders that do the same thing, and the targets of the design (§12).

import { type Program, runC } from './c.ts';
import { runPair } from './pair.ts';
import type { Measurement, Task, TransportName } from './task.ts';

export type Contender =
  | 'C'
  | 'C, robust'
  | 'memspan'
  | 'memspan, fair'
  | 'memspan, CriticalSection'
  | 'process.send'
  | 'unix socket'
  | 'unix socket, batched'
  | 'lock file';

export interface Row {
  readonly group: 'roundtrip' | 'ring' | 'stream' | 'locks';
  readonly name: string;
  /** How the measured nanoseconds are shown. */
  readonly unit: 'ns' | 'messages/s' | 'MB/s' | 'locks/s';
  /** Bytes of a message; 0 for locks. */
  readonly size: number;
  /** Each does that share of its full work. */
  readonly contenders: Partial<Record<Contender, (share: number) => Promise<Measurement>>>;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly against: Contender;
  /**
   * The ratio of speeds, memspan's to the other's: at least this. A limit on time such as "≤ 2.5× C" is
   * 1/2.5 here.
   */
  readonly speedMin: number;
}

const CORES = ['--cpus', '0,1'];

function c(program: Program, args: (share: number) => (string | number)[]) {
  return async (share: number): Promise<Measurement> =>
    runC(
      program,
      args(share).map((value) => (typeof value === 'number' ? Math.ceil(value) : value)),
    );
}

function pair(
  transport: TransportName,
  task: Omit<Task, 'transport' | 'oneCore'>,
  oneCore = false,
) {
  return (share: number): Promise<Measurement> =>
    runPair({ ...task, transport, oneCore, count: Math.ceil(task.count * share) });
}

const trips = (count: number, size = 64) => ({ kind: 'trips', count, size }) as const;
const alone = (count: number) => ({ kind: 'alone', count, size: 0 }) as const;
const contest = (count: number) => ({ kind: 'contest', count, size: 0 }) as const;
const flow = (count: number, size: number) => ({ kind: 'flow', count, size }) as const;

const roundTrips: Row[] = [
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
    name: 'round trip, sleeping',
    unit: 'ns',
    size: 4,
    contenders: {
      C: c('roundtrip', (share) => ['futex', 20_000 * share, ...CORES]),
      memspan: pair('futex', trips(20_000)),
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
      'process.send': pair('process.send', trips(5000), true),
      'unix socket': pair('unix socket', trips(5000), true),
    },
    targets: [
      { against: 'C', speedMin: 1 / 1.3 },
      { against: 'process.send', speedMin: 1 },
      { against: 'unix socket', speedMin: 1 },
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

const rings: Row[] = ringSizes.map(({ size, label, count, few, ofC, ofBatched }) => ({
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

const CHUNK = 65536;
const STREAM_CHUNKS = 65536;

const streams: Row[] = [
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

const CONTESTED = 10_000_000;

const locks: Row[] = [
  {
    group: 'locks',
    name: 'mutex, uncontended',
    unit: 'ns',
    size: 0,
    contenders: {
      C: c('mutex', (share) => ['shared', 'alone', 10_000_000 * share, ...CORES]),
      'C, robust': c('mutex', (share) => ['robust', 'alone', 10_000_000 * share, ...CORES]),
      memspan: pair('mutex', alone(10_000_000)),
      'memspan, CriticalSection': pair('critical section', alone(10_000_000)),
      'lock file': pair('lock file', alone(10_000)),
    },
    targets: [{ against: 'C', speedMin: 1 / 2 }],
  },
  {
    group: 'locks',
    name: 'mutex, two processes contending',
    unit: 'locks/s',
    size: 0,
    contenders: {
      C: c('mutex', (share) => ['shared', 'contest', CONTESTED * share, ...CORES]),
      'C, robust': c('mutex', (share) => ['robust', 'contest', CONTESTED * share, ...CORES]),
      memspan: pair('mutex', contest(CONTESTED)),
      'memspan, fair': pair('mutex, fair', contest(CONTESTED / 200)),
    },
    targets: [{ against: 'C', speedMin: 0.8 }],
  },
  {
    group: 'locks',
    name: 'mutex, lockAsync, uncontended',
    unit: 'ns',
    size: 0,
    contenders: {
      memspan: pair('mutex, async', alone(500_000)),
      // To ask a process that keeps the lock, and to be answered.
      'process.send': pair('process.send', trips(5000)),
    },
    targets: [{ against: 'process.send', speedMin: 1 }],
  },
  {
    group: 'locks',
    name: 'mutex, lockAsync, two processes contending',
    unit: 'locks/s',
    size: 0,
    contenders: {
      memspan: pair('mutex, async', contest(200_000)),
      'process.send': pair('process.send', trips(5000)),
    },
    targets: [{ against: 'process.send', speedMin: 1 }],
  },
];

export const rows: readonly Row[] = [...roundTrips, ...rings, ...streams, ...locks];
