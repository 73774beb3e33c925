// Drives threads through schedules: looks at each state, asks a strategy who is next, and sees what goes wrong.

import { putScheduler } from '../word/scheduler.ts';
import { type Choice, Choices } from './choices.ts';
import { type Clock, putClock } from './clock.ts';
import type { Decider } from './decider.ts';
import { Engine } from './engine.ts';
import { type Checks, endOf, invariantOf, thrown, type Wrong } from './judgement.ts';
import { isRefusal, unexplorable } from './memory.ts';
import { Operations } from './operations.ts';
import type { Made } from './schedule.ts';
import { Segments } from './segments.ts';
import { longestAgo } from './strategies.ts';
import { Status, type Thread } from './thread.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Saved, World } from './world.ts';

/** Of a function that has not come to its next step. */
const STUCK_MS = 30_000;
/** The clock goes on by so much for who does nothing but look at it, and by more each time. */
const CLOCK_MS = 1_000;

export interface Found extends Wrong {
  readonly steps: number;
  readonly preemptions: number;
  readonly made: readonly Made[];
  /** How many operations the thread of the last choice had done. */
  readonly done: number;
}

export interface Strategy {
  /** It is said by somebody else how far this goes. */
  readonly isSaid?: boolean;
  /** It has come to where it is said to go on for ever. */
  readonly isTooLong?: boolean;
  /** Undefined: this schedule need not be gone on with. */
  choose(choices: readonly Choice[]): Choice | undefined;
}

interface SearchOptions {
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
  /** There are deaths. */
  readonly #isDeadly: boolean;
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
  /** From which step on those are counted that are a livelock. */
  #from = 0;
  #next: Choice | undefined;
  #clock: Clock | undefined;

  constructor(world: World, { crashes, victims, stepsMax }: SearchOptions) {
    this.world = world;
    world.areDeaths = crashes > 0;
    this.engine = new Engine(world, this);
    this.operations = new Operations(this.engine);
    this.segments = new Segments(this.engine);
    this.choices = new Choices(world, crashes, victims);
    this.#isDeadly = crashes > 0;
    this.stepsMax = stepsMax;
  }

  /** Has the scheduler in its place while it works. */
  within<T>(work: () => T): T {
    const takeOut = putScheduler(this.operations);
    const takeNames = this.segments.put();
    this.#clock = putClock(() => this.engine.recall('clock', -1, () => this.world.now));
    const { stackTraceLimit } = Error;
    try {
      return withTimeLimit(work, STUCK_MS, () => {
        const who = this.engine.running?.name ?? 'what looks at states';
        return unexplorable(`${who} runs for ever without a step`, 'Look for an endless loop');
      });
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      this.#clock.end();
      takeNames();
      takeOut();
    }
  }

  /** The same, for schedules by the thousand: what is thrown where a thread is left need not say where that was. */
  withinQuickly<T>(work: () => T): T {
    return this.within(() => {
      Error.stackTraceLimit = 0;
      return work();
    });
  }

  /** Everything from the beginning, up to the first choice. */
  begin(): Choice | undefined {
    this.world.restore(this.initial);
    this.made.length = 0;
    this.found = undefined;
    return this.#decide();
  }

  /** One whole schedule; what has gone wrong in it. */
  once(strategy: Strategy): Found | undefined {
    this.strategy = strategy;
    const first = this.begin();
    if (first !== undefined) this.follow(first);
    return this.found;
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
    world.woken = [];
    if (kind === 'kill') {
      world.crashes++;
      engine.kernel.kill(thread);
    } else {
      this.choices.passTime(thread);
      if (thread.sleep === undefined) {
        world.now = 2 * world.now + CLOCK_MS;
        thread.idleSince = -1;
      } else {
        // A slice is none of the caller's time.
        const { until } = thread.sleep;
        if (until < Number.POSITIVE_INFINITY) world.now = Math.max(world.now, until);
        world.wakeUp(thread, 'timed-out');
      }
    }
    engine.trace?.add(thread, kind, -1, world.woken);
    this.#next = this.#decide();
  }

