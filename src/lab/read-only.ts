// Exercise `read-only`: a write to a mapping that may only be read ends the process; memspan's guard beside it.

import { Segment } from '../index.ts';
import type { Actor, End, Exercise, Result, Stage } from './exercise.ts';

const SIZE = 4096;
const BEFORE = 5;
const AFTER = 6;

export const readOnly: Exercise = {
  name: 'read-only',
  title: 'A write to what may only be read',
  lesson: 'P4',
  before: [
    `There is a segment with a ${BEFORE} in it. One process maps it with PROT_READ alone, reads, and then writes a ${AFTER}. It has taken memspan's guard away before, so that it is as in C. Another one does the same with Segment.open(name, {readOnly: true}).`,
  ],
  question: 'Who notices that a write was not allowed, and when?',
  answer:
    'The processor, at that very instruction: the page is marked as read-only in the page table. It asks the kernel, and the kernel sends SIGSEGV, which ends the process. The memory stays as it was. Nothing is checked by anybody before, so it costs nothing.',
  way: [
    'readOnly: true maps the same way, and a guard catches the signal: the write reaches nobody, the process lives on, and the next use of the segment throws ERR_MEMSPAN_READ_ONLY. Typed views of such a segment refuse before anything is written.',
  ],
  run,
};

interface Unguarded extends Outcome {
  readonly end: End;
}

interface Outcome {
  readonly read: number;
  /** What the memory holds afterwards, as others see it. */
  readonly memory: number;
}

interface Guarded extends Outcome {
  readonly complaint: string | null;
  /** What it reads then. */
  readonly readAgain: number;
}

async function run(stage: Stage): Promise<Result> {
  using segment = Segment.create(stage.name('numbers'), { size: SIZE });
  const memory = new Uint8Array(segment.buffer);
  memory[0] = BEFORE;
  const [bare, guarded] = (await stage.cast('toucher', ['bare', 'guarded'])) as [Actor, Actor];
  const { name } = segment;

  await bare.ask('mapToRead', { name, size: SIZE });
  await bare.ask('unguard');
  const read = await bare.ask<number>('read', { at: 0 });
  // No answer comes.
  bare.ask('write', { at: 0, value: AFTER }).catch(() => {});
  const end = await bare.ended;
  const unguarded: Unguarded = { read, end, memory: memory[0] };

  await guarded.ask('open', { name, readOnly: true });
  const readFirst = await guarded.ask<number>('read', { at: 0 });
  await guarded.ask('write', { at: 0, value: AFTER });
  const complaint = await guarded.ask<string | null>('use');
  const readAgain = await guarded.ask<number>('read', { at: 0 });
  const caught: Guarded = { read: readFirst, complaint, readAgain, memory: memory[0] };

  return {
    observed: isRight(unguarded, caught),
    picture: pictureOf(stage, unguarded, caught),
    facts: { unguarded, guarded: caught },
  };
}

function isRight(unguarded: Unguarded, guarded: Guarded): boolean {
  return (
    unguarded.end.signal === 'SIGSEGV' &&
    guarded.complaint === 'ERR_MEMSPAN_READ_ONLY' &&
    [unguarded.read, unguarded.memory, guarded.read, guarded.readAgain, guarded.memory].every(
      (value) => value === BEFORE,
    )
  );
}

function pictureOf({ ink }: Stage, unguarded: Unguarded, guarded: Guarded): string[] {
  const row = (...[what, bare, segment]: readonly [string, string, string]): string =>
    `${what.padEnd(20)}${bare.padEnd(26)}${segment}`;
  const { signal, code } = unguarded.end;
  const end = signal ?? `ended with ${code}`;
  const complaint = guarded.complaint ?? 'nothing';
  return [
    ink.dim(row('', 'mmap(PROT_READ)', 'Segment.open(readOnly: true)')),
    row('bytes[0]', `${unguarded.read}`, `${guarded.read}`),
    row(`bytes[0] = ${AFTER}`, `✝ ${end}`, 'reaches nobody').replace(`✝ ${end}`, ink.red),
    row('the next use', '', complaint).replace(complaint, ink.yellow),
    row('bytes[0]', '', `${guarded.readAgain}`),
    row('the memory holds', `${unguarded.memory}`, `${guarded.memory}`),
    row('the process', 'is dead', 'lives').replace('is dead', ink.red).replace('lives', ink.green),
  ];
}
