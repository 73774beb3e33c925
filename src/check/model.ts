// What is explored, set up: the memory as it is in the beginning, the threads, and what is checked.

import { inspect, isDeepStrictEqual } from 'node:util';
import { invalidArgument } from '../errors.ts';
import type { Attachment } from '../span/attachment.ts';
import { attachments, putAttachments } from '../span/attachments.ts';
import type { Span } from '../span/span.ts';
import type { Checks, Wrong } from './judgement.ts';
import { unexplorable } from './memory.ts';
import type { End, Exploration, Me, Moment, Settings } from './options.ts';
import { Participants } from './participants.ts';
import { Search } from './search.ts';
import { standInsFor } from './stand-ins.ts';
import { Status, type Thread } from './thread.ts';
import { World } from './world.ts';

export class Model implements Checks {
  readonly search: Search;
  readonly #options: Exploration<unknown>;
  readonly #shared: unknown;
  readonly #participants: Participants;
  /** What setup has left: the spans that it has opened, and how many segments it has made. */
  #attachments: ReadonlyMap<string, Attachment> = new Map();
  #made = 0;

  constructor(options: Exploration<unknown>, settings: Settings) {
    this.#options = options;
    const names = namesOf(options.threads);
    this.search = new Search(new World(names), settings);
    const { engine, operations, world } = this.search;
    this.#participants = new Participants(engine);
    const setUp = (): unknown => {
      const shared = this.#options.setup(this.#me(undefined, () => this.#participants.make()));
      this.#participants.guard();
      this.#attachments = attachments;
      this.#made = this.search.segments.maker.made;
      return standInsFor(operations, shared);
    };
    this.#shared = this.search.within(() => this.#as(undefined, setUp));
    world.memory.forgetLog();
    engine.contention.isNoting = true;
    this.search.initial = world.save();
    this.search.checks = this;
  }

  /** Has spans and segments opened by that thread; by who sets up and looks. */
  #as<T>(thread: Thread | undefined, work: () => T): T {
    const { segments } = this.search;
    const { maker } = segments;
    const isThread = thread !== undefined;
    segments.maker = { index: thread?.index ?? -1, made: isThread ? 0 : this.#made };
    const before = putAttachments(new Map(isThread ? [] : this.#attachments));
    try {
      return work();
    } finally {
      putAttachments(before);
      segments.maker = maker;
    }
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
    const result = this.#as(thread, () => run(this.#shared, this.#me(thread)));
    return synchronous(result, thread.name);
  }

  #moment<T extends object>(also: T = {} as T): Moment & T {
    const me = this.#me(undefined);
    const { threads } = this.search.world;
    return {
      ...also,
      index: me.index,
      get span() {
        return me.span;
      },
      get killed() {
        return threads.flatMap(({ status, index }) => (status === Status.dead ? [index] : []));
      },
    };
  }

  invariant(): string | undefined {
    const { invariant } = this.#options;
    if (invariant === undefined) return undefined;
    const isRight = this.#as(undefined, () => invariant(this.#shared, this.#moment()));
    return synchronous(isRight, 'the invariant') === false
      ? 'the invariant does not hold'
      : undefined;
  }

  atEnd(): Wrong | undefined {
    const { atEnd, outcomes } = this.#options;
    const { threads } = this.search.world;
    if (outcomes !== undefined) {
      const outcome = threads.map(({ status, result }) => (status === Status.done ? result : null));
      if (!outcomes.some((each) => isDeepStrictEqual(outcome, [...each]))) {
        const text = inspect(outcome, { breakLength: Number.POSITIVE_INFINITY });
        return { kind: 'outcome', message: `the threads have returned ${text}` };
      }
    }
    if (atEnd === undefined) return undefined;
    const end = this.#end;
    const isRight = this.#as(undefined, () => atEnd(this.#shared, end));
    if (synchronous(isRight, 'atEnd') !== false) return undefined;
    return { kind: 'at-end', message: 'all have ended, and atEnd says that this is not right' };
  }

  mayWait(): boolean {
    const { mayWait } = this.#options;
    if (mayWait === undefined) return false;
    const end = this.#end;
    const may = this.#as(undefined, () => mayWait(this.#shared, end));
    return synchronous(may, 'mayWait') === true;
  }

  get #end(): End<unknown> {
    const { threads } = this.search.world;
    const results = threads.map(({ status, result }) =>
      status === Status.done ? result : undefined,
    );
    return this.#moment({ results });
  }
}

/** What a function has returned, unless it goes on later. */
function synchronous(result: unknown, name: string): unknown {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return result;
  // What it was left with is nobody's.
  if (result instanceof Promise) result.catch(() => {});
  throw unexplorable(`${name} is asynchronous`, 'Use the blocking forms');
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
