// Exercise `named-lifetime`: a named segment is there from its creation to its unlink, whoever comes and goes meanwhile.

import { Segment } from '../index.ts';
import type { Actor, Exercise, Result, Stage } from './exercise.ts';
import { columns } from './pictures.ts';

const SIZE = 4096;
const TEXT = 'Hello';

export const namedLifetime: Exercise = {
  name: 'named-lifetime',
  title: 'A name outlives its processes',
  lesson: 'P2, P3',
  before: [
    `One process makes a named segment of ${SIZE} bytes, writes "${TEXT}" into it, and exits. Then, when nobody has it open, another one is started and reads it. Then the name is removed, while that one still has it open. After each step: what is in /dev/shm?`,
  ],
  question: 'How long does shared memory live, and who may open it?',
  answer:
    'Until somebody unlinks it, or the machine is started anew: not until its processes have gone. unlink takes the name away at once; the memory stays for as long as anybody has it mapped. Who may open it is told by the mode, as with a file: 0666 would be everybody on this machine.',
  way: [
    "Segment.create(name) with mode 0600 unless you say otherwise, Segment.unlink(name) to remove it. Where it shall go with the last one who uses it: Span.open(name, {lifetime: 'last-close'}). Where nobody unrelated has to find it: Segment.anonymous, which has no name to clean up.",
  ],
  run,
};

interface Step {
  readonly who: string;
  readonly did: string;
  /** Undefined: there is no such name. */
  readonly shm: { readonly size: number; readonly mode: string } | undefined;
}

async function run(stage: Stage): Promise<Result> {
  const name = stage.name('note');
  const steps: Step[] = [];
  const note = (who: string, did: string): void => void steps.push({ who, did, shm: statOf(name) });

  const [writer] = (await stage.cast('note', ['writer'])) as [Actor];
  note('', 'before');
  await writer.ask('write', { name, size: SIZE, text: TEXT });
  note('writer', `makes it, writes "${TEXT}"`);
  await writer.dismiss();
  note('writer', 'exits: nobody has it open');
  const [reader, latecomer] = (await stage.cast('note', ['reader', 'latecomer'])) as [Actor, Actor];
  await reader.ask('open', { name });
  const read = await reader.ask<string>('read');
  note('reader', `starts, opens it, reads "${read}"`);
  Segment.unlink(name);
  note('the lab', 'unlinks the name');
  const readAgain = await reader.ask<string>('read');
  note('reader', `still reads "${readAgain}"`);
  const refusal = await latecomer.ask<string | null>('open', { name });
  note('latecomer', `opens it: ${refusal ?? 'succeeds'}`);
  await reader.dismiss();
  note('reader', 'exits: now the memory is free');

  const isThere = steps.map(({ shm }) => shm !== undefined);
  const isRight =
    read === TEXT &&
    readAgain === TEXT &&
    refusal === 'ERR_MEMSPAN_NOT_FOUND' &&
    isThere.join() === [false, true, true, true, false, false, false, false].join();
  return { observed: isRight, picture: pictureOf(stage, name, steps), facts: { name, steps } };
}

function statOf(name: string): Step['shm'] {
  const [found] = Segment.list(name);
  return found && { size: found.size, mode: `0${found.mode.toString(8)}` };
}

function pictureOf({ ink }: Stage, name: string, steps: readonly Step[]): string[] {
  const rows = steps.map(({ who, did, shm }) => {
    return [who, did, shm === undefined ? '—' : `there  ${shm.size} B  ${shm.mode}`];
  });
  const paint = (cell: string, column: number, row: number): string =>
    column === 2 && steps[row]?.shm !== undefined ? ink.green(cell) : cell;
  return [
    ink.bold(`/dev/shm/${name}`),
    '',
    ...columns(ink, ['who', 'did', 'in /dev/shm'], rows, paint),
  ];
}
