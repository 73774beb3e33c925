// One to eight processes that all want the same lock, or read under it, or add to one word.

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { type Program, runC } from '../c.ts';
import { pin } from '../pin.ts';
import { Child } from './child.ts';
import { type Kind, ownOf, type Room, roomIn, SHARED, STOP } from './crowd.ts';
import type { Apparatus, Contender, Family, Sample } from './family.ts';
import { at, ends, many, ratio } from './words.ts';

const PROCESSES = [1, 2, 3, 4, 6, 8];
/** How long they are counted, in full. */
const FOR_MS = 500;
const msOf = (share: number): number => Math.ceil(FOR_MS * Math.max(share, 0.1));

const kinds: readonly { readonly name: string; readonly kind: Kind }[] = [
  { name: 'mutex', kind: 'mutex' },
  { name: 'semaphore of one permit', kind: 'semaphore' },
  { name: 'rwlock, readers', kind: 'rwlock' },
  { name: 'Atomics.add, one word', kind: 'add' },
];

const inC: readonly Contender[] = [
  { name: 'C: pthread mutex', run: crowdOfC('mutex') },
  { name: 'C: atomic add, one word', run: crowdOfC('add') },
];

function crowdOfC(what: 'mutex' | 'add') {
  return async (processes: number, share: number): Promise<Sample> => {
    const program: Program = 'crowd';
    const { perSecond } = runC(program, [what, processes, msOf(share), availableParallelism()]);
    return { perSecond };
  };
}

async function open(): Promise<Apparatus> {
  const name = `memspan-bench-crowd-${process.pid}`;
  const room = roomIn(Span.create(name));
  const crowd: Child[] = [];
  let turn = 0;
  return {
    contenders: [
      ...kinds.map(({ name, kind }) => ({
        name,
        run: async (processes: number, share: number) => {
          await recruit(processes);
          return { perSecond: await count(kind, processes, msOf(share)) };
        },
      })),
      ...inC,
    ],
    close: async () => {
      await Promise.all(crowd.map((child) => child.end()));
      room.span.unlink();
      room.span.close();
    },
  };

  async function recruit(processes: number): Promise<void> {
    while (crowd.length < processes) {
      const child = await Child.start('crowd-process', name, String(crowd.length));
      pin(child.pid, crowd.length % availableParallelism());
      crowd.push(child);
    }
  }

  /** What the first so many of the crowd do together in a second. */
  async function count(kind: Kind, processes: number, ms: number): Promise<number> {
    const { words } = room;
    turn++;
    words[SHARED] = 0;
    for (let i = 0; i < processes; i++) words[ownOf(i)] = 0;
    const all = crowd.slice(0, processes).map((child) => child.ask({ kind, turn }));
    while (ownCounts(room, processes).includes(0)) await sleep(1);
    await sleep(ms / 10);
    const [before, start] = [sum(ownCounts(room, processes)), process.hrtime.bigint()];
    // Whoever has the lock may have lost its processor for all of that time.
    do await sleep(ms);
    while (sum(ownCounts(room, processes)) === before);
    const [after, end] = [sum(ownCounts(room, processes)), process.hrtime.bigint()];
    Atomics.store(words, STOP, turn);
    await Promise.all(all);
    const isExact = kind === 'rwlock' || words[SHARED] === sum(ownCounts(room, processes)) >> 0;
    if (!isExact) throw new Error(`${kind}: an addition is lost`);
    return ((after - before) * 1e9) / Number(end - start);
  }
}

function ownCounts({ words }: Room, processes: number): number[] {
  return Array.from({ length: processes }, (_, i) => Atomics.load(words, ownOf(i)));
}

const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);

export const contention: Family = {
  name: 'contention',
  xs: PROCESSES,
  smoke: [1, 3],
  open,
  charts: [
    {
      name: 'contention',
      title: 'Locks per second, by how many processes want them',
      about:
        'All of them together, each in a loop that adds one to a word under the lock; readers compare two words.',
      x: { label: 'processes', unit: 'count', scale: 'linear' },
      y: { label: 'per second, all together', unit: 'rate', scale: 'log' },
      series: [...kinds, ...inC].map(({ name }) => name),
      of: ({ perSecond }) => perSecond,
      says: (drawn) => {
        const [one, eight] = ends(drawn, 'mutex');
        const c = ends(drawn, 'C: pthread mutex')[1];
        const readers = at(drawn, 'rwlock, readers', 2) / at(drawn, 'rwlock, readers', 1);
        const last = drawn.series[0]?.points.at(-1)?.x;
        return (
          `A mutex alone is locked ${many(one)} times a second, and ${many(eight)} times when ${last} processes want it (C's: ${many(c)}). ` +
          `Two readers of an rwlock do ${ratio(readers)} times what one does. A semaphore serves first come, first served, so that each release wakes somebody.`
        );
      },
    },
  ],
};
