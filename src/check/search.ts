// Drives threads through schedules: looks at each state, asks a strategy who is next, and sees what goes wrong.

import { MemspanError } from '../errors.ts';
import { putScheduler } from '../word/scheduler.ts';
import { type Choice, Choices } from './choices.ts';
import { putClock } from './clock.ts';
import { type Decider, Engine } from './engine.ts';
import { Operations } from './operations.ts';
import type { Made } from './schedule.ts';
import { Segments } from './segments.ts';
import { Status, type Thread } from './thread.ts';
import type { Saved, World } from './world.ts';

export type FailureKind =
  | 'invariant'
  | 'at-end'
  | 'outcome'
  | 'exception'
  | 'deadlock'
  | 'lost-wake-up'
  | 'livelock';

export interface Found {
  readonly kind: FailureKind;
  readonly message: string;
  /** What a thread, or a check, has thrown. */
  readonly error: unknown;
  readonly steps: number;
  readonly preemptions: number;
  readonly made: readonly Made[];
  /** How many operations the last thread had done. */
  readonly done: number;
}

/** What is checked. Each throws, or returns what is wrong. */
export interface Checks {
  act(thread: Thread): unknown;
  invariant(): string | undefined;
  atEnd(): { kind: FailureKind; message: string } | undefined;
  /** Whether those who are left may be. */
  mayWait(): boolean;
}

export interface Strategy {
  /** Undefined: this schedule need not be gone on with. */
  choose(choices: readonly Choice[]): Choice | undefined;
}

export interface SearchOptions {
  readonly crashes: number;
  /** Who may be killed. */
  readonly victims: readonly number[];
  /** Steps of a schedule, more of which are a livelock. */
  readonly stepsMax: number;
}

export class Search implements Decider {
  readonly world: World;
  readonly engine: Engine;
  readonly operations: Operations;
  readonly segments: Segments;
  readonly choices: Choices;
  stepsMax: number;
  /** Preemptions that a schedule may have. */
  bound: number = Number.POSITIVE_INFINITY;
  /** Schedules of so many steps or more are of no interest any more. */
  limit: number = Number.POSITIVE_INFINITY;
  found: Found | undefined;
  made: Made[] = [];
  strategy!: Strategy;
  checks!: Checks;
  /** How many steps were taken, repeated ones not counted. */
  steps = 0;
  initial!: Saved;
  #next: Choice | undefined;
  #clock: ReturnType<typeof putClock> | undefined;

  constructor(world: World, { crashes, victims, stepsMax }: SearchOptions) {
    this.world = world;
    this.engine = new Engine(world, this);
    this.operations = new Operations(this.engine);
    this.segments = new Segments(this.engine);
    this.choices = new Choices(world, crashes, victims);
    this.stepsMax = stepsMax;
  }

  /** Has the scheduler in its place while it works. */
  within<T>(work: () => T): T {
    const takeOut = putScheduler(this.operations);
    const takeNames = this.segments.put();
    this.#clock = putClock(() => this.engine.recall('clock', -1, () => this.world.now));
    const { stackTraceLimit } = Error;
    // What is thrown where a thread is left is made by the million, and nobody sees it.
    Error.stackTraceLimit = 0;
    try {
      return work();
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      this.#clock.end();
      takeNames();
      takeOut();
    }
  }

  /** Everything from the beginning, up to the first choice. */
  begin(): Choice | undefined {
    this.world.restore(this.initial);
    this.made.length = 0;
    this.found = undefined;
    return this.#decide();
  }

  /** From a choice to the end of its schedule, or to where it need not be gone on with. */
  follow(choice: Choice): void {
    for (let next: Choice | undefined = choice; next !== undefined; next = this.#next) {
      this.#next = undefined;
      this.#perform(next);
    }
  }

