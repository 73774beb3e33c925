// `memspan lab`: the textbook's lessons as experiments. Alone it lists them, with what was done so far.

import type { Exercise, Result } from '../lab/exercise.ts';
import { exercises } from '../lab/index.ts';
import { doneAt, setDone } from '../lab/progress.ts';
import { Stage, sweep } from '../lab/stage.ts';
import { age, paint } from './format.ts';
import { showBefore, showResult } from './lab/screen.ts';
import { CommandError, onInterrupt } from './report.ts';
import { tableOf } from './table.ts';

interface Options {
  json?: boolean;
  all?: boolean;
}

/** What --json shows of an exercise that was run. */
interface Report {
  readonly name: string;
  readonly observed: boolean;
  readonly seconds: number;
  readonly facts: unknown;
}

export async function lab(name: string | undefined, options: Options): Promise<void> {
  const { all = false, json = false } = options;
  if (name !== undefined && all) {
    throw usage(`lab takes a name or --all, not both`, 'See `memspan lab --help`');
  }
  if (process.platform !== 'linux') {
    const message = `lab: its exercises need Linux, and this is ${process.platform}`;
    throw new CommandError('ERR_MEMSPAN_UNSUPPORTED', message, 'Run it on Linux');
  }
  const loads = all ? [...exercises.values()] : [];
  if (name !== undefined) loads.push(exerciseOf(name));
  if (loads.length === 0) return await list(json);
  const reports: Report[] = [];
  let now: Performance | undefined;
  const restore = onInterrupt(() => now?.abandon());
  sweep();
  for (const [i, load] of loads.entries()) {
    if (i > 0 && !json) console.log();
    now = new Performance(await load(), json);
    reports.push(await now.run());
  }
  restore();
  if (json) console.log(JSON.stringify(name === undefined ? reports : reports[0], brief, 2));
  const missed = reports.filter(({ observed }) => !observed).map((report) => report.name);
  if (missed.length === 0) return;
  throw new CommandError(
    'ERR_MEMSPAN_LAB',
    `lab: ${missed.join(', ')}: not observed this time`,
    'Run it again, when the machine is less busy',
  );
}

/** One exercise, from its first line to its last one. */
class Performance {
  readonly #exercise: Exercise;
  readonly #json: boolean;
  readonly #stage: Stage;
  #running: ReturnType<typeof showBefore> | undefined;

  constructor(exercise: Exercise, json: boolean) {
    this.#exercise = exercise;
    this.#json = json;
    this.#stage = new Stage(json ? NO_INK : paint);
  }

  async run(): Promise<Report> {
    const { name } = this.#exercise;
    const began = performance.now();
    if (!this.#json) this.#running = showBefore(this.#exercise);
    let result: Result;
    try {
      result = await this.#stage.perform((stage) => this.#exercise.run(stage));
    } finally {
      this.#running?.end();
    }
    const seconds = (performance.now() - began) / 1000;
    const { observed, facts } = result;
    if (observed) setDone(name);
    if (!this.#json) showResult(this.#exercise, result, seconds);
    return { name, observed, seconds, facts };
  }

  /** For an end before time: a clear line, and nothing left. */
  abandon(): void {
    this.#running?.end();
    this.#stage.end();
  }
}

async function list(json: boolean): Promise<void> {
  const found = await Promise.all([...exercises.values()].map((load) => load()));
  const rows = found.map(({ name, title, lesson }) => {
    return { name, title, lesson, doneAt: doneAt(name) ?? null };
  });
  if (json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  const cells = rows.map(({ name, title, doneAt }) => [
    doneAt === null ? ' ' : paint.green('✓'),
    paint.bold(name),
    title,
    doneAt === null ? '' : paint.dim(`${age(Date.now() - doneAt.getTime())} ago`),
  ]);
  const columns = ['', 'exercise', 'what is learned', 'done'].map((title) => ({ title }));
  console.log(tableOf(columns, cells));
  const done = rows.filter(({ doneAt }) => doneAt !== null).length;
  const next = rows.find(({ doneAt }) => doneAt === null)?.name ?? rows[0]?.name;
  console.log(`\n${done} of ${rows.length} done. ${paint.dim(`Next: memspan lab ${next}`)}`);
}

function exerciseOf(name: string): () => Promise<Exercise> {
  const found = exercises.get(name);
  if (found !== undefined) return found;
  throw usage(`lab: there is no exercise '${name}'`, '`memspan lab` lists them');
}

function usage(message: string, remedy: string): CommandError {
  return new CommandError('ERR_MEMSPAN_USAGE', message, remedy);
}

function brief(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(6)) : value;
}

const plain = (text: string): string => text;
const NO_INK = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };
