// Exercise `leak`: who is killed does not clean up; how it is found out whose names were left behind.

import { find, Segment, Span } from '../index.ts';
import { removeLeftover } from '../inspect/diagnosis/leftover.ts';
import { diagnose } from '../inspect/diagnosis.ts';
import type { Actor, Exercise, Result, Stage } from './exercise.ts';
import { columns } from './pictures.ts';

export const leak: Exercise = {
  name: 'leak',
  title: 'Who is killed does not clean up',
  lesson: 'row 25',
  before: [
    "Two processes make the same: a segment, a span, and a span with lifetime: 'last-close'. One of them exits in order, the other one is killed with SIGKILL. What is left in /dev/shm, and how does anybody know that it is nobody's?",
  ],
  question: 'What does a forgotten shm_unlink cost, and why does nobody else clean up?',
  answer:
    'Memory of the kernel, until the machine is started anew: ls /dev/shm shows it, and no process does. The kernel cannot know that nobody will come: a name without processes is what it is for (see named-lifetime). A process number inside would not help: it means nothing in another container, and is given away anew.',
  way: [
    "In a span everybody holds a lock that the kernel takes away when it dies, so memspan knows: find({kind: 'thread'}) says alive: false, stale: 'fail' refuses to go on with what the dead have left, and with 'last-close' the next one who closes it takes the name away. memspan ls lists what is there, memspan doctor says what is nobody's, and with --clean it removes what provably is.",
  ],
  run,
};

const KINDS = ['segment', 'span', 'lastClose'] as const;
type Kind = (typeof KINDS)[number];
type Names = Record<Kind, string>;

const TITLES: Record<Kind, string> = {
  segment: 'segment',
  span: 'span',
  lastClose: "span, 'last-close'",
};

/** What the doctor is to say of the dead one's. */
const CODES: Record<Kind, string> = {
  segment: 'unused-segment',
  span: 'stale-span',
  lastClose: 'leaked-span',
};

const ROUNDS_MAX = 3;

interface Found {
  readonly left: Left;
  readonly answers: Answers | undefined;
}

interface Left {
  readonly exited: readonly Kind[];
  readonly killed: readonly Kind[];
  /** Bytes of the killed one. */
  readonly bytes: number;
}

interface Answers {
  /** What find says of the one who was killed, in each span. */
  readonly alive: readonly boolean[];
  /** What joining with stale: 'fail' says. */
  readonly complaint: string | undefined;
  /** What the doctor finds of each name, by its codes. */
  readonly doctor: Readonly<Record<Kind, readonly string[]>>;
  /** What it would remove. */
  readonly removable: readonly Kind[];
  /** That the next one took over what the dead had left, and by closing it removed the name. */
  readonly recovered: boolean;
  readonly removed: boolean;
}

async function run(stage: Stage): Promise<Result> {
  let found: Found;
  let rounds = 0;
  do {
    rounds++;
    found = await round(stage, rounds);
    // Somebody else on this machine may have tidied up meanwhile.
  } while (!isRight(found) && rounds < ROUNDS_MAX && stage.hasTime);
  return {
    observed: isRight(found),
    picture: pictureOf(stage, found),
    facts: { ...found, rounds },
  };
}

async function round(stage: Stage, number: number): Promise<Found> {
  const [orderly, victim] = (await stage.cast('tenant', ['orderly', 'victim'])) as [Actor, Actor];
  const namesOf = ({ role }: Actor): Names => ({
    segment: stage.name(`${role}-${number}-segment`),
    span: stage.name(`${role}-${number}-span`),
    lastClose: stage.name(`${role}-${number}-last-close`),
  });
  for (const actor of [orderly, victim]) {
    await actor.ask('make', { ...namesOf(actor), as: actor.role });
  }
  await orderly.dismiss();
  await victim.kill();
  const names = namesOf(victim);
  const killed = leftOf(names);
  const left: Left = {
    exited: leftOf(namesOf(orderly)),
    killed,
    bytes: killed.reduce((sum, kind) => sum + (Segment.list(names[kind])[0]?.size ?? 0), 0),
  };
  try {
    return { left, answers: ask(names) };
  } catch {
    // Nobody can be asked about what is not there.
    return { left, answers: undefined };
  }
}

function leftOf(names: Names): Kind[] {
  return KINDS.filter((kind) => Segment.list(names[kind]).length > 0);
}

function ask(names: Names): Answers {
  const { span, lastClose } = names;
  const alive = [span, lastClose].flatMap((each) =>
    find({ kind: 'thread', name: `${each}/*` }).map((thread) => thread.alive),
  );
  const complaint = complaintOf(() => Span.join(span, { stale: 'fail' }).close());
  const found = KINDS.map((kind) => ({ kind, findings: diagnose({ pattern: names[kind] }) }));
  const codes = found.map(({ kind, findings }) => [kind, findings.map(({ code }) => code)]);
  const doctor = Object.fromEntries(codes) as Answers['doctor'];
  const removable = found.flatMap(({ kind, findings }) =>
    findings.flatMap(({ fix }) =>
      fix && removeLeftover(fix, { dryRun: true }).outcome === 'removable' ? [kind] : [],
    ),
  );
  const next = Span.join(lastClose);
  const { recovered } = next;
  next.close();
  const removed = Segment.list(lastClose).length === 0;
  return { alive, complaint, doctor, removable, recovered, removed };
}

function complaintOf(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function isRight({ left, answers }: Found): boolean {
  if (answers === undefined) return false;
  const { alive, complaint, doctor, removable, recovered, removed } = answers;
  return (
    left.exited.join() === 'segment,span' &&
    left.killed.join() === 'segment,span,lastClose' &&
    alive.join() === 'false,false' &&
    complaint === 'ERR_MEMSPAN_STALE' &&
    KINDS.every((kind) => doctor[kind].includes(CODES[kind])) &&
    removable.join() === 'lastClose' &&
    recovered &&
    removed
  );
}

function pictureOf({ ink }: Stage, { left, answers }: Found): string[] {
  const mark = (kinds: readonly Kind[], kind: Kind): string =>
    kinds.includes(kind) ? 'left' : '—';
  const rows = KINDS.map((kind) => [
    TITLES[kind],
    mark(left.exited, kind),
    mark(left.killed, kind),
  ]);
  const paint = (cell: string, column: number): string => {
    if (column === 0 || cell !== 'left') return cell;
    return column === 1 ? ink.yellow(cell) : ink.red(cell);
  };
  const told = answers === undefined ? [] : factsOf(answers);
  return [
    ...columns(ink, ['in /dev/shm afterwards', 'after exit', 'after SIGKILL'], rows, paint),
    '',
    `left by the one that was killed: ${ink.red(`${left.bytes / 1024} KiB`)}`,
    '',
    ...columns(ink, ["who asks about the dead one's", 'is told'], told),
  ];
}

function factsOf({ alive, complaint, doctor, removable, recovered, removed }: Answers): string[][] {
  return [
    ["find({kind: 'thread'})", `alive: ${alive.join(', alive: ')}`],
    ["Span.join(name, {stale: 'fail'})", `${complaint}`],
    ...KINDS.map((kind) => [`memspan doctor: ${TITLES[kind]}`, doctor[kind].join(', ')]),
    ['memspan doctor --clean', `would remove: ${removable.map((kind) => TITLES[kind]).join(', ')}`],
    [
      "'last-close': join, then close",
      `recovered: ${recovered}; the name is ${removed ? 'gone' : 'there'}`,
    ],
  ];
}