  #perform({ kind, thread }: Choice): void {
    const { world, engine } = this;
    if (kind === 'step') {
      this.#run(thread);
      return;
    }
    this.steps++;
    world.steps++;
    if (kind === 'kill') {
      world.crashes++;
      engine.kernel.kill(thread);
    } else {
      world.timeOut(thread);
      engine.wakeUp(thread, 'timed-out');
    }
    engine.trace?.push({
      thread: thread.index,
      kind,
      at: -1,
      before: undefined,
      after: undefined,
      answer: undefined,
      woken: [],
      nth: thread.length,
    });
    this.#next = this.#decide();
  }

  #run(thread: Thread): void {
    this.#clock?.reset();
    let isDone: boolean;
    try {
      isDone = this.engine.run(thread, () => this.checks.act(thread));
    } catch (error) {
      if (error instanceof MemspanError && error.operation === 'explore') throw error;
      this.#fail('exception', `${thread.name} has thrown: ${describe(error)}`, error);
      return;
    }
    if (isDone) thread.status = Status.done;
    if (isDone || thread.status === Status.asleep) this.#next = this.#decide();
  }

  mayStep(running: Thread): boolean {
    const choice = this.#decide();
    if (choice?.kind === 'step' && choice.thread === running) return true;
    this.#next = choice;
    return false;
  }

  #decide(): Choice | undefined {
    const { world } = this;
    if (this.found !== undefined || this.#isWrong()) return undefined;
    if (world.steps >= this.limit) return undefined;
    if (world.steps >= this.stepsMax) {
      this.fail('livelock', `after ${world.steps} steps they still go on`);
      return undefined;
    }
    let choices = this.choices.now(this.bound);
    if (choices.length === 0) {
      this.#conclude();
      if (this.found !== undefined) return undefined;
      choices = this.choices.deaths();
      if (choices.length === 0) return undefined;
    }
    const choice = this.strategy.choose(choices);
    if (choice !== undefined) this.make(choice);
    return choice;
  }

  /** Notes a choice that is about to be followed. */
  make(choice: Choice): void {
    const { world } = this;
    this.made.push({ choice, done: world.last?.length ?? 0 });
    if (choice.kind === 'step') this.steps++;
    world.preemptions += this.choices.costOf(choice);
  }

  /** Looks from outside, without the scheduler taking it for a step of the thread that runs. */
  #isWrong(): boolean {
    const { checks } = this;
    let message: string | undefined;
    try {
      message = this.engine.outside(() => checks.invariant());
    } catch (error) {
      this.#fail('invariant', `the invariant has thrown: ${describe(error)}`, error);
      return true;
    }
    if (message === undefined) return false;
    this.#fail('invariant', message);
    return true;
  }

  #conclude(): void {
    if (this.choices.wasBounded) return;
    const { world, engine } = this;
    const left = world.threads.filter(
      ({ status }) => status === Status.asleep || status === Status.ready,
    );
    // What is looked at now comes after everything in any order.
    engine.contention.isNoting = false;
    try {
      if (left.length > 0 && !engine.outside(() => this.checks.mayWait())) {
        this.#stuck(left);
        return;
      }
    } catch (error) {
      this.#stuck(left, error);
      return;
    } finally {
      engine.contention.isNoting = true;
    }
    this.#judge();
  }

  #judge(): void {
    const { engine } = this;
    engine.contention.isNoting = false;
    try {
      const wrong = engine.outside(() => this.checks.atEnd());
      if (wrong !== undefined) this.#fail(wrong.kind, wrong.message);
    } catch (error) {
      this.#fail('at-end', `atEnd has thrown: ${describe(error)}`, error);
    } finally {
      engine.contention.isNoting = true;
    }
  }

  #stuck(left: readonly Thread[], error?: unknown): void {
    const lost = left.find(({ sleep }) => sleep !== undefined && this.#hasChanged(sleep));
    const who = left.map((thread) => this.#waitOf(thread)).join(', ');
    const why = error === undefined ? '' : `; mayWait has thrown: ${describe(error)}`;
    if (lost === undefined) this.#fail('deadlock', `nobody can go on: ${who}${why}`, error);
    else this.#fail('lost-wake-up', `nobody will wake ${lost.name}: ${who}${why}`, error);
  }

  #hasChanged({ at, expected }: { at: number; expected: unknown }): boolean {
    return this.world.memory.valueAt(at) !== expected;
  }

  #waitOf({ name, sleep }: Thread): string {
    const { memory } = this.world;
    if (sleep === undefined) return `${name} can go on`;
    const { at, expected } = sleep;
    const now = memory.valueAt(at);
    const change = now === expected ? '' : ` and is ${now} now`;
    return `${name} sleeps on ${memory.nameOf(at)}, which was ${expected}${change}`;
  }

  fail(kind: 'livelock', message: string): void {
    this.#fail(kind, message);
  }

  #fail(kind: FailureKind, message: string, error?: unknown): void {
    const { world } = this;
    this.found = {
      kind,
      message,
      error,
      steps: world.steps,
      preemptions: world.preemptions,
      made: [...this.made],
      done: world.last?.length ?? 0,
    };
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