  #run(thread: Thread): void {
    let isDone: boolean;
    try {
      isDone = this.engine.run(thread);
    } catch (error) {
      if (isRefusal(error)) throw error;
      this.#fail(thrown('exception', thread.name, error));
      return;
    }
    if (isDone) thread.status = Status.done;
    if (isDone || thread.status === Status.asleep) this.#next = this.#decide();
  }

  act(thread: Thread): unknown {
    const act = (): unknown => this.checks.act(thread);
    return this.#clock === undefined ? act() : this.#clock.afresh(act);
  }

  mayStep(running: Thread): boolean {
    let choice: Choice | undefined;
    try {
      choice = this.#decide();
    } catch (error) {
      this.engine.refuse(error);
    }
    if (choice?.kind === 'step' && choice.thread === running) return true;
    this.#next = choice;
    return false;
  }

  #decide(): Choice | undefined {
    const { world, engine, checks } = this;
    if (this.found !== undefined || this.#fail(invariantOf(engine, checks))) return undefined;
    if (world.steps >= this.limit) return undefined;
    let choices = this.choices.now(this.bound);
    if (choices.length === 0 && this.#goesOn()) choices = this.choices.now(this.bound);
    if (choices.length === 0) {
      if (this.#fail(endOf(engine, checks, this.#isDeadly || engine.trace !== undefined)))
        return undefined;
      choices = this.choices.deaths();
      if (choices.length === 0) return undefined;
    }
    const choice = this.#oneOf(choices);
    if (choice !== undefined) this.make(choice);
    return choice;
  }

  #oneOf(choices: readonly Choice[]): Choice | undefined {
    const { world, stepsMax } = this;
    if (this.strategy.isSaid === true) this.#from = world.steps;
    const steps = world.steps - this.#from;
    let choice: Choice | undefined;
    if (steps < stepsMax) choice = this.strategy.choose(choices);
    // Who was not let go on so far can still end this: from here on each has its turn.
    else if (steps < 2 * stepsMax) choice = this.#inTurn();
    if (steps === 2 * stepsMax || this.strategy.isTooLong === true) {
      const message = `they go on after ${stepsMax} steps, and after ${stepsMax} more by turns`;
      this.#fail({ kind: 'livelock', message });
    }
    return choice;
  }

  /** Whoever has waited for longest. Deaths would only hide what is looked for. */
  #inTurn(): Choice | undefined {
    const living = this.choices.now(Number.POSITIVE_INFINITY).filter(({ kind }) => kind !== 'kill');
    const steps = living.filter(({ kind }) => kind === 'step');
    return longestAgo(steps.length > 0 ? steps : living);
  }

  /** Notes a choice that is about to be followed. */
  make(choice: Choice): void {
    const { world } = this;
    this.made.push({ choice, done: this.made.at(-1)?.choice.thread.length ?? 0 });
    if (choice.kind !== 'step') return;
    this.steps++;
    world.preemptions += this.choices.costOf(choice);
    world.last = choice.thread;
  }

  /** Whether somebody who does the same again and again would at last do something else. */
  #goesOn(): boolean {
    const { engine, stepsMax, world } = this;
    let goesOn = false;
    for (const thread of world.threads) {
      if (thread.status === Status.ready && engine.goesOn(thread, stepsMax)) goesOn = true;
    }
    return goesOn;
  }

  /** Notes what is wrong, if anything is. */
  #fail(wrong: Wrong | undefined): boolean {
    const { world } = this;
    if (wrong === undefined) return false;
    this.found = {
      ...wrong,
      steps: world.steps,
      preemptions: world.preemptions,
      made: [...this.made],
      done: this.made.at(-1)?.choice.thread.length ?? 0,
    };
    return true;
  }
}
