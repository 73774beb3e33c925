// The rows of the channels of a span.

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
  },
  targets: [{ against: 'C', speedMin: ofC }],
}));
