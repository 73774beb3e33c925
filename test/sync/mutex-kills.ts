// The driver of the kill matrix: an arena with its survivors, a stock of victims that have already started, and
// what must be true after each death.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Mutex, notify, Segment, Span } from '../../src/index.ts';
import type { VictimJob } from '../fixtures/sync/victim.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type ArenaNames, BOUT_LOST, clock, Doing, Level, WORDS, Word } from './mutex-arena.ts';

const VICTIM = new URL('../fixtures/sync/victim.js', import.meta.url);
const SURVIVOR = new URL('../fixtures/sync/survivor.js', import.meta.url);

/** Turns that each survivor must have after a death. */
const TURNS = 3;

/** What survivors must be told when a victim dies at its step. */
export type Told = 'nothing' | 'ownerDied' | 'notRecoverable' | 'as it was';

export type End = 'SIGKILL' | 'exit' | 'terminate';

export interface Death extends Pick<VictimJob, 'isAsync' | 'isRepairer' | 'step'> {
  readonly bout: number;
  readonly end: End;
  readonly told: Told;
}

export class Arena implements AsyncDisposable {
  readonly levels: readonly Level[];
  readonly #names: ArenaNames;
  readonly #segments: Disposable[];
  readonly #survivors: readonly ChildProcess[];
  readonly #stocked: number;
  readonly #stock: Promise<ChildProcess>[] = [];
  #isOver = false;
  #afterMs = 0;
  #endedAt = 0;
  // Milliseconds from each SIGKILL until the next holder ran, and until its end was known here.
  readonly #delays: number[] = [];
  readonly #ends: number[] = [];

