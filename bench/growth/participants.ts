// What it costs to attach, to lock and to send to many, by how many there are.

import { Span } from '../../src/index.ts';
import { runPair } from '../pair.ts';
import type { Visits } from './attached.ts';
import { Child } from './child.ts';
import { type Apparatus, type Family, type Sample, stateless } from './family.ts';
import { at, ends, many, ratio, time } from './words.ts';

const PARTICIPANTS = [1, 2, 4, 8, 16, 32, 64];

async function open(): Promise<Apparatus> {
  const name = `memspan-bench-participants-${process.pid}`;
  const audience = await Child.start('audience', name);
  const visitor = await Child.start('attached', name);
  let isThere = false;
  return {
    contenders: [
      {
        name: 'attached',
        run: async (participants, share): Promise<Sample> => {
          // The name's owner must not be attached: it would be one more.
          if (!isThere) Span.create(name, { participants: 64 }).close();
          isThere = true;
          await audience.ask({ attached: participants - 1 });
          const visits: Visits = {
            attaches: Math.ceil(2000 * share),
            locks: Math.ceil(5e6 * share),
          };
          return visitor.ask<Sample & { attachNs: number; lockNs: number }>(visits);
        },
      },
    ],
    close: async () => {
      await visitor.end();
      await audience.end();
      if (isThere) Span.unlink(name);
    },
  };
}

const byParticipants = { label: 'participants', unit: 'count', scale: 'log' } as const;

export const participants: Family = {
  name: 'participants',
  xs: PARTICIPANTS,
  smoke: [1, 3],
  open,
  charts: [
    {
      name: 'attach',
      title: 'To attach to a span, by how many are attached',
      about: '`Span.join`, as the last one of so many participants.',
      x: byParticipants,
      y: { label: 'time to attach', unit: 'ns', scale: 'linear' },
      series: ['attached'],
      of: ({ attachNs }) => attachNs,
      says: (drawn) => {
        const [alone, full] = ends(drawn, 'attached');
        const last = drawn.series[0]?.points.at(-1)?.x;
        return `To attach alone takes ${time(alone)}; as the last of ${last} it takes ${time(full)}.`;
      },
    },
    {
      name: 'attached-lock',
      title: 'A lock that nobody else wants, by how many are attached',
      about: '`mutex.lock().release()` in a span of so many participants, the others idle.',
      x: byParticipants,
      y: { label: 'time of lock and release', unit: 'ns', scale: 'linear' },
      series: ['attached'],
      of: ({ lockNs }) => lockNs,
      says: (drawn) => {
        const [alone, full] = ends(drawn, 'attached');
        const last = drawn.series[0]?.points.at(-1)?.x;
        return `Alone it takes ${time(alone)}, among ${last} ${time(full)}: ${ratio(full / alone)} times as long.`;
      },
    },
  ],
};

const MESSAGE = 64;

export const readers: Family = {
  name: 'broadcast',
  xs: [1, 2, 4, 8, 16],
  smoke: [1, 3],
  open: stateless(
    [
      { name: 'broadcast', transport: 'broadcast', count: 2e6 },
      { name: 'Unix sockets', transport: 'unix sockets', count: 5e4 },
      { name: 'Unix sockets, batched by hand', transport: 'unix sockets, batched', count: 1e6 },
    ].map(({ name, transport, count }) => ({
      name,
      run: async (readers: number, share: number): Promise<Sample> => {
        const { nsPerOp } = await runPair({
          transport: transport as 'broadcast',
          kind: 'flow',
          count: Math.ceil((count * share) / Math.sqrt(readers)),
          size: MESSAGE,
          oneCore: false,
          readers,
        });
        return { nsPerOp };
      },
    })),
  ),
  charts: [
    {
      name: 'broadcast',
      title: 'A message to many readers, by how many there are',
      about:
        'Messages of 64 B from one process to readers in another: the time of one message to one of them.',
      x: { label: 'readers', unit: 'count', scale: 'log' },
      y: { label: 'time of a message, per reader', unit: 'ns', scale: 'log' },
      series: ['broadcast', 'Unix sockets', 'Unix sockets, batched by hand'],
      of: ({ nsPerOp }) => nsPerOp,
      says: (drawn) => {
        const [one, sixteen] = ends(drawn, 'broadcast');
        const last = drawn.series[0]?.points.at(-1)?.x ?? Number.NaN;
        const sockets = at(drawn, 'Unix sockets', last);
        return (
          `A message costs ${time(one)} with one reader and ${time(sixteen)} for each of ${last}: ` +
          `${many(1e9 / sixteen)} messages a second are received, a Unix socket each receives ${many(1e9 / sockets)}.`
        );
      },
    },
  ],
};
