// Many segments: what one more costs, and how long the list of them takes.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { type Chart, type Drawn, type Family, type Sample, stateless } from './family.ts';
import { at, ends, time } from './words.ts';

const memspan = join(fileURLToPath(new URL('../../..', import.meta.url)), 'bin/memspan.js');
const CALLS = { create: 'createNs', open: 'openNs', close: 'closeNs' } as const;
const KEEPER = 'segments';
const COUNTS = [1, 4, 16, 64, 250, 1000, 4000];

async function measure(segments: number): Promise<Sample> {
  const name = `memspan-bench-segments-${process.pid}`;
  const keeper = await Child.start('keeping', name, String(segments));
  try {
    const calls = await keeper.ask<{ createNs: number; openNs: number; closeNs: number }>({});
    const start = process.hrtime.bigint();
    const text = execFileSync(process.execPath, [memspan, 'ls', `${name}-kept-*`], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const lsNs = Number(process.hrtime.bigint() - start);
    if (text.trim().split('\n').length < segments) throw new Error('memspan ls left some out');
    return { ...calls, lsNs };
  } finally {
    await keeper.end();
  }
}

const bySegments = { label: 'segments open in the process', unit: 'count', scale: 'log' } as const;
const last = (drawn: Drawn): number => drawn.series[0]?.points.at(-1)?.x ?? Number.NaN;

const calls: Chart = {
  name: 'segments-open',
  title: 'One more segment, by how many are open',
  about: 'Segments of 4 KiB with a name; the mean of 64 calls.',
  x: bySegments,
  y: { label: 'time of a call', unit: 'ns', scale: 'log' },
  series: Object.keys(CALLS),
  from: KEEPER,
  of: (sample, _x, series) => sample[CALLS[series as keyof typeof CALLS]],
  says: (drawn) => {
    const [create, open, close] = Object.keys(CALLS).map((name) =>
      [1, last(drawn)].map((count) => time(at(drawn, name, count))),
    ) as [string[], string[], string[]];
    return `With one open and with ${last(drawn)}: to create another takes ${create[0]} and ${create[1]}, to open it ${open[0]} and ${open[1]}, to close it ${close[0]} and ${close[1]}.`;
  },
};

const list: Chart = {
  name: 'segments-ls',
  title: '`memspan ls`, by how many segments there are',
  about:
    'The whole command, Node and its start included; the segments are mapped by another process.',
  x: { ...bySegments, label: 'segments' },
  y: { label: 'time of the command', unit: 'ns', scale: 'linear' },
  series: ['memspan ls'],
  from: KEEPER,
  of: ({ lsNs }) => lsNs,
  says: (drawn) => {
    const [one, all] = ends(drawn, 'memspan ls');
    return `The list of one segment takes ${time(one)}, that of ${last(drawn)} takes ${time(all)}.`;
  },
};

export const segments: Family = {
  name: 'segments-open',
  xs: COUNTS,
  smoke: [1, 16],
  charts: [calls, list],
  open: stateless([{ name: KEEPER, run: measure }]),
};
