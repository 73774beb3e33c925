// Exercise `counter`: two processes add one to the same number, and updates are lost; and four ways not to lose any.

import { Segment, Span } from '../index.ts';
import { pthread_mutex_init, pthread_mutex_t } from '../os/posix.ts';
import { SETVAL, semctl } from '../os/sysv.ts';
import { COUNTER, MUTEX_AT, SIZE, type Way } from './children/adding.ts';
import type { Actor, Exercise, Result, Stage } from './exercise.ts';
import { binsOf, columns, histogram, number } from './pictures.ts';

const RUNS = 20;
const BINS = 8;
/** Of each process; on a busy machine, where they may happen not to meet, ten times as many, and again. */
const TIMES = 100_000;
const TIMES_MAX = 10_000_000;
/** Half of the runs with losses make a picture; after so long, one will do. */
const PICTURE_MS = 1500;
/** Additions of each process; a lock costs more than an addition, a system call more than a lock. */
const SAFE_WAYS: readonly { readonly way: Way; readonly code: string; readonly times: number }[] = [
  { way: 'atomics', code: 'Atomics.add(counter, 0, 1)', times: TIMES },
  { way: 'pthread', code: 'pthread_mutex_lock … unlock', times: 5_000 },
  { way: 'mutex', code: "span.mutex('counter')", times: 5_000 },
  { way: 'sysv', code: 'semop (System V) … semop', times: 500 },
];

export const counter: Exercise = {
  name: 'counter',
  title: 'Two processes count, and updates are lost',
  lesson: 'P1, P2',
  before: [
    `Two processes share a number and add 1 to it ${number(TIMES)} times each, at the same time: ${number(2 * TIMES)} is due (more, where the machine is so busy that they hardly meet). First plainly, with counter[0]++, in ${RUNS} runs; then with atomics, and with three kinds of lock around a plain ++.`,
  ],
  question:
    'Both read 5, and both add 1. What is in memory then, and why is it never the same twice?',
  answer:
    'Both write 6, and 7 was due: ++ is a load, an addition and a store, and the other process comes between them. How often depends on timing, so every run ends with another number. Sharing memory makes nothing atomic.',
  way: [
    'segment.buffer is a real SharedArrayBuffer: Atomics.add on it is exact between processes, and enough for counters. For more than one number at a time there is span.mutex(name): a lock and an unlock without a system call while nobody else wants it, and it survives kill -9.',
  ],
  run,
};

interface Safe {
  readonly way: Way;
  readonly due: number;
  readonly found: number;
}

async function run(stage: Stage): Promise<Result> {
  const race = await Race.begin(stage);
  let times = TIMES;
  let runs = await race.plainly(times);
  const began = performance.now();
  const isEarly = (): boolean => performance.now() - began < PICTURE_MS;
  const isEnough = (): boolean => lossesOf(runs, times) >= (isEarly() ? RUNS / 2 : 1);
  while (!isEnough() && times < TIMES_MAX && stage.hasTime) {
    times *= 10;
    runs = await race.plainly(times);
  }
  const safe: Safe[] = [];
  for (const { way, times: each } of SAFE_WAYS) safe.push(await race.safely(way, each));
  const due = 2 * times;
  return {
    observed: lossesOf(runs, times) > 0 && safe.every(({ due, found }) => found === due),
    picture: [...pictureOf(stage, runs, due), '', ...tableOf(stage, safe)],
    facts: { due, runs, lost: runs.map((found) => due - found), safe },
  };
}

/** Of how many runs. */
function lossesOf(runs: readonly number[], times: number): number {
  return runs.filter((found) => found !== 2 * times).length;
}

class Race {
  readonly #words: Int32Array;
  readonly #adders: readonly Actor[];

  private constructor(words: Int32Array, adders: readonly Actor[]) {
    this.#words = words;
    this.#adders = adders;
  }

  static async begin(stage: Stage): Promise<Race> {
    const segment = Segment.create(stage.name('counter'), { size: SIZE });
    const span = Span.create(stage.name('span'));
    const set = stage.semaphoreSet();
    stage.owns(() => {
      span.close();
      segment.close();
    });
    semctl(set, 0, SETVAL, 1);
    pthread_mutex_init(pthread_mutex_t(segment.buffer, MUTEX_AT));
    const adders = await stage.cast('adder', ['first adder', 'second adder']);
    const names = { segment: segment.name, span: stage.name('span'), set };
    await Promise.all(adders.map((adder) => adder.ask('open', { ...names, as: adder.role })));
    return new Race(new Int32Array(segment.buffer), adders);
  }

  async plainly(times: number): Promise<number[]> {
    const runs: number[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await this.#add('plain', times));
    return runs;
  }

  async safely(way: Way, times: number): Promise<Safe> {
    return { way, due: 2 * times, found: await this.#add(way, times) };
  }

  async #add(way: Way, times: number): Promise<number> {
    this.#words[COUNTER] = 0;
    await Promise.all(this.#adders.map((adder) => adder.ask('add', { way, times })));
    return this.#words[COUNTER] as number;
  }
}

function pictureOf({ ink }: Stage, runs: readonly number[], due: number): string[] {
  const bins = histogram(binsOf(runs, due, BINS), ink.red);
  const right = bins.pop() as string;
  const [low, high] = [Math.min(...runs), Math.max(...runs)];
  return [
    ink.bold(`counter[0]++: what ${runs.length} runs ended with; ${number(due)} was due`),
    '',
    ...bins,
    `${right}  ${ink.dim('← right')}`,
    '',
    `lost: ${ink.red(`${number(due - high)} to ${number(due - low)}`)} of ${number(due)} updates`,
  ];
}

function tableOf({ ink }: Stage, safe: readonly Safe[]): string[] {
  const rows = safe.map(({ way, due, found }) => {
    const code = SAFE_WAYS.find((each) => each.way === way)?.code ?? way;
    return [code, ...[due, found, due - found].map((value) => number(value).padStart(8))];
  });
  const heads = ['', ...['due', 'found', 'lost'].map((head) => head.padStart(8))];
  return columns(ink, heads, rows, (cell, column, row) => {
    if (column < 2) return cell;
    return safe[row]?.found === safe[row]?.due ? ink.green(cell) : ink.red(cell);
  });
}
