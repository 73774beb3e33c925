// Messages from one process to another: how their size, and the size of the ring, matter.

import { runC } from '../c.ts';
import { runPair } from '../pair.ts';
import { CORES } from '../row.ts';
import type { TransportName } from '../task.ts';
import { type Chart, type Contender, type Family, type Sample, stateless } from './family.ts';
import { at, many, ratio } from './words.ts';

const SIZES = [8, 64, 512, 4096, 32768, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24];

/** Half a second's worth: what a message costs, and what each of its bytes does, in nanoseconds. */
function countFor(size: number, each: number, perByte: number): number {
  return Math.max(32, Math.ceil(5e8 / (each + size * perByte)));
}

/** Several of the largest, and enough of the small ones. */
const ringFor = (size: number): number =>
  Math.max(2 ** 20, size * Math.max(4, 16 / (1 + size / 2 ** 20)));

function overPair(transport: TransportName, each: number, perByte: number, isRing = false) {
  return async (size: number, share: number): Promise<Sample> => {
    const count = Math.ceil(countFor(size, each, perByte) * share);
    const own = isRing ? { ringBytes: powerOfTwo(ringFor(size)) } : {};
    const { nsPerOp } = await runPair({
      transport,
      kind: 'flow',
      count,
      size,
      oneCore: false,
      ...own,
    });
    return { nsPerOp };
  };
}

const powerOfTwo = (bytes: number): number => 2 ** Math.ceil(Math.log2(bytes));

/** Its messages carry a number and a checksum. */
const C_MIN = 16;

const sizes: readonly Contender[] = [
  { name: 'ring', run: overPair('ring', 40, 0.1, true) },
  { name: 'ring, batched', run: overPair('ring, batched', 20, 0.1, true) },
  { name: 'pool, handed over', run: overPair('pool, handed over', 500, 0) },
  { name: 'pool, filled', run: overPair('pool, filled', 500, 0.1) },
  {
    name: 'C: ring',
    covers: (size) => size >= C_MIN,
    run: async (size, share) => {
      const count = Math.ceil(countFor(size, 10, 0.1) * share);
      const { nsPerOp } = runC('ring', [size, count, powerOfTwo(ringFor(size)), ...CORES]);
      return { nsPerOp };
    },
  },
  { name: 'Unix socket', run: overPair('unix socket', 2500, 0.6) },
  { name: 'Unix socket, batched by hand', run: overPair('unix socket, batched', 120, 0.6) },
  {
    name: 'process.send',
    covers: (size) => size <= 2 ** 20,
    run: overPair('process.send', 3000, 3),
  },
];

const perSecond = ({ nsPerOp }: Sample): number | undefined => nsPerOp && 1e9 / nsPerOp;
const bySize = { label: 'bytes of a message', unit: 'bytes', scale: 'log' } as const;

const rate: Chart = {
  name: 'message-size',
  title: 'Messages per second, by their size',
  about: 'Messages from one process to another, one way, as many as go through in a second.',
  x: bySize,
  y: { label: 'messages per second', unit: 'rate', scale: 'log' },
  series: sizes.map(({ name }) => name),
  of: perSecond,
  says: (drawn) => {
    const [one, batched, byHand, send] = [
      'ring',
      'ring, batched',
      'Unix socket, batched by hand',
      'process.send',
    ].map((name) => at(drawn, name, 64)) as [number, number, number, number];
    return (
      `At 64 B the ring carries ${many(one)} messages a second, one call each, and ${many(batched)} in batches: ` +
      `one by one that is ${ratio(one / byHand)} times what a Unix socket carries with messages gathered by hand, and ${ratio(one / send)} times what \`process.send\` does.`
    );
  },
};

const bytes: Chart = {
  name: 'message-size-bytes',
  title: 'Bytes per second, by the size of a message',
  about: 'The same runs in megabytes; a chunk that is handed over unread has none to count.',
  x: bySize,
  y: { label: 'MB/s', unit: 'MB/s', scale: 'log' },
  series: sizes.map(({ name }) => name).filter((name) => name !== 'pool, handed over'),
  of: ({ nsPerOp }, size) => nsPerOp && (size / nsPerOp) * 1e3,
  says: (drawn) => {
    const most = at(drawn, 'ring', 2 ** 20);
    return (
      `At 1 MiB a message is copied in and out at ${many(most * 1e6)}B/s: ${ratio(most / at(drawn, 'C: ring', 2 ** 20))} of C's ring, ` +
      `${ratio(most / at(drawn, 'Unix socket, batched by hand', 2 ** 20))} times a Unix socket, ${ratio(most / at(drawn, 'process.send', 2 ** 20))} times \`process.send\`.`
    );
  },
};

export const messageSizes: Family = {
  name: 'message-size',
  xs: SIZES,
  smoke: [64, 4096, 2 ** 20],
  charts: [rate, bytes],
  open: stateless(sizes),
};

const SMALL = 64;

function throughRing(transport: TransportName, count: number) {
  return async (ringBytes: number, share: number): Promise<Sample> => {
    // A ring of few messages is a hundred times slower.
    const most = Math.ceil(count * Math.min(1, ringBytes / 2 ** 16) * share);
    const task = { transport, kind: 'flow', count: most, size: SMALL, oneCore: false } as const;
    return { nsPerOp: (await runPair({ ...task, ringBytes })).nsPerOp };
  };
}

/** Its memory is mapped twice, so that it is whole pages. */
const C_RING_MIN = 4096;

const rings: readonly Contender[] = [
  { name: 'ring', run: throughRing('ring', 8e6) },
  { name: 'ring, batched', run: throughRing('ring, batched', 16e6) },
  {
    name: 'C: ring',
    covers: (ringBytes) => ringBytes >= C_RING_MIN,
    run: async (ringBytes, share) => {
      const count = Math.ceil(2e7 * share);
      const { nsPerOp } = runC('ring', [SMALL, count, ringBytes, ...CORES]);
      return { nsPerOp };
    },
  },
];

export const ringSizes: Family = {
  name: 'ring-size',
  xs: [10, 12, 14, 16, 18, 20, 22, 24].map((bits) => 2 ** bits),
  smoke: [2 ** 12, 2 ** 20],
  open: stateless(rings),
  charts: [
    {
      name: 'ring-size',
      title: 'Messages per second, by the size of the ring',
      about: 'Messages of 64 B from one process to another, through rings of several sizes.',
      x: { label: 'bytes of the ring', unit: 'bytes', scale: 'log' },
      y: { label: 'messages per second', unit: 'rate', scale: 'log' },
      series: rings.map(({ name }) => name),
      of: perSecond,
      says: (drawn) => {
        const points = drawn.series.find(({ name }) => name === 'ring')?.points ?? [];
        const most = Math.max(...points.map(({ median }) => median));
        const enough = points.find(({ median }) => median >= most * 0.8)?.x ?? Number.NaN;
        return `One call each, the ring comes to ${many(most)} messages a second at best; ${many(enough, 1024)}B are the smallest that reach 80 % of it.`;
      },
    },
  ],
};
