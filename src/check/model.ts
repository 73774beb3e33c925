// What is explored, set up: the memory as it is in the beginning, the threads, and what is checked.

import { isDeepStrictEqual } from 'node:util';
import { invalidArgument } from '../errors.ts';
import type { Span } from '../span/span.ts';
import { unexplorable } from './memory.ts';
import type { End, Exploration, Me, Settings } from './options.ts';
import { Participants } from './participants.ts';
import { type Checks, type FailureKind, Search } from './search.ts';
import { standInsFor } from './stand-ins.ts';
import { Status, type Thread } from './thread.ts';
import { World } from './world.ts';

export class Model implements Checks {
  readonly search: Search;
  readonly #options: Exploration<unknown>;
  readonly #shared: unknown;
  readonly #participants: Participants;

  constructor(options: Exploration<unknown>, settings: Settings) {
    this.#options = options;
    const names = namesOf(options.threads);
    this.search = new Search(new World(names), settings);
    const { engine, operations, world } = this.search;
    this.#participants = new Participants(engine);
    this.#shared = this.search.within(() => {
      const shared = this.#options.setup(this.#me(undefined, () => this.#participants.make()));
      return standInsFor(operations, shared);
    });
    world.memory.forgetLog();
    engine.contention.isNoting = true;
    this.search.initial = world.save();
    this.search.checks = this;
  }

  #me(thread: Thread | undefined, make?: () => Span): Me {
    let span: Span | undefined;
    const open = (): Span => {
      if (this.#participants.isMade) return this.#participants.of(thread);
      if (make !== undefined) return make();
      throw invalidArgument('explore: the span is made in setup: have it use me.span, too');
    };
    return {
      index: thread?.index ?? -1,
      get span() {
        span ??= open();
        return span;
      },
    };
  }

  act(thread: Thread): unknown {
    const run = this.#options.threads[thread.index] as (shared: unknown, me: Me) => unknown;
    const result = run(this.#shared, this.#me(thread));
    if (result instanceof Promise) {
      // What it was left with is nobody's.
      result.catch(() => {});
      throw unexplorable(`${thread.name} is asynchronous`, 'Use the blocking forms');
    }
    return result;
  }

  invariant(): string | undefined {
    const { invariant } = this.#options;
    if (invariant === undefined) return undefined;
    const isRight = invariant(this.#shared, this.#me(undefined));
    return isRight === false ? 'the invariant does not hold' : undefined;
  }

  atEnd(): { kind: FailureKind; message: string } | undefined {
    const { atEnd, outcomes } = this.#options;
    const { threads } = this.search.world;
    if (outcomes !== undefined) {
      const outcome = threads.map(({ status, result }) => (status === Status.done ? result : null));
      if (!outcomes.some((each) => isDeepStrictEqual(outcome, [...each]))) {
        const text = JSON.stringify(outcome);
        return { kind: 'outcome', message: `the threads have returned ${text}` };
      }
    }
    if (atEnd === undefined || atEnd(this.#shared, this.#end) !== false) return undefined;
    return { kind: 'at-end', message: 'all have ended, and atEnd says that this is not right' };
  }

  mayWait(): boolean {
    return this.#options.mayWait?.(this.#shared, this.#end) === true;
  }

  get #end(): End<unknown> {
    const { threads } = this.search.world;
    const me = this.#me(undefined);
    return {
      index: me.index,
      get span() {
        return me.span;
      },
      results: threads.map(({ status, result }) => (status === Status.done ? result : undefined)),
      killed: threads.flatMap(({ status, index }) => (status === Status.dead ? [index] : [])),
    };
  }
}

/** The functions' own names where they tell them apart. */
function namesOf(threads: readonly { readonly name: string }[]): string[] {
  const names = threads.map(({ name }) => name);
  const areApart = new Set(names).size === names.length && names.every((name) => name !== '');
  return names.map((name, index) => {
    if (areApart) return name;
    return name === '' || name === 'threads' ? `thread ${index}` : `${name} ${index}`;
  });
}
