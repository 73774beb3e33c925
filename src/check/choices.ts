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

  /** In this order: who went last goes on; others; times that are over; deaths. Empty: nobody can go on. */
  now(bound: number): Choice[] {
    const world = this.#world;
    const { threads, last, preemptions } = world;
    const found: Choice[] = [];
    this.wasBounded = false;
    const add = (thread: Thread): void => {
      const choice = this.#table.step[thread.index] as Choice;
      const cost = this.costOf(choice);
      // There may be more than the bound where each has its turn (search.ts).
      if (cost === 0 || preemptions + cost <= bound) found.push(choice);
      else this.wasBounded = true;
    };
    if (last !== undefined && world.isEager(last)) add(last);
    for (const thread of threads) if (thread !== last && world.isEager(thread)) add(thread);
    this.#addTimes(found);
    // A death where nobody can go on in any case would only hide that.
    return found.length > 0 ? found.concat(this.deaths()) : found;
  }

  /**
   * Time is over for a sleeper, or passes for one who looks at the clock in vain; but not a fourth time while somebody who
   * could go on all the while has not: time is not that quick.
   */
  #addTimes(found: Choice[]): void {
    const { threads } = this.#world;
    const timed = threads.filter((thread) => this.#world.isTimed(thread));
    if (timed.length === 0) return;
    const able = this.#able();
    const patient = timed.filter(({ owes }) => ((owes >> 16) & able) === 0);
    for (const { index } of found.length === 0 && patient.length === 0 ? timed : patient) {
      found.push(this.#table.time[index] as Choice);
    }
  }

  /** A bit for each thread that can go on, or whose time may be over. */
  #able(): number {
    const world = this.#world;
    let able = 0;
    for (const thread of world.threads) {
      if (world.isEager(thread) || world.isTimed(thread)) able |= 1 << thread.index;
    }
    return able;
  }

  /** Its time is over: who could have gone on, and did not, has to before that is so too often. */
  passTime(thread: Thread): void {
    const { owes, index } = thread;
    const able = this.#able() & ~(1 << index);
    const once = owes & 0xff;
    const twice = (owes >> 8) & 0xff;
    const thrice = (owes >> 16) & 0xff;
    this.#world.hasGoneOn(thread);
    thread.owes = able | ((able & (once | twice)) << 8) | ((able & (twice | thrice)) << 16);
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
