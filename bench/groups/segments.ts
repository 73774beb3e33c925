// The rows of a segment's life: made and removed, written, opened.

import { statfsSync } from 'node:fs';
import { alone, CORES, c, pair, type Row, type Work } from '../row.ts';

const MIB = 1 << 20;

/** Docker gives 64 MB: there the large one is smaller. */
function largeMiB(): number {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > 256 * MIB ? 64 : 16;
  } catch {
    return 16;
  }
}

const large = largeMiB();

const sizes = [
  { size: 4096, label: '4 KiB', count: 5000, few: 200 },
  { size: large * MIB, label: `${large} MiB`, count: 50, few: 50 },
];

const lives = (count: number, size: number): Work => ({ ...alone(count), size });

export const segments: Row[] = sizes.flatMap(({ size, label, count, few }): Row[] => {
  const inC = (step: string, way: 'reserve' | 'truncate') =>
    c('segment', (share) => [step, way, size, count * share, ...CORES]);
  const inBoost = (step: string) =>
    c('boost-segment', (share) => [step, size, count * share, ...CORES]);
  // Of a large one, most of the time is the kernel's, which has to clear its pages.
  const ofC = size > MIB ? [{ against: 'C', speedMin: 0.8 } as const] : [];
  const row = { group: 'segments', unit: 'µs', size } as const;
  return [
    {
      ...row,
      name: `segment of ${label}, created and removed`,
      contenders: {
        C: inC('create', 'reserve'),
        'C, ftruncate': inC('create', 'truncate'),
        memspan: pair('segment, created', lives(count, size)),
        Boost: inBoost('create'),
        lmdb: pair('lmdb, created', lives(few, size)),
      },
      targets: ofC,
    },
    {
      ...row,
      name: `segment of ${label}, created, each page written, removed`,
      contenders: {
        C: inC('touch', 'reserve'),
        'C, ftruncate': inC('touch', 'truncate'),
        memspan: pair('segment, written', lives(count, size)),
        Boost: inBoost('touch'),
        file: pair('file, written', lives(count, size)),
      },
      targets: ofC,
    },
    {
      ...row,
      name: `segment of ${label}, opened, one byte read, closed`,
      contenders: {
        C: inC('open', 'reserve'),
        memspan: pair('segment, opened', lives(count, size)),
        Boost: inBoost('open'),
        file: pair('file, opened', lives(count, size)),
        lmdb: pair('lmdb, opened', lives(few, size)),
      },
      targets: [
        { against: 'file', speedMin: 1 },
        { against: 'lmdb', speedMin: 1 },
      ],
    },
  ];
});
