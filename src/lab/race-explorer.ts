// Exercise `race-explorer`: memspan/check looks for the order of steps that loses an update, and draws it; and then shows
// that the atomic addition has none.

import type { FailureStep, Report } from '../check/explore.ts';
import type { Actor, Exercise, Ink, Result, Stage } from './exercise.ts';

const THREADS = ['alice', 'bob'] as const;

/** What Report.toJSON gives. */
type Found = Pick<Report, 'ok' | 'coverage' | 'schedules' | 'failure'>;

export const raceExplorer: Exercise = {
  name: 'race-explorer',
  title: 'The order that loses the update',
  lesson: '#16',
  before: [
    'Alice and Bob each add 1 to x, which is 5: x = x + 1. memspan/check runs both in every order of their steps until one goes wrong; then the same with Atomics.add.',
  ],
  question: 'Both read 5, both write 6, and 7 was due. In which order?',
  answer:
    "Each read comes before the other one's write: x = x + 1 is a read and a write, and between the two somebody else may come. In a test that happens now and then; here it is looked for, and found each time.",
  way: [
    "explore({setup, threads, atEnd}) of memspan/check. Where it finds nothing and the coverage is complete, that is a proof. memspan's own locks and channels are explored by it, with a death at every step.",
  ],
  run,
};

async function run(stage: Stage): Promise<Result> {
  const [explorer] = (await stage.cast('explorer', ['explorer'])) as [Actor];
  const plain = await explorer.ask<Found>('plain');
  const atomic = await explorer.ask<Found>('atomic');
  const steps = plain.failure?.steps ?? [];
  const isAll = atomic.failure === undefined && atomic.coverage === 'complete';
  const { red, green } = stage.ink;
  return {
    observed: isLostUpdate(steps) && isAll,
    picture: [
      ...pictureOf(steps, stage.ink),
      '',
      ...(plain.failure?.explanation ?? []).flatMap((text) => text.split(/(?<=:|,) /)),
      '',
      ...(plain.failure?.table ?? '').split('\n'),
      '',
      `x = x + 1              ${plain.schedules} schedules until ${red('one has lost the update')}`,
      `Atomics.add(x, 0, 1)   ${atomic.schedules} schedules, ${isAll ? green('all there are: 7 in each') : 'not all there are'}`,
    ],
    facts: { plain, atomic },
  };
}

/** Both read 5, and both write 6. */
function isLostUpdate(steps: readonly FailureStep[]): boolean {
  const of = (operation: string, value: number): number =>
    THREADS.filter((name) =>
      steps.some((step) => {
        const seen = operation === 'read' ? step.answer : step.after;
        return step.thread === name && step.operation === operation && seen === value;
      }),
    ).length;
  return of('read', 5) === 2 && of('write', 6) === 2;
}

const LANE = 24;

/** A lane for each thread, and x between them. */
function pictureOf(steps: readonly FailureStep[], ink: Ink): string[] {
  const line = (left: string, x: string, right: string): string =>
    `   ${left.padEnd(LANE)}${x}${right.padStart(LANE)}`.trimEnd();
  const lines = [line(THREADS[0], ' x ', THREADS[1]), line('│', ' 5 ', '│')];
  for (const { thread, operation, before, after, answer } of steps) {
    const isRead = operation === 'read';
    const value = isRead ? answer : after;
    const text = ` ${operation} ${value} `;
    const value3 = ` ${isRead ? before : after} `;
    const shaft = '─'.repeat(LANE - 2 - text.length);
    if (thread === THREADS[0]) {
      const arrow = isRead ? `│◀${text}${shaft}` : `│${text}${shaft}▶`;
      lines.push(ink.cyan(line(arrow, value3, '│')));
    } else {
      const arrow = isRead ? `${shaft}${text}▶│` : `◀${shaft}${text}│`;
      lines.push(ink.yellow(line('│', value3, arrow)));
    }
  }
  return lines;
}
