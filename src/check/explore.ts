// memspan/check: runs small functions over shared words in every order of their steps, and shows the shortest one that
// goes wrong.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { scheduler } from '../word/scheduler.ts';
import { wallNow } from './clock.ts';
import { type Failure, failureOf } from './failure.ts';
import { unexplorable } from './memory.ts';
import { Model } from './model.ts';
import { checkOptions, type Exploration, type Settings } from './options.ts';
import { Report } from './report.ts';
import { parse, type Token, textOf, tokensOf, withMore } from './schedule.ts';
import type { Found, Search } from './search.ts';
import { shrink } from './shrink.ts';
import { AsSaid, ByChance, DepthFirst } from './strategies.ts';

export type { Failure, FailureStep } from './failure.ts';
export type { End, Exploration, Me, Moment, Progress } from './options.ts';
export type { Coverage, Report } from './report.ts';
export type { FailureKind } from './stuck.ts';

/** The event loop has its turn this often. */
const SLICE_MS = 50;
/** Of the time: how much is for schedules in order before those by chance. */
const IN_ORDER = 0.7;
/** And how long it is looked for a shorter one when one has failed. */
const SHORTER_MS = 5_000;
/** Preemption bounds, one after the other: what fails with few is easier to understand. */
const BOUNDS = [0, 1, 2, 3, 4, Number.POSITIVE_INFINITY];

/**
 * Runs the threads in every order of their steps: those with few preemptions first, up to `bound` of them; and when
 * `timeMs` do not suffice for all, some by chance. A step is one atomic operation, one plain access to an array that
 * `setup` has returned, one sleep, one wake-up, one look at a lifeline; memspan's own primitives run as they are in
 * production (`me.span`).
 *
 * Threads may also open segments and spans of their own, by name (`Segment.create`, `Span.open`, `span.close()`): the names
 * and the memory are the explorer's, and each look at a name is a step. A thread that has returned lives on, attached
 * to what it has not closed; one that is killed is as a process that has died. What `Segment` makes may be used by plain
 * accesses, too: all of them between two operations are one step. Stops at the first failure, for which it looks for the shortest schedule.
 *
 * One exploration at a time; others wait for it. Whatever else runs on the event loop meanwhile has the real Atomics,
 * clock and random numbers.
 *
 * Throws TypeError and RangeError for options, `ERR_MEMSPAN_UNSUPPORTED` for what cannot be explored: a thread that
 * does not do the same again with the same answers, one that is asynchronous, an array method that is no single step.
 */
export async function explore<S, R>(options: Exploration<S, R>): Promise<Report> {
  // What is shared goes in and comes out again: nothing here looks at it.
  const anything = options as unknown as Exploration<unknown>;
  const settings = checkOptions(anything);
  if (scheduler !== null) {
    throw unexplorable('an exploration was begun inside of another one', 'Do one after the other');
  }
  const before = line;
  let leave = (): void => {};
  line = new Promise((resolve) => {
    leave = resolve;
  });
  try {
    await before;
    settings.signal?.throwIfAborted();
    return await new Explorer(new Model(anything, settings), settings).run();
  } finally {
    leave();
  }
}

/** One exploration at a time: they would wait for each other's slices, and each measures its time. */
let line: Promise<void> = Promise.resolve();

class Explorer {
  readonly #model: Model;
  readonly #search: Search;
  readonly #settings: Settings;
  readonly #begun = wallNow();
  #schedules = 0;
  #states = 0;
  #sampled = 0;

  constructor(model: Model, settings: Settings) {
    this.#model = model;
    this.#search = model.search;
    this.#settings = settings;
  }

