// Exercise `init-race`: an object that is there before it is ready. Who comes in between waits for ever; the delay that
// makes it happen is forced.

import { existsSync } from 'node:fs';
import { notify, Segment, Span } from '../index.ts';
import { COUNT_AT, SLEEPERS, VALUE } from './children/visits.ts';
import type { Actor, Exercise, Ink, Result, Stage } from './exercise.ts';
import { isAsleep, until } from './waiting.ts';

type Cast = readonly [creator: Actor, latecomer: Actor, third: Actor];

/** What somebody did, and the semaphore after that. */
interface Moment {
  readonly ms: number;
  readonly who: string;
  readonly did: string;
  readonly value?: number;
  readonly sleepers?: number;
}

interface Race {
  readonly moments: readonly Moment[];
  /** It slept when all was done, though there was a permit, and nobody knew of it. */
  readonly isStuck: boolean;
}

export const initRace: Exercise = {
  name: 'init-race',
  title: 'Somebody comes before it is ready',
  lesson: 'P8',
  before: [
    'Whoever comes first makes the object: shm_open(O_CREAT|O_EXCL), ftruncate, mmap, and then sem_init(lock, 1, 1). Whoever comes later opens it, and both visit: sem_wait, count, sem_post. The creator is held up between its shm_open and its sem_init, and somebody comes just then.',
    "(The latecomer's sem_wait is that of the C library, over the bytes of its sem_t. The one of memspan/posix looks up every 25 ms: it would get away.)",
  ],
  question: 'Find the flaw: which instance may wait for ever, and why?',
  answer:
    'The latecomer finds zeros: a semaphore without a permit. It notes there that somebody sleeps, and sleeps; then sem_init writes over the note. From then on there is a permit, and whoever comes gets it, but nobody who posts knows of a sleeper. (Woken by hand it takes back a note that is no longer there: -1, and the next sleeper is missed.) Without the delay it is the same, only seldom.',
  way: [
    'Segment.create(name, {size, init}) gives the name last: nobody ever sees a half-made object, and a creator that is killed leaves nothing. What is made later in a span is made by span.once(name).run(init): by one of all who come, and by the next one if that one dies.',
  ],
  run,
};

async function run(stage: Stage): Promise<Result> {
  const cast = (await stage.cast('visitor', ['creator', 'latecomer', 'third'])) as unknown as Cast;
  let race: Race;
  let rounds = 0;
  // Who is just about to sleep when the semaphore is initialised gets away: then it is done again.
  do {
    rounds++;
    race = await raceOf(stage, cast, rounds);
  } while (!race.isStuck && stage.hasTime);
  const gate = new Gate(stage);
  const published = await publish(stage, cast, gate);
  gate.shut();
  const initialised = await initialise(stage, cast, gate);
  return {
    observed: race.isStuck && published.isRight && initialised.isRight,
    picture: [
      stage.ink.bold('shm_open, then sem_init'),
      ...tableOf(race.moments, stage.ink),
      '',
      stage.ink.bold('Segment.create(name, {size, init}): the name comes last'),
      ...tableOf(published.moments, stage.ink),
      '',
      stage.ink.bold('span.once(name).run(init)'),
      ...tableOf(initialised.moments, stage.ink),
    ],
    facts: { race, rounds, published, initialised },
  };
}

/** The textbook's program, with a delay between the creator's shm_open and its sem_init. */
async function raceOf(
  stage: Stage,
  [creator, latecomer, third]: Cast,
  round: number,
): Promise<Race> {
  const name = stage.name(`visits-${round}`);
  const diary = new Diary();
  const isCreator = await creator.ask('open', { name });
  const segment = Segment.open(name);
  const words = new Int32Array(segment.buffer, 0, COUNT_AT / 4);
  const look = () => ({ value: words[VALUE] as number, sleepers: words[SLEEPERS] as number });
  diary.note('creator', 'shm_open(O_CREAT|O_EXCL): makes it', look());
  diary.note('creator', '… is held up …');
  await latecomer.ask('open', { name });
  diary.note('latecomer', 'shm_open: it is there', look());
  let visit: number | undefined;
  const visiting = latecomer.ask<number>('visit').then((count) => {
    visit = count;
  });
  await until(() => words[SLEEPERS] === 1 && isAsleep(latecomer.pid), 'the latecomer to sleep');
  diary.note('latecomer', 'sem_wait: notes that one sleeps, and sleeps', look());
  await creator.ask('prepare');
  diary.note('creator', 'sem_init(lock, 1, 1): over the note', look());
  const first = await creator.ask('visit');
  diary.note('creator', `sem_wait, visit ${first}, sem_post: wakes nobody`, look());
  await third.ask('open', { name });
  const second = await third.ask('visit');
  diary.note('third', `sem_wait, visit ${second}, sem_post: wakes nobody`, look());
  const { value, sleepers } = look();
  // Only who sleeps there can be woken; nobody but the lab would ever do that.
  const isStuck = notify(words, VALUE, 1) === 1 && visit === undefined && isCreator === true;
  if (isStuck)
    diary.note('latecomer', 'sleeps, with a permit there: for ever', { value, sleepers });
  await visiting;
  diary.note('the lab', `wakes it by hand: visit ${visit}`, look());
  segment.close();
  return { moments: diary.moments, isStuck: isStuck && value === 1 && sleepers === 0 };
}

