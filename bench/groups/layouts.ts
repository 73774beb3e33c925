// The rows of what it costs to say `body.x` instead of `f64[i * 4 + 1]`.

import { alone, pair, type Row } from '../row.ts';

export const layouts: Row[] = [
  {
    group: 'layouts',
    name: 'fields of a million records, updated',
    unit: 'ns',
    size: 0,
    contenders: {
      memspan: pair('fields updated, view', alone(20_000_000)),
      'typed arrays': pair('fields updated, typed arrays', alone(20_000_000)),
      DataView: pair('fields updated, DataView', alone(20_000_000)),
    },
    targets: [{ against: 'typed arrays', speedMin: 1 / 1.2 }],
  },
  {
    group: 'layouts',
    name: 'fields of a million records, summed up',
    unit: 'ns',
    size: 0,
    contenders: {
      memspan: pair('fields summed, view', alone(20_000_000)),
      'typed arrays': pair('fields summed, typed arrays', alone(20_000_000)),
      DataView: pair('fields summed, DataView', alone(20_000_000)),
    },
    targets: [{ against: 'typed arrays', speedMin: 1 / 1.2 }],
  },
];
