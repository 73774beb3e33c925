// What is measured: rows of contenders that do the same thing, and the targets of the design (§12).

import { type Program, type Run, runC } from './c.ts';
import { runPair } from './pair.ts';
import type { Task, TransportName } from './task.ts';

export type Contender = 'C' | 'memspan' | 'process.send' | 'unix socket' | 'unix socket, batched';

export interface Row {
  readonly group: 'roundtrip' | 'ring' | 'stream';
  readonly name: string;
  /** How the measured nanoseconds are shown. */
  readonly unit: 'ns' | 'messages/s' | 'MB/s';
  /** Bytes of a message. */
  readonly size: number;
  /** Each does that share of its full work and returns nanoseconds per operation. */
  readonly contenders: Partial<Record<Contender, (share: number) => Promise<number>>>;
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
  return async (share: number): Promise<number> => {
    const run: Run = runC(
      program,
      args(share).map((value) => (typeof value === 'number' ? Math.ceil(value) : value)),
    );
    return run.nsPerOp;
  };
}

function pair(
  transport: TransportName,
  task: Omit<Task, 'transport' | 'oneCore'>,
  oneCore = false,
) {
  return async (share: number): Promise<number> => {
    const count = Math.ceil(task.count * share);
    const { nsPerOp } = await runPair({ ...task, transport, oneCore, count });
    return nsPerOp;
  };
}

const trips = (count: number, size = 64) => ({ kind: 'trips', count, size }) as const;
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

export const rows: readonly Row[] = [...roundTrips, ...rings, ...streams];
