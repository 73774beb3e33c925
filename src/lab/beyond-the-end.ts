// Exercise `beyond-the-end`: a mapping that is longer than its object. Behind the object's last page a touch is SIGBUS,
// behind the mapping it is SIGSEGV; memspan's guard beside it.

import { Segment } from '../index.ts';
import { _SC_PAGESIZE, sysconf } from '../os/posix.ts';
import type { Actor, Exercise, Result, Stage } from './exercise.ts';

const OBJECT = 1024;
const MAPPING = 1 << 20;
const VALUE = 7;

export const beyondTheEnd: Exercise = {
  name: 'beyond-the-end',
  title: 'A mapping that is longer than its object',
  lesson: 'P4',
  before: [
    "An object of 1 KiB is mapped as if it had 1 MiB, and then bytes are read: in the object, behind it in the same page, behind that page but within the mapping, and behind the mapping. Who dies of it is a process of its own each time, without memspan's guard, as in C; then one with the guard.",
    '(JavaScript cannot reach outside its buffer, so the page behind the mapping belongs to the buffer but is PROT_NONE: to the processor that is the same as nothing.)',
  ],
  question: 'Why is a touch inside the mapping SIGBUS, and one outside SIGSEGV?',
  answer:
    "Inside, the address is valid, but there is nothing behind it that could be brought in: SIGBUS. Outside, the address itself means nothing: SIGSEGV. The rest of the object's last page is zeros, because the kernel deals in whole pages; what is written there is no part of the object. It is SIGBUS, too, when somebody makes the object shorter while you have it mapped.",
  way: [
    "A segment's buffer is as long as its object, to the byte: buffer[size] is undefined. When somebody cuts the object short, or with mmap of memspan/posix, a guard catches the signal: the touch reads zeros, and the next call throws ERR_MEMSPAN_TRUNCATED (or ERR_MEMSPAN_PERMISSION).",
  ],
  run,
};

/** A byte that is touched, and what came of it: a value, or a signal. */
interface Touch {
  readonly at: number;
  readonly where: string;
  /** With memspan's guard away. */
  readonly bare: number | string;
  /** With it: what was read, and what it says afterwards. */
  readonly guarded: number;
  readonly complaint: string | null;
}

type Place = Pick<Touch, 'at' | 'where'> & { readonly due: number | string };

async function run(stage: Stage): Promise<Result> {
  const page = sysconf(_SC_PAGESIZE);
  using segment = Segment.create(stage.name('small'), { size: OBJECT });
  new Uint8Array(segment.buffer)[0] = VALUE;
  const places: readonly Place[] = [
    { at: 0, where: 'in the object', due: VALUE },
    { at: OBJECT, where: 'behind it, same page', due: 0 },
    { at: page, where: 'behind that page', due: 'SIGBUS' },
    { at: MAPPING, where: 'behind the mapping', due: 'SIGSEGV' },
  ];
  const cast = await stage.cast('toucher', ['first', 'second', 'guarded']);
  const guarded = cast.pop() as Actor;
  const mapping = { name: segment.name, size: MAPPING, fence: page };
  await Promise.all([...cast, guarded].map((actor) => actor.ask('mapBeyond', mapping)));
  await Promise.all(cast.map((actor) => actor.ask('unguard')));
  const touches: Touch[] = [];
  for (const { at, where } of places) {
    const bare = await touch(cast, at);
    const read = await guarded.ask<number>('read', { at });
    const complaint = await guarded.ask<string | null>('check');
    touches.push({ at, where, bare, guarded: read, complaint });
  }
  await guarded.ask('open', { name: segment.name, readOnly: false });
  const outside = await guarded.ask<number | undefined>('read', { at: OBJECT });
  return {
    observed:
      outside === undefined && touches.every((each, i) => isRight(each, places[i] as Place)),
    picture: pictureOf(stage, touches, page, outside),
    facts: { page, object: OBJECT, mapping: MAPPING, touches, outsideTheBuffer: outside ?? null },
  };
}

/** By the first one who lives: who dies of it makes room for the next one. */
async function touch(cast: Actor[], at: number): Promise<number | string> {
  const actor = cast[0] as Actor;
  try {
    return await actor.ask<number>('read', { at });
  } catch {
    const { signal, code } = await actor.ended;
    cast.shift();
    return signal ?? `ended with ${code}`;
  }
}

function isRight({ bare, guarded, complaint }: Touch, { due }: Place): boolean {
  if (bare !== due) return false;
  if (due === 'SIGBUS') return guarded === 0 && complaint === 'ERR_MEMSPAN_TRUNCATED';
  if (due === 'SIGSEGV') return guarded === 0 && complaint === 'ERR_MEMSPAN_PERMISSION';
  return guarded === due && complaint === null;
}

function pictureOf(
  { ink }: Stage,
  touches: readonly Touch[],
  page: number,
  outside: number | undefined,
): string[] {
  const bytes = touches.map(({ at }) => at.toLocaleString('en-US'));
  const scale = `0${'1 KiB'.padStart(11)}${`${page / 1024} KiB`.padStart(12)}${'1 MiB'.padStart(34)}`;
  return [
    ink.dim(scale),
    `├${ink.green('██████████')}┼${'░'.repeat(10)}┼${ink.yellow('╌'.repeat(32))}┤${ink.red('      nothing')}`,
    ` ${ink.green('object'.padEnd(11))}${'zeros'.padEnd(11)}${ink.yellow('mapped, but no object'.padEnd(33))}`,
    '',
    ink.dim(
      `${'byte'.padStart(9)}  ${'where'.padEnd(22)}${'as in C'.padEnd(12)}with memspan's guard`,
    ),
    ...touches.map(({ where, bare, guarded, complaint }, i) => {
      const isDead = typeof bare === 'string';
      const seen = `${isDead ? '✝ ' : ''}${bare}`.padEnd(12);
      const told = complaint === null ? '' : `, then ${ink.yellow(complaint)}`;
      return `${(bytes[i] as string).padStart(9)}  ${where.padEnd(22)}${isDead ? ink.red(seen) : seen}${guarded}${told}`;
    }),
    '',
    `Segment.open(name).buffer, byte ${OBJECT.toLocaleString('en-US')}: ${outside}`,
  ];
}
