// Many asynchronous waits of one process: when the last is woken, and what they need meanwhile.

import { notify, Span } from '../../src/index.ts';
import { Child } from './child.ts';
import type { Apparatus, Chart, Contender, Drawn, Family, Sample } from './family.ts';
import type { Way } from './waiting.ts';
import { at, ends, many, time } from './words.ts';

const WAYS: readonly { readonly name: string; readonly way: Way }[] = [
  { name: 'waitAsync on one word', way: 'waitAsync' },
  { name: 'event.waitAsync on one event', way: 'event' },
];

async function open(): Promise<Apparatus> {
  const name = `memspan-bench-waiters-${process.pid}`;
  const span = Span.create(name);
  const event = span.event('event', { reset: 'manual' });
  const { buffer, byteOffset } = span.bytes('word', { size: 4 });
  const words = new Int32Array(buffer, byteOffset, 1);
  const contenders: Contender[] = WAYS.map(({ name: contender, way }) => ({
    name: contender,
    run: async (waiters): Promise<Sample> => {
      event.reset();
      const child = await Child.start('waiting', name, way, String(waiters));
      const needs = await child.ask<{ bytes: number; threads: number }>({});
      const start = process.hrtime.bigint();
      if (way === 'event') event.set();
      else notify(words, 0);
      const end = BigInt(await child.ask<string>({}));
      await child.end();
      return { ...needs, wokenNs: Number(end - start) };
    },
  }));
  return {
    contenders,
    close: async () => {
      span.unlink();
      span.close();
    },
  };
}

const series = WAYS.map(({ name }) => name);
const byWaiters = { label: 'pending waits', unit: 'count', scale: 'log' } as const;
const last = (drawn: Drawn): number => drawn.series[0]?.points.at(-1)?.x ?? Number.NaN;

const woken: Chart = {
  name: 'waiters',
  title: 'From one notify to the last who is woken, by how many wait',
  about:
    'Asynchronous waits in one process, woken at once from another: until the last promise is settled.',
  x: byWaiters,
  y: { label: 'until all are woken', unit: 'ns', scale: 'log' },
  series,
  of: ({ wokenNs }) => wokenNs,
  says: (drawn) => {
    const name = series[0] as string;
    const [one, all] = ends(drawn, name);
    return `One pending \`waitAsync\` goes on ${time(one)} after the call of \`notify\`, the last of ${last(drawn)} after ${time(all)}: ${time(all / last(drawn))} for each.`;
  },
};

const memory: Chart = {
  name: 'waiters-memory',
  title: 'Memory of pending waits, by how many there are',
  about: 'What the resident memory of the process has grown by while they wait, for all together.',
  x: byWaiters,
  y: { label: 'resident bytes, all together', unit: 'bytes', scale: 'log' },
  series,
  // A heap that has shrunk meanwhile hides it.
  of: ({ bytes = 0 }) => (bytes > 0 ? bytes : undefined),
  says: (drawn) => {
    const each = at(drawn, series[0] as string, last(drawn)) / last(drawn);
    return `With ${last(drawn)} of them a pending \`waitAsync\` takes ${many(each, 1024)}B of memory.`;
  },
};

const threads: Chart = {
  name: 'waiters-threads',
  title: 'Threads of pending waits, by how many there are',
  about: 'Threads that the process has more than before, while they wait.',
  x: byWaiters,
  y: { label: 'threads', unit: 'count', scale: 'linear' },
  series,
  of: (sample) => sample.threads,
  says: (drawn) => {
    const [word, event] = series.map((name) => at(drawn, name, last(drawn)));
    return `${last(drawn)} pending waits on a word have ${word} threads more than none; on an event ${event}.`;
  },
};

export const waiters: Family = {
  name: 'waiters',
  xs: [1, 2, 5, 10, 20, 50, 100, 200, 500],
  smoke: [1, 10],
  charts: [woken, memory, threads],
  open,
};
