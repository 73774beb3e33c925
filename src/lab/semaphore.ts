// Exercise `semaphore`: one program makes a semaphore of value 0 and waits, another one posts; and memspan's, whose
// waiters queue up.

import { existsSync } from 'node:fs';
import { Span } from '../index.ts';
import { sem_close, sem_getvalue, sem_open } from '../os/posix.ts';
import type { Actor, Exercise, Ink, Result, Stage } from './exercise.ts';
import { isAsleep, until } from './waiting.ts';

const NAMES = ['anna', 'ben', 'carl', 'dora'];
/** Is killed while it waits. */
const VICTIM = 'ben';

export const semaphore: Exercise = {
  name: 'semaphore',
  title: 'Wait until somebody posts',
  lesson: 'P6',
  before: [
    "One program makes a named semaphore of value 0, and waits. Another one opens it by its name, and posts. Then four wait for memspan's semaphore, one after the other; one of them is killed, and three permits are given.",
  ],
  question: 'What does the first program do while it waits? What if the second one is first?',
  answer:
    'It sleeps in the kernel: there is nothing to take, and no processor is used. A post adds one and wakes one, and is not lost when nobody waits: it is counted. (Only there is no semaphore before the first program has made it: ENOENT.) Which of several waiters goes on, POSIX leaves open.',
  way: [
    'span.semaphore(name, {initial, max}): those who wait form a queue, and a release resumes the first of them that is alive. acquireAsync does not block the event loop, and with undo the permits of the dead come back.',
  ],
  run,
};

async function run(stage: Stage): Promise<Result> {
  const cast = await stage.cast('permits', NAMES);
  const posted = await waitAndPost(stage, cast[0] as Actor, cast[1] as Actor);
  const queue = await queueUp(stage, cast);
  return {
    observed: posted.isRight && queue.isRight,
    picture: [
      ...pictureOf(posted, stage.ink),
      '',
      stage.ink.bold("memspan's semaphore"),
      ...pictureOfQueue(queue, stage.ink),
    ],
    facts: { posted, queue },
  };
}

interface Posted {
  /** Milliseconds since it was begun: when it was seen asleep, when posted was asked for, when it had come back. */
  readonly asleepMs: number;
  readonly postMs: number;
  readonly backMs: number;
  /** Seen in /dev/shm while it waited. */
  readonly file: string;
  readonly valueWhileWaiting: number;
  readonly isRight: boolean;
}

async function waitAndPost(stage: Stage, waiter: Actor, poster: Actor): Promise<Posted> {
  const name = stage.name('semaphore');
  const path = `/dev/shm/sem.${name}`;
  const began = performance.now();
  const now = (): number => performance.now() - began;
  let isBack = false;
  const waiting = waiter.ask('wait', { name }).then(() => {
    isBack = true;
  });
  await until(() => existsSync(path) && isAsleep(waiter.pid), 'the first program to wait');
  const opened = sem_open(`/${name}`, 0);
  const valueWhileWaiting = sem_getvalue(opened);
  sem_close(opened);
  const asleepMs = now();
  const isEarly = isBack;
  const postMs = now();
  await poster.ask('post', { name });
  await waiting;
  const isRight = !isEarly && valueWhileWaiting === 0;
  return { asleepMs, postMs, backMs: now(), file: `sem.${name}`, valueWhileWaiting, isRight };
}

interface Turn {
  /** Who waited, in the order in which they came. */
  readonly queue: readonly string[];
  readonly resumed: string;
}

interface Queue {
  readonly turns: readonly Turn[];
  readonly isRight: boolean;
}

/** Four wait one after the other, one of them is killed, and a permit is given back three times. */
async function queueUp(stage: Stage, cast: readonly Actor[]): Promise<Queue> {
  const name = stage.name('turns');
  using span = Span.create(name);
  const turns = span.semaphore('turns', { initial: 0, max: cast.length });
  const resumed: string[] = [];
  for (const actor of cast) {
    const as = actor.role;
    actor.ask('acquire', { span: name, as }).then(
      () => resumed.push(as),
      // It was killed.
      () => {},
    );
    const isWaiting = (): boolean => span.threads(as).some(({ waitingOn }) => waitingOn.length > 0);
    await until(isWaiting, `${as} to wait`);
  }
  await cast.find(({ role }) => role === VICTIM)?.kill();
  const queue = [...NAMES];
  const seen: Turn[] = [];
  while (seen.length < NAMES.length - 1) {
    turns.release();
    await until(() => resumed.length > seen.length, 'somebody to be resumed');
    const who = resumed[seen.length] as string;
    seen.push({ queue: [...queue], resumed: who });
    queue.splice(0, queue.indexOf(who) + 1);
  }
  const isRight = resumed.join() === NAMES.filter((each) => each !== VICTIM).join();
  return { turns: seen, isRight };
}

function pictureOf({ asleepMs, backMs, file, valueWhileWaiting }: Posted, ink: Ink): string[] {
  const ms = (time: number): string => `${time.toFixed(1)} ms`;
  return [
    ink.bold('sem_wait and sem_post'),
    `first    sem_open(O_CREAT, 0) ── sem_wait ${ink.dim('┄'.repeat(24))}▶ ${ink.green('goes on')}`,
    `second                                    sem_open ── sem_post ──┘`,
    `                                          ${ms(asleepMs).padEnd(23)}${ms(backMs)}`,
    `while it waited, asleep, the value was ${valueWhileWaiting}, and there was`,
    `/dev/shm/${file}`,
  ];
}

function pictureOfQueue({ turns }: Queue, ink: Ink): string[] {
  return turns.map(({ queue, resumed }, i) => {
    const waiting = queue.map((each) => (each === VICTIM ? `${each} †` : each)).join(' ← ');
    const skips = queue[0] === VICTIM ? `: ${VICTIM} is dead` : '';
    return `release ${i + 1}   ${waiting.padEnd(30)}→ ${ink.green(`${resumed} goes on`)}${skips}`;
  });
}
