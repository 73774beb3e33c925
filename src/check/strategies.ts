// Who is next: all schedules, depth first; schedules by chance; one that is known.

import type { Choice } from './choices.ts';
import { randomFrom } from './hash.ts';
import type { Token } from './schedule.ts';
import type { Search, Strategy } from './search.ts';
import { Visited } from './visited.ts';
import type { Saved } from './world.ts';

interface Node {
  readonly saved: Saved;
  readonly choices: readonly Choice[];
  readonly made: number;
  next: number;
}

/**
 * Every schedule up to the bound, except those that come to a state that another one has come to. States are compared
 * by the memory, by what every thread has done and was answered, and by who sleeps in which order: two schedules that differ
 * in the order of steps which have nothing to do with each other lead to the same state (A. Mazurkiewicz's traces).
 */
export class DepthFirst implements Strategy {
  readonly visited: Visited = new Visited();
  readonly #search: Search;
  readonly #path: Node[] = [];
  /** For the shortest: who comes to a state in fewer steps goes on from there. */
  readonly #bySteps: boolean;
  /** There were schedules with more preemptions. */
  wasBounded = false;

  constructor(search: Search, { bySteps = false }: { readonly bySteps?: boolean } = {}) {
    this.#search = search;
    this.#bySteps = bySteps;
  }

  choose(choices: readonly Choice[]): Choice | undefined {
    const { world, bound, made, choices: all } = this.#search;
    if (all.wasBounded) this.wasBounded = true;
    const first = choices[0] as Choice;
    // One of many deaths that all come to the same, perhaps.
    const isAfterDeath = made.at(-1)?.choice.kind === 'kill';
    if (choices.length === 1 && !isAfterDeath) return first;
    const [hash, hash2] = world.hashes(bound < Number.POSITIVE_INFINITY);
    const preemptions = bound < Number.POSITIVE_INFINITY ? world.preemptions : 0;
    const steps = this.#bySteps ? world.steps : 0;
    if (this.visited.visit(hash, hash2, preemptions, steps)) return undefined;
    this.#path.push({ saved: world.save(), choices, made: made.length, next: 1 });
    return first;
  }

  /** Goes back to the last state with a choice that was not made. Undefined: there is none. */
  back(): Choice | undefined {
    const { world, made } = this.#search;
    for (let node = this.#path.at(-1); node !== undefined; node = this.#path.at(-1)) {
      const choice = node.choices[node.next++];
      if (choice === undefined) {
        this.#path.pop();
        continue;
      }
      world.restore(node.saved);
      made.length = node.made;
      this.#search.found = undefined;
      this.#search.make(choice);
      return choice;
    }
    return undefined;
  }
}

/** Any of the choices: who goes on mostly goes on. Now and then all by turns, which is how two make way for ever. */
export class ByChance implements Strategy {
  readonly #random: () => number;
  readonly #keeps: number;
  #untilTurns: number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    // Some schedules with many switches, some with few.
    this.#keeps = [0.5, 0.8, 0.95][Math.floor(this.#random() * 3)] as number;
    this.#untilTurns = this.#random() < 0.1 ? this.#random() * 20 : Number.POSITIVE_INFINITY;
  }

  choose(choices: readonly Choice[]): Choice | undefined {
    const steps = choices.filter(({ kind }) => kind === 'step');
    if (--this.#untilTurns < 0 && steps.length > 0) return longestAgo(steps);
    if (steps.length > 0 && this.#random() < this.#keeps) return steps[0];
    // Deaths and ends of time are as many as threads at each step: one in four is enough.
    const isRare = this.#random() < 0.75;
    const some = steps.length > 0 && isRare ? steps : choices;
    if (isRare && choices.every(({ kind }) => kind === 'kill')) return undefined;
    return some[Math.floor(this.#random() * some.length)];
  }
}

/** Whose turn it is when each has its turn. */
export function longestAgo(choices: readonly Choice[]): Choice | undefined {
  let found = choices[0];
  for (const choice of choices) {
    if (found !== undefined && choice.thread.lastStep < found.thread.lastStep) found = choice;
  }
  return found;
}

/** As the tokens say, as long as that is possible; then without preemptions. */
export class AsSaid implements Strategy {
  readonly #search: Search;
  readonly #tokens: readonly Token[];
  #next = 0;
  /** The steps in the trace when all had been said. */
  said = 0;

  constructor(search: Search, tokens: readonly Token[]) {
    this.#search = search;
    this.#tokens = tokens;
  }

  get isSaid(): boolean {
    return this.#next < this.#tokens.length;
  }

  /** They should have ended by now. */
  get isTooLong(): boolean {
    return this.#tokens[this.#next]?.kind === 'more';
  }

  choose(choices: readonly Choice[]): Choice | undefined {
    const { choices: all, world, engine } = this.#search;
    if (this.isSaid) this.said = engine.trace?.steps.length ?? 0;
    for (;;) {
      const token = this.#tokens[this.#next];
      if (token === undefined) return choices.find(({ kind }) => kind !== 'kill');
      const { kind, thread, until } = token;
      if (kind === 'more') return undefined;
      const isOver = kind === 'step' && (world.threads[thread]?.length ?? 0) >= until;
      const choice = all.of(kind, thread);
      if (kind !== 'step' || isOver) this.#next++;
      if (isOver) continue;
      if (choice !== undefined && choices.includes(choice)) return choice;
      if (kind === 'step') this.#next++;
    }
  }
}
