// A failing schedule for people and programs: what went wrong, each step, and how to see it again.

import { explain } from './explain.ts';
import { placesOf } from './history.ts';
import type { Model } from './model.ts';
import { diagram, table } from './pictures.ts';
import type { Token } from './schedule.ts';
import type { Found } from './search.ts';
import { AsSaid } from './strategies.ts';
import type { FailureKind } from './stuck.ts';
import { Status } from './thread.ts';
import { Trace } from './trace.ts';

export interface FailureStep {
  readonly thread: string;
  /** 'load', 'compareExchange', 'sleep', …; 'kill' and 'time' for its death and the end of its time. */
  readonly operation: string;
  /** What it was done to. */
  readonly word: string;
  readonly before: unknown;
  readonly after: unknown;
  /** What the operation has returned; 'asleep' for one that sleeps. */
  readonly answer: unknown;
  /** Whom it woke. */
  readonly woken: readonly string[];
}

export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
  /** What happened, in a sentence or two, where a pattern was recognized. */
  readonly explanation: readonly string[];
  readonly steps: readonly FailureStep[];
  /** `explore({…, seed})` does this very schedule again. */
  readonly seed: string;
  /** What a thread, or a check, has thrown. */
  readonly error: unknown;
  /** The steps as a table, as text. */
  readonly table: string;
  /** The steps as a sequence diagram, for Mermaid. */
  readonly diagram: string;
}

/** Does it once more, and watches. */
export function failureOf(
  { search }: Model,
  seed: string,
  tokens: readonly Token[],
  found: Found,
): Failure {
  const { engine, world } = search;
  const { memory } = world;
  const trace = new Trace();
  engine.trace = trace;
  // What is shown follows from this schedule alone: whoever sees it again sees the same.
  engine.contention.forget();
  engine.contention.isEverything = true;
  search.bound = Number.POSITIVE_INFINITY;
  search.limit = Number.POSITIVE_INFINITY;
  const asSaid = new AsSaid(search, tokens);
  const again = search.within(() => search.once(asSaid)) ?? found;
  // Of what goes on and on, as much as was to be shown.
  const taken = again.kind === 'livelock' ? trace.steps.slice(0, asSaid.said) : trace.steps;
  const vain = new Set(
    world.threads.flatMap((thread) => (thread.status === Status.ready ? placesOf(thread) : [])),
  );
  const shown = taken.filter(
    ({ kind, at }) =>
      kind === 'kill' ||
      kind === 'time' ||
      vain.has(at) ||
      engine.contention.isContended(at) ||
      ['sleep', 'wake', 'wait', 'notify'].includes(kind),
  );
  engine.trace = undefined;
  const nameOf = (thread: number): string => world.threads[thread]?.name ?? `thread ${thread}`;
  const steps = shown.map(
    ({ thread, kind, at, before, after, answer, woken }): FailureStep => ({
      thread: nameOf(thread),
      operation: kind,
      word: at < 0 ? '' : memory.nameOf(at),
      before,
      after,
      answer,
      woken: woken.map(nameOf),
    }),
  );
  return {
    kind: again.kind,
    message: again.message,
    explanation: explain(steps),
    steps,
    seed,
    error: again.error,
    table: table(steps),
    diagram: diagram(steps, again.message),
  };
}