  private constructor(count: number, stocked: number) {
    this.#stocked = stocked;
    const control = Segment.create(uniqueName(), { size: 4 * WORDS * count });
    const spans = Array.from({ length: count }, () => Span.create(uniqueName()));
    this.#names = { control: control.name as string, spans: spans.map(({ name }) => name ?? '') };
    this.#segments = [control, ...spans];
    const library = { Segment, Span, Mutex };
    this.levels = spans.map((_, level) => new Level(library, this.#names, level));
    this.#survivors = (['blocking', 'async'] as const).map((how) => {
      const child = fork(SURVIVOR);
      child.once('message', () => child.send({ names: this.#names, how }));
      child.once('exit', () => assert.ok(this.#isOver, `the ${how} survivors have failed`));
      return child;
    });
  }

  /** So many deaths at once. `stocked`: how many victims start ahead of their turn, less one. */
  static async open(levels: number, stocked: number): Promise<Arena> {
    const arena = new Arena(levels, stocked);
    await until(() => arena.levels.every(({ span }) => span.threads().length === 3), 'survivors');
    return arena;
  }

  /** A victim dies at its step, on each level; then everything must be as if it had not been there. */
  async kill({ bout, end, told, ...how }: Death): Promise<void> {
    const { levels } = this;
    const what = `${how.step}${how.isAsync ? ' (async)' : ''}, bout ${bout}, ${end}`;
    for (const { control } of levels) control.fill(0, Word.blockingTurns);
    const job = { names: this.#names, bout, ...how };
    if (end === 'terminate') await this.#terminate({ ...job, end: 'spin' }, what);
    else await this.#end({ ...job, end }, what);
    this.#setBout(bout);
    await this.#survive(bout, what);
    for (const level of levels) {
      const { control } = level;
      const doing = control[Word.doing];
      const died = control[Word.died] as number;
      if (bout < BOUT_LOST) {
        assert.equal(control[Word.broken], 0, `${what}: half-changed data was seen`);
      }
      if (told === 'ownerDied') assert.equal(died, 1, `${what}: ownerDied`);
      else if (told === 'nothing') assert.equal(died, 0, `${what}: ownerDied`);
      else if (told === 'notRecoverable') assert.notEqual(control[Word.refused], 0, what);
      else if (doing === Doing.holding) assert.equal(died, 1, `${what}: ownerDied of a holder`);
      else if (doing === Doing.nothing) assert.equal(died, 0, `${what}: ownerDied of a passer-by`);
      else assert.ok(died <= 1, what);
      if (end === 'SIGKILL') this.#measure(control);
      assertAtRest(level, bout, what);
    }
  }

  /** A victim dies with the locks of these bouts, on each level, while nobody wants them. */
  async abandon(bouts: readonly number[]): Promise<void> {
    const job = { names: this.#names, bout: 0, step: 'holds', holds: bouts } as const;
    await this.#end({ ...job, end: 'SIGKILL' }, 'an owner');
  }

  /** A victim that wanders over all levels is killed after so many milliseconds. */
  async killAtRandom(bout: number, afterMs: number): Promise<void> {
    this.#afterMs = afterMs;
    await this.kill({ bout, step: 'random', end: 'SIGKILL', told: 'as it was' });
  }

  async #end(job: VictimJob, what: string): Promise<void> {
    const child = await this.#victim();
    const ended = once(child, 'exit');
    child.send(job);
    if (job.step === 'random') {
      const { control } = this.levels[0] as Level;
      await until(() => control[Word.doing] !== Doing.nothing, 'a random victim');
      await delay(this.#afterMs);
      for (const level of this.levels) Atomics.store(level.control, Word.killedAt, clock() || 1);
      child.kill('SIGKILL');
    }
    const [code, signal] = await ended;
    this.#endedAt = clock();
    assert.equal(signal ?? code, job.end === 'SIGKILL' ? 'SIGKILL' : 0, `${what}: how it ended`);
  }

  async #terminate(job: VictimJob, what: string): Promise<void> {
    const worker = new Worker(VICTIM);
    const failed = once(worker, 'error').then(([error]) => assert.fail(`${what}: ${error}`));
    worker.postMessage(job);
    const last = this.levels.at(-1) as Level;
    await Promise.race([until(() => last.control[Word.killedAt] !== 0, what), failed]);
    await worker.terminate();
  }

  /** Both survivors have their turns on every level, and then rest. */
  async #survive(bout: number, what: string): Promise<void> {
    const { levels } = this;
    const after = bout >= BOUT_LOST ? 1 : TURNS;
    const start = levels.map(({ control }) => [...control]);
    for (const word of [Word.blockingTurns, Word.asyncTurns]) {
      const have = (level: Level, i: number): boolean => {
        const before = bout >= BOUT_LOST ? 0 : (start[i]?.[word] ?? 0);
        return (level.control[word] as number) - before >= after;
      };
      await until(() => levels.every(have), `turns after ${what}`);
    }
    this.#setBout(0);
    const rests = ({ control }: Level): boolean =>
      control[Word.blockingIn] === 0 && control[Word.asyncIn] === 0;
    await until(() => levels.every(rests), `rest after ${what}`);
  }

  #measure(control: Int32Array): void {
    const [killedAt, toldAt] = [control[Word.killedAt] as number, control[Word.toldAt] as number];
    if (killedAt === 0 || toldAt === 0) return;
    this.#delays.push(((toldAt - killedAt) | 0) / 1000);
    this.#ends.push(((this.#endedAt - killedAt) | 0) / 1000);
  }

  /** How long it took from the death of an owner until the next holder ran. */
  describeDelays(): string {
    const describe = (delays: readonly number[]): string => {
      const sorted = delays.toSorted((a, b) => a - b);
      const at = (part: number): string =>
        (sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN).toFixed(2);
      return `${at(0.5)} ms (p50), ${at(0.99)} ms (p99), ${at(1)} ms (max)`;
    };
    return (
      `${this.#delays.length} deaths of owners: from the SIGKILL, the next holder ran after ` +
      `${describe(this.#delays)}; the parent knew of the death after ${describe(this.#ends)}; ` +
      `from that to the next holder ${describe(this.#delays.map((ms, i) => ms - (this.#ends[i] ?? 0)))}`
    );
  }

  #setBout(bout: number): void {
    for (const { control } of this.levels) {
      Atomics.store(control, Word.bout, bout);
      notify(control, Word.bout);
    }
  }

  async #victim(): Promise<ChildProcess> {
    while (this.#stock.length < this.#stocked) {
      const child = fork(VICTIM);
      const failed = once(child, 'exit').then(() => assert.fail('a victim could not start'));
      failed.catch(() => {});
      this.#stock.push(Promise.race([once(child, 'message').then(() => child), failed]));
    }
    const child = await (this.#stock.shift() as Promise<ChildProcess>);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    const children = [...this.#survivors, ...(await Promise.all(this.#stock))];
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
    for (const name of [this.#names.control, ...this.#names.spans]) Segment.unlink(name);
    for (const level of this.levels) level.span.close();
    for (const segment of this.#segments) segment[Symbol.dispose]();
  }
}

/** Nobody wants the lock: it is free, whole, and nobody's cell says anything else. */
function assertAtRest(level: Level, bout: number, what: string): void {
  const [a, b] = level.numbers(bout);
  if (bout < BOUT_LOST) {
    assert.equal(level.word(bout), 0, `${what}: the word at rest`);
    assert.equal(a, b, `${what}: the data at rest`);
  }
  for (const thread of level.span.threads()) {
    if (thread.alive) assert.deepEqual(thread.waitingOn, [], `${what}: cells at rest`);
  }
}
