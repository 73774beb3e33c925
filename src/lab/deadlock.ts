// Exercise `deadlock`: two locks, taken in opposite order by two processes. They really block, until their time is over;
// memspan's mutex finds the circle and says who is in it.

import { type DeadlockMember, Segment, Span } from '../index.ts';
import { pthread_mutex_init, pthread_mutex_t, sizeof } from '../os/posix.ts';
import type { Actor, Exercise, Ink, Result, Stage } from './exercise.ts';

/** Both are blocked for so long, and would be for ever. */
const BLOCKED_MS = 150;
const LOCKS = ['left', 'right'] as const;

export const deadlock: Exercise = {
  name: 'deadlock',
  title: 'Two locks in opposite order',
  lesson: '#17',
  before: [
    'Alice takes the left lock and then the right one, Bob the right one and then the left one. Both have their first one. With mutexes of POSIX they block until a time limit ends it; with those of memspan there is no time limit.',
  ],
  question: 'Each of the two programs is right. How can they stop each other for ever?',
  answer:
    'Each holds what the other one waits for, and gives up nothing while it waits. Four things must come together: only one can have it, who waits keeps what it has, nobody can take it away, and there is a circle. Taking locks in the same order everywhere makes a circle impossible.',
  way: [
    'span.mutex(name): whoever waits says so, and whoever holds is known. A thread that has waited for 100 ms follows that graph; in a circle, exactly one is told: ERR_MEMSPAN_DEADLOCK, with the whole circle in error.found.',
  ],
  run,
};

async function run(stage: Stage): Promise<Result> {
  const cast = (await stage.cast('locker', ['alice', 'bob'])) as [Actor, Actor];
  const blocked = await block(stage, cast);
  const found = await beFound(stage, cast);
  return {
    observed: blocked.isRight && found.isRight,
    picture: [
      ...pictureOf(blocked, stage.ink),
      '',
      stage.ink.bold("memspan's mutexes"),
      ...pictureOfCycle(found.cycle),
      '',
      endOf(found, stage.ink),
    ],
    facts: { blocked, found },
  };
}

interface Blocked {
  readonly ends: readonly {
    readonly who: string;
    /** How long it was blocked, until its time was over. */
    readonly waitedMs: number;
    readonly timedOut: boolean;
  }[];
  readonly isRight: boolean;
}

/** With POSIX's mutexes, and timed locks. */
async function block(stage: Stage, cast: readonly [Actor, Actor]): Promise<Blocked> {
  const step = 64 * Math.ceil(sizeof.pthread_mutex_t / 64);
  const segment = Segment.create(stage.name('mutexes'), { size: 2 * step });
  const { name } = segment;
  const offsets = [0, step];
  for (const offset of offsets) pthread_mutex_init(pthread_mutex_t(segment.buffer, offset));
  await Promise.all(cast.map((actor, i) => actor.ask('lock', { name, offset: offsets[i] })));
  // Each has one, and wants the other's.
  const ends = await Promise.all(
    cast.map((actor, i) =>
      actor.ask<{ timedOut: boolean; waitedMs: number }>('timedLock', {
        offset: offsets[1 - i],
        forMs: BLOCKED_MS,
      }),
    ),
  );
  // Neither has given up anything before both had answered.
  await Promise.all(cast.map((actor, i) => actor.ask('unlock', { offset: offsets[i] })));
  return {
    ends: ends.map((end, i) => ({ who: cast[i]?.role ?? '', ...end })),
    isRight: ends.every(({ timedOut }) => timedOut),
  };
}

interface Outcome {
  readonly cycle?: readonly DeadlockMember[];
  readonly got?: boolean;
  readonly afterMs: number;
}

interface Found {
  readonly cycle: readonly DeadlockMember[];
  /** Who was told, and who went on when that one had given way. */
  readonly told: string;
  readonly wentOn: string;
  readonly afterMs: number;
  readonly isRight: boolean;
}

/** With memspan's, and no time limit. */
async function beFound(stage: Stage, cast: readonly [Actor, Actor]): Promise<Found> {
  const name = stage.name('locks');
  using span = Span.create(name);
  for (const lock of LOCKS) span.mutex(lock);
  await Promise.all(
    cast.map((actor, i) => actor.ask('first', { name, as: actor.role, lock: LOCKS[i] })),
  );
  const outcomes = await Promise.all(
    cast.map((actor, i) => actor.ask<Outcome>('second', { lock: LOCKS[1 - i] })),
  );
  const at = outcomes.findIndex(({ cycle }) => cycle !== undefined);
  const { cycle = [], afterMs = 0 } = outcomes[at] ?? {};
  const members = new Set(cycle.map(({ pid, waitsFor }) => `${pid} ${waitsFor}`));
  const isWhole = cast.every(({ pid }, i) => members.has(`${pid} ${LOCKS[1 - i]}`));
  return {
    cycle,
    told: cast[at]?.role ?? '',
    wentOn: cast[1 - at]?.role ?? '',
    afterMs,
    isRight: isWhole && cycle.length === 2 && outcomes.filter(({ got }) => got).length === 1,
  };
}

function pictureOf({ ends }: Blocked, ink: Ink): string[] {
  const lines = ends.map(({ who, waitedMs, timedOut }, i) => {
    const [mine, other] = [LOCKS[i], LOCKS[1 - i]];
    const end = `${Math.round(waitedMs)} ms: ${timedOut ? 'ETIMEDOUT' : 'has it'}`;
    const steps = `${who.padEnd(6)} lock(${mine}) ── lock(${other}) `;
    return `${steps.padEnd(56, '┄')} ${ink.red(end)}`;
  });
  return [ink.bold("POSIX's mutexes"), ...lines];
}

/** Where the middle of the left and of the right column is. */
const LEFT = 16;
const RIGHT = 56;

/** Whoever waits points to the lock, and the lock to its holder; there are two of each. */
function pictureOfCycle([first, second]: readonly DeadlockMember[]): string[] {
  if (first === undefined || second === undefined) return [];
  const row = (left: string, right: string, between = ' '): string => {
    const start = left.padStart(LEFT + Math.ceil(left.length / 2));
    const end = right.padStart(Math.ceil(right.length / 2) + RIGHT - start.length, between);
    return start + end;
  };
  const who = ({ thread, pid }: DeadlockMember): string => ` ${thread} (pid ${pid}) `;
  const what = ({ waitsFor }: DeadlockMember): string => ` '${waitsFor}' `;
  return [
    labelled(row(who(first), `▶${what(first)}`, '─')),
    row('▲', '│'),
    row('held by', 'held by'),
    row('│', '▼'),
    labelled(row(`${what(second)}◀`, who(second), '─')),
  ].map((line) => line.trimEnd());
}

/** A word on the line. */
function labelled(line: string): string {
  return line.replace(/─+/, (shaft) => {
    const label = ' waits for ';
    const before = (shaft.length - label.length) >> 1;
    return shaft.slice(0, before) + label + shaft.slice(before + label.length);
  });
}

function endOf({ told, wentOn, afterMs }: Found, ink: Ink): string {
  const error = ink.green(`ERR_MEMSPAN_DEADLOCK after ${Math.round(afterMs)} ms`);
  return `${told}: ${error}; gives up its lock, and ${wentOn} goes on`;
}