interface Repair {
  readonly moments: readonly Moment[];
  readonly isRight: boolean;
}

/** memspan's segments have no such moment: the same delay, but the name comes last. */
async function publish(stage: Stage, [creator, latecomer]: Cast, gate: Gate): Promise<Repair> {
  const name = stage.name('published');
  const diary = new Diary();
  const making = creator.ask('create', { name, gate: gate.name });
  await gate.reached();
  const isThere = existsSync(`/dev/shm/${name}`);
  diary.note(
    'creator',
    `initialises it, is held up; in /dev/shm: ${isThere ? 'there' : 'nothing'}`,
  );
  await latecomer.ask('create', { name });
  const first = await latecomer.ask('visit');
  diary.note('latecomer', `makes one, publishes it, visit ${first}`);
  gate.open();
  await making;
  const second = await creator.ask('visit');
  diary.note('creator', `finds it there and drops its own; visit ${second}`);
  const isRight = !isThere && first === 1 && second === 2;
  return { moments: diary.moments, isRight };
}

/** What is initialised later is initialised once, also when who does it dies half-way. */
async function initialise(stage: Stage, [creator, latecomer]: Cast, gate: Gate): Promise<Repair> {
  const name = stage.name('once');
  using span = Span.create(name);
  const diary = new Diary();
  const once = span.once('made');
  // It never answers.
  creator.ask('once', { name, gate: gate.name }).catch(() => {});
  await gate.reached();
  diary.note('creator', 'begins to initialise, and is held up');
  const coming = latecomer.ask<string>('once', { name, as: 'latecomer' });
  const isWaiting = (): boolean =>
    span.threads('latecomer').some(({ waitingOn }) => waitingOn.length > 0);
  await until(isWaiting, 'the latecomer to wait');
  diary.note('latecomer', 'waits for it');
  await creator.kill();
  diary.note('creator', 'is killed (SIGKILL)');
  const how = await coming;
  diary.note('latecomer', 'is told that one died at it, and does it');
  return { moments: diary.moments, isRight: how === 'made after a death' && once.done };
}

/** Where a child is held up until the lab lets it go. */
class Gate {
  readonly name: string;
  readonly #words: Int32Array;

  constructor(stage: Stage) {
    this.name = stage.name('gate');
    const segment = Segment.create(this.name, { size: 8 });
    this.#words = new Int32Array(segment.buffer);
  }

  /** Somebody is there, and the gate is shut. */
  async reached(): Promise<void> {
    await until(() => Atomics.load(this.#words, 1) > 0, 'a child to be held up');
  }

  open(): void {
    Atomics.store(this.#words, 0, 1);
    notify(this.#words, 0);
  }

  shut(): void {
    Atomics.store(this.#words, 0, 0);
    Atomics.store(this.#words, 1, 0);
  }
}

class Diary {
  readonly moments: Moment[] = [];
  readonly #began = performance.now();

  note(who: string, did: string, state: object = {}): void {
    this.moments.push({ ms: performance.now() - this.#began, who, did, ...state });
  }
}

/** With the words of the semaphore, where there is one. */
function tableOf(moments: readonly Moment[], ink: Ink): string[] {
  const row = (ms: string, who: string, did: string, value = '', sleepers = ''): string =>
    `${ms.padStart(6)}  ${who.padEnd(11)}${did.padEnd(44)}${value.padStart(5)}${sleepers.padStart(8)}`;
  const lines = moments.map(({ ms, who, did, value, sleepers }) =>
    row(ms.toFixed(1), who, did, value?.toString(), sleepers?.toString()),
  );
  const hasWords = moments.some(({ value }) => value !== undefined);
  const head = hasWords ? row('ms', 'who', 'does', 'value', 'asleep') : row('ms', 'who', 'does');
  const colour = (line: string): string => (line.includes('for ever') ? ink.red(line) : line);
  return [ink.dim(head.trimEnd()), ...lines.map((line) => colour(line.trimEnd()))];
}