  get #elapsed(): number {
    return wallNow() - this.#begun;
  }

  async run(): Promise<Report> {
    const { schedule, bound } = this.#settings;
    if (schedule !== undefined) return this.#replay(schedule);
    let reached = -1;
    for (const next of BOUNDS.filter((each) => each < bound).concat(bound)) {
      const outcome = await this.#inOrder(next);
      if (outcome === 'failed') return this.#report('bounded', next);
      if (outcome === 'cut') break;
      reached = next;
      if (outcome === 'complete') return this.#report('complete', next);
    }
    if (reached === bound) return this.#report('bounded', bound);
    await this.#byChance();
    return this.#report('sampled', reached);
  }

  #best: Found | undefined;
  /** The schedule that was to be seen again. */
  #said: Token[] | undefined;

  /** All schedules with up to so many preemptions. 'complete': there are no others. */
  async #inOrder(bound: number): Promise<'complete' | 'done' | 'cut' | 'failed'> {
    this.#search.bound = bound;
    this.#best = undefined;
    const untilMs = IN_ORDER * this.#settings.timeMs;
    for (;;) {
      const outcome = await this.#once(untilMs, Number.POSITIVE_INFINITY);
      if (outcome === 'again') continue;
      if (outcome !== 'failed') return outcome;
      if (!this.#isEndless) await this.#shorter();
      return 'failed';
    }
  }

  /** One that goes on and on, for which there is no shorter one. */
  get #isEndless(): boolean {
    const { kind, steps } = this.#best ?? {};
    return kind === 'livelock' && (steps ?? 0) >= this.#settings.stepsMax;
  }

  /** Looks for a shorter one than that which was found, and then for one that is shorter still. */
  async #shorter(): Promise<void> {
    const untilMs = Math.min(this.#elapsed + SHORTER_MS, this.#settings.timeMs);
    let limit = this.#best?.steps ?? 0;
    while (this.#elapsed < untilMs) {
      const outcome = await this.#once(untilMs, limit);
      const isFirst = limit === Number.POSITIVE_INFINITY;
      // What counts as a step has changed.
      if (outcome === 'again') limit = Number.POSITIVE_INFINITY;
      else if (isFirst && outcome === 'failed') limit = this.#best?.steps ?? 0;
      else return;
    }
  }

  /**
   * One search, of schedules with less than `limit` steps. 'failed': it ended at the first one that fails, or, with a
   * limit, all were done and #best is the shortest. 'again': there are more words that are worth a decision than it knew.
   */
  async #once(
    untilMs: number,
    limit: number,
  ): Promise<'complete' | 'done' | 'cut' | 'failed' | 'again'> {
    const search = this.#search;
    const { contention } = search.engine;
    const bySteps = limit < Number.POSITIVE_INFINITY;
    const order = new DepthFirst(search, { bySteps });
    search.strategy = order;
    search.limit = limit;
    contention.hasGrown = false;
    let isBegun = false;
    const isOver = await this.#slice(() => {
      const next = isBegun ? order.back() : search.begin();
      if (isBegun && next === undefined) return true;
      isBegun = true;
      if (next !== undefined) search.follow(next);
      this.#schedules++;
      if (search.found !== undefined) {
        this.#best = search.found;
        search.limit = search.found.steps;
      }
      return contention.hasGrown || (search.found !== undefined && !bySteps);
    }, untilMs);
    this.#states = order.visited.count;
    if (contention.hasGrown) return 'again';
    if (this.#best !== undefined) return 'failed';
    if (!isOver) return 'cut';
    return order.wasBounded ? 'done' : 'complete';
  }

  async #byChance(): Promise<void> {
    const search = this.#search;
    search.bound = Number.POSITIVE_INFINITY;
    search.limit = Number.POSITIVE_INFINITY;
    const { timeMs, seed } = this.#settings;
    await this.#slice(() => {
      this.#best = search.once(new ByChance(seed + this.#sampled));
      this.#sampled++;
      this.#schedules++;
      return this.#best !== undefined;
    }, timeMs);
  }

  /**
   * Works until all is done (true), or so many milliseconds have passed since the beginning (false). The event loop has
   * its turn now and then.
   */
  async #slice(work: () => boolean, untilMs: number): Promise<boolean> {
    for (;;) {
      const sliceEnd = Math.min(this.#elapsed + SLICE_MS, untilMs);
      const isOver = this.#search.withinQuickly(() => {
        do if (work()) return true;
        while (this.#elapsed < sliceEnd);
        return false;
      });
      this.#settings.signal?.throwIfAborted();
      this.#settings.onProgress?.({
        schedules: this.#schedules,
        bound: this.#search.bound,
        elapsedMs: this.#elapsed,
      });
      if (isOver || this.#elapsed >= untilMs) return isOver;
      await nextTurn();
    }
  }

  #replay(schedule: string): Report {
    const search = this.#search;
    const { contention } = search.engine;
    contention.isEverything = true;
    const tokens = parse(schedule, search.world.threads.length);
    this.#said = tokens;
    do {
      // What was new in one run is known in the next.
      contention.hasGrown = false;
      this.#best = search.withinQuickly(() => search.once(new AsSaid(search, tokens)));
    } while (contention.hasGrown);
    this.#schedules = 1;
    return this.#report('sampled', -1);
  }

  #shortened(found: Found): Token[] {
    const made = tokensOf(found.made, found.done);
    return this.#isEndless ? withMore(made) : shrink(this.#search, made, found);
  }

  #report(coverage: Report['coverage'], bound: number): Report {
    const found = this.#best;
    let failure: Failure | undefined;
    if (found !== undefined) {
      const tokens = this.#said ?? this.#shortened(found);
      failure = failureOf(this.#model, textOf(tokens), tokens, found);
    }
    return new Report({
      coverage,
      bound,
      schedules: this.#schedules,
      sampled: this.#sampled,
      states: this.#states,
      steps: this.#search.steps,
      elapsedMs: this.#elapsed,
      failure,
    });
  }
}
