// What an exploration has come to.

import { show } from './explain.ts';
import type { Failure } from './failure.ts';

/**
 * 'complete': every schedule there is. 'bounded': every one with up to `bound` preemptions. 'sampled': all up to
 * `bound`, and others by chance.
 */
export type Coverage = 'complete' | 'bounded' | 'sampled';

/** All but what follows from the rest. */
type Facts = Omit<Report, 'ok' | 'assert' | 'toJSON' | 'toString'>;

export class Report {
  readonly ok: boolean;
  readonly coverage: Coverage;
  /** Preemptions up to which there was every schedule; −1: none was done in order. */
  readonly bound: number;
  /** How many were run. Those that come to a state where another one has been end there. */
  readonly schedules: number;
  /** How many of these by chance. */
  readonly sampled: number;
  /** Different states in which there was a choice, at the last bound. */
  readonly states: number;
  /** Steps that were taken in all. */
  readonly steps: number;
  readonly elapsedMs: number;
  readonly failure: Failure | undefined;

  /** @internal */
  constructor(facts: Facts) {
    this.ok = facts.failure === undefined;
    this.coverage = facts.coverage;
    this.bound = facts.bound;
    this.schedules = facts.schedules;
    this.sampled = facts.sampled;
    this.states = facts.states;
    this.steps = facts.steps;
    this.elapsedMs = facts.elapsedMs;
    this.failure = facts.failure;
  }

  /** Throws an Error with all that there is to say when a schedule has failed. */
  assert(): void {
    if (this.failure === undefined) return;
    throw new Error(this.toString(), { cause: this.failure.error });
  }

  /** For JSON.stringify: the failure without what was thrown, bound null for any number. */
  toJSON(): object {
    const { failure, ...facts } = this;
    if (failure === undefined) return facts;
    const { error, steps, ...rest } = failure;
    const thrown = error instanceof Error ? { error: `${error.name}: ${error.message}` } : {};
    // 5n is '5n': JSON has no numbers of 64 bits.
    const plain = steps.map((step) =>
      Object.fromEntries(
        Object.entries(step).map(([key, value]) => [
          key,
          typeof value === 'bigint' ? show(value) : value,
        ]),
      ),
    );
    return { ...facts, failure: { ...rest, ...thrown, steps: plain } };
  }

  toString(): string {
    const { schedules, failure } = this;
    const count = `${schedules.toLocaleString('en')} schedule${schedules === 1 ? '' : 's'}`;
    if (failure === undefined) return `No failure in ${count}: ${this.#covered}.`;
    const { kind, message, explanation, table, steps, seed } = failure;
    return [
      `${kind}: ${message}`,
      ...explanation,
      '',
      table,
      '',
      `${steps.length} steps; found after ${count}. To see it again: explore({…, seed: ${shownSeed(seed)}})`,
    ].join('\n');
  }

  get #covered(): string {
    const upTo = `all with up to ${this.bound} preemption${this.bound === 1 ? '' : 's'}`;
    if (this.coverage === 'complete') return 'all there are';
    if (this.coverage === 'bounded') return upTo;
    if (this.sampled === 0 && this.bound < 0) return 'the one of the seed';
    const some = `${this.sampled.toLocaleString('en')} by chance`;
    return this.bound < 0 ? some : `${upTo}, ${some}`;
  }
}

/** Nobody copies more than that. */
const SEED_MAX = 300;

function shownSeed(seed: string): string {
  return seed.length > SEED_MAX ? 'report.failure.seed' : `'${seed}'`;
}
