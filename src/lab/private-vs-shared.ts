// Exercise `private-vs-shared`: MAP_PRIVATE is a copy of each page from one's own first write to it on, and nobody else
// ever sees it.

import { Segment } from '../index.ts';
import { _SC_PAGESIZE, sysconf } from '../os/posix.ts';
import type { Actor, Exercise, Result, Stage } from './exercise.ts';
import { columns } from './pictures.ts';

const START = 5;

export const privateVsShared: Exercise = {
  name: 'private-vs-shared',
  title: 'A private mapping and a shared one',
  lesson: 'row 6',
  before: [
    `Two processes map the same segment, which has two pages with a ${START} on each: one with MAP_PRIVATE, one with MAP_SHARED. Both write, in turns, and after each step both say what they see.`,
  ],
  question: 'When does a private mapping stop following the others, and where do its writes go?',
  answer:
    'With its own first write to a page: then the kernel copies that page (copy on write), and the write goes to the copy. Until then it sees what the others write, as here the second page. Nobody else ever sees the copy, and it is gone with the mapping.',
  way: [
    'Segment.open(name, {private: true}) is MAP_PRIVATE: for trying something on data that stays as it is. It is never the default, because lost writes look like a fault of somebody else. What all shall see needs {private: false}, and a lock or a channel.',
  ],
  run,
};

/** What both see on both pages. */
interface Step {
  readonly who: string;
  readonly did: string;
  readonly isPrivate: readonly number[];
  readonly shared: readonly number[];
}

interface Plan {
  readonly who: 'private' | 'shared';
  readonly page: number;
  readonly value: number;
}

const PLANS: readonly Plan[] = [
  { who: 'shared', page: 0, value: 6 },
  { who: 'private', page: 0, value: 100 },
  { who: 'shared', page: 0, value: 7 },
  { who: 'shared', page: 1, value: 8 },
];

/** What is due after each step: the private one's pages, the shared one's. */
const DUE = [
  [5, 5, 5, 5],
  [6, 5, 6, 5],
  [100, 5, 6, 5],
  [100, 5, 7, 5],
  [100, 8, 7, 8],
  [7, 8, 7, 8],
];

async function run(stage: Stage): Promise<Result> {
  const page = sysconf(_SC_PAGESIZE);
  const places = [0, page];
  using segment = Segment.create(stage.name('pages'), { size: 2 * page });
  for (const at of places) new Int32Array(segment.buffer, at, 1)[0] = START;
  const [isPrivate, shared] = (await stage.cast('mapper', ['private', 'shared'])) as [Actor, Actor];
  const { name } = segment;
  const steps: Step[] = [];
  const note = async (who: string, did: string): Promise<void> => {
    const seen = [isPrivate, shared].map((actor) => actor.ask<number[]>('read', { places }));
    const [own = [], others = []] = await Promise.all(seen);
    steps.push({ who, did, isPrivate: own, shared: others });
  };

  await isPrivate.ask('open', { name, isPrivate: true });
  await shared.ask('open', { name, isPrivate: false });
  await note('both', 'map it');
  for (const { who, page: index, value } of PLANS) {
    const actor = who === 'private' ? isPrivate : shared;
    await actor.ask('write', { at: places[index], value });
    await note(who, `page ${index + 1} = ${value}`);
  }
  await isPrivate.ask('close');
  await isPrivate.ask('open', { name, isPrivate: true });
  await note('private', 'unmaps, maps anew');

  const seen = steps.map((step) => [...step.isPrivate, ...step.shared]);
  return {
    observed: JSON.stringify(seen) === JSON.stringify(DUE),
    picture: pictureOf(stage, steps),
    facts: { steps },
  };
}

function pictureOf({ ink }: Stage, steps: readonly Step[]): string[] {
  const heads = ['who', 'did', 'private: 1', '2', 'shared: 1', '2'];
  const rows = steps.map(({ who, did, isPrivate, shared }) =>
    [who, did].concat(
      [...isPrivate, ...shared].map((value, i) =>
        `${value}`.padStart((heads[i + 2] as string).length),
      ),
    ),
  );
  // What the private one sees and nobody else does.
  const table = columns(ink, heads, rows, (cell, column, row) => {
    const { isPrivate, shared } = steps[row] as Step;
    const at = column - 2;
    return at >= 0 && at < 2 && isPrivate[at] !== shared[at] ? ink.red(cell) : cell;
  });
  return [ink.bold('What each of them sees on page 1 and page 2'), '', ...table];
}
