// What may come next: a step of a thread, the end of somebody's time, somebody's death.

import { Status, type Thread } from './thread.ts';
import type { World } from './world.ts';

export interface Choice {
  readonly kind: 'step' | 'time' | 'kill';
  readonly thread: Thread;
}

/** Each choice there is, once, so that choices can be compared. */
export class Choices {
  readonly #world: World;
  readonly #table: Readonly<Record<Choice['kind'], readonly Choice[]>>;
  readonly #crashes: number;
  readonly #victims: readonly number[];
  /** The last answer was not all there was: more preemptions would have been needed. */
  wasBounded = false;

  constructor(world: World, crashes: number, victims: readonly number[]) {
    this.#world = world;
    this.#crashes = crashes;
    this.#victims = victims;
    const each = (kind: Choice['kind']): Choice[] =>
      world.threads.map((thread) => ({ kind, thread }));
    this.#table = { step: each('step'), time: each('time'), kill: each('kill') };
  }

  of(kind: Choice['kind'], thread: number): Choice | undefined {
    return this.#table[kind][thread];
  }

  /** Whether it takes the turn from a thread that could have gone on. */
  costOf({ kind, thread }: Choice): number {
    const { last } = this.#world;
    return kind === 'step' && last !== undefined && last !== thread && this.#world.isEager(last)
      ? 1
      : 0;
  }

  /** In this order: who went last goes on; others; times that are over; deaths. Empty: it is the end. */
  now(bound: number): Choice[] {
    const world = this.#world;
    const { threads, last, preemptions } = world;
    const found: Choice[] = [];
    const eager = threads.filter((thread) => world.isEager(thread));
    const isAnyEager = eager.length > 0;
    const timed = threads.filter((thread) => (thread.sleep?.until ?? Infinity) < Infinity);
    const times = timed.filter((thread) => !world.isPolling(thread));
    // Who only looks, and finds the same again, goes on when nobody else can make a difference.
    const able =
      isAnyEager || times.length > 0
        ? eager
        : threads.filter((thread) => thread.status === Status.ready);
    this.wasBounded = false;
    for (const thread of last === undefined ? able : [last, ...able]) {
      if (thread === last ? !able.includes(thread) || found.length > 0 : false) continue;
      const choice = this.#table.step[thread.index] as Choice;
      if (preemptions + this.costOf(choice) <= bound) found.push(choice);
      else this.wasBounded = true;
    }
    // Who polls does so for nothing, and goes on with that when nobody else is left.
    for (const thread of found.length > 0 || times.length > 0 ? times : timed) {
      found.push(this.#table.time[thread.index] as Choice);
    }
    // A death where nobody can go on in any case would only hide that.
    return found.length > 0 ? found.concat(this.deaths()) : found;
  }

  /** Who may die. Who has returned lives on, and may die as well. */
  deaths(): Choice[] {
    const { threads, crashes } = this.#world;
    if (crashes >= this.#crashes) return [];
    return threads
      .filter(({ status, index }) => status !== Status.dead && this.#victims.includes(index))
      .map(({ index }) => this.#table.kill[index] as Choice);
  }
}
