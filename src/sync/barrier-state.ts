// A barrier as one thread has it: how many of its arrivals count just now, and what its tasks wait for.
//
// All Barrier objects of a thread for the same bytes share this. An arrival is pending from the exchange that counts it
// until this thread has noticed what became of the phase; each pending arrival has a seat.

import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import { load } from '../word/atomics.ts';
import { standUp } from './barrier-seats.ts';
import {
  type Arrived,
  arrive,
  arriveLast,
  type BarrierPlace,
  giveUp,
  lookAt,
  Phase,
  phaseIn,
  type Refusal,
  takeSeat,
} from './barrier-word.ts';
import { Patience } from './patience.ts';
import { type Limits, type Wait, WaitQueue } from './wait-queue.ts';

export class BarrierState implements BarrierPlace {
  readonly words: Int32Array;
  readonly index: number;
  readonly parties: number;
  readonly id: number;
  readonly waiting: Attachment['waiting'];
  readonly isAlive: (id: number) => boolean;
  /** 0 while the memory is sound. */
  readonly status: Uint32Array;
  readonly #queue: WaitQueue;
  #pending = 0;
  readonly #patience = new Patience();

  constructor(attachment: Attachment, offset: number, parties: number) {
    const { view } = attachment;
    this.words = view.words;
    this.index = offset / 4;
    this.parties = parties;
    this.id = attachment.id;
    this.waiting = attachment.waiting;
    this.isAlive = (id) => view.isAlive(id);
    this.status = view.status;
    this.#queue = new WaitQueue(attachment, offset, 1);
  }

  get word(): number {
    return load(this.words, this.index);
  }

  /** One seat at least, or why not. */
  join(): number | Refusal {
    return takeSeat(this, 0);
  }

  /** Gives back the seats that no pending arrival needs. */
  leave(): void {
    standUp(this, this.#pending);
  }

  arriveLast(): Arrived | Refusal {
    return arriveLast(this, this.#pending);
  }

  arrive(): Arrived | Refusal {
    const arrived = arrive(this, this.#pending);
    if (typeof arrived !== 'string') this.#pending++;
    return arrived;
  }

  /** To be called once for each arrival, when it is known what became of it. */
  over(): void {
    this.#pending--;
  }

  /** Blocks until the phase is over; null when the time is. Throws what `check` and `broken` make. */
  block(arrived: Arrived, deadline: number, check: () => void, broken: () => Error): number | null {
    const arrival = new Arrival(this, arrived, broken);
    return arrival.outcome(this.#queue.block(arrival, deadline, check));
  }

  /** The same without blocking. A phase that was completed before the signal came has been completed. */
  async waitAsync(arrived: Arrived, limits: Limits, broken: () => Error): Promise<number | null> {
    const arrival = new Arrival(this, arrived, broken);
    try {
      return arrival.outcome(await this.#queue.waitAsync(arrival, limits));
    } catch (error) {
      if (arrival.late !== null) return arrival.late;
      throw error;
    }
  }

  /** True when the phase was over while it was worth looking. */
  isSoon(generation: number): boolean {
    const look = (): true | null => (phaseIn(this.word, generation) === Phase.open ? null : true);
    return this.#patience.soon(look) !== null;
  }
}

/** One arrival, until its phase is over. */
class Arrival implements Wait<number> {
  readonly mode: number = Mode.barrier;
  /** What it came to when it had been aborted already. */
  late: number | null = null;
  readonly #state: BarrierState;
  readonly #arrived: Arrived;
  readonly #broken: () => Error;
  #isOver = false;
  #isBroken = false;
  #hasLooked = false;

  constructor(state: BarrierState, arrived: Arrived, broken: () => Error) {
    this.#state = state;
    this.#arrived = arrived;
    this.#broken = broken;
  }

  attempt(): number | null {
    const phase = lookAt(this.#state, this.#arrived.generation);
    if (phase === Phase.open) return null;
    this.#end(phase);
    if (phase === Phase.broken) throw this.#broken();
    return this.#arrived.order;
  }

  withdrawn(): number | null {
    if (this.#isOver) return null;
    const phase = giveUp(this.#state, this.#arrived.generation);
    this.#end(phase);
    return phase === Phase.completed ? this.#arrived.order : null;
  }

  discard(order: number): void {
    this.late = order;
  }

  isSoon(): boolean {
    // Before the first sleep.
    if (this.#hasLooked) return false;
    this.#hasLooked = true;
    return this.#state.isSoon(this.#arrived.generation);
  }

  /** Who gives up learns that it was broken by then. */
  outcome(order: number | null): number | null {
    if (order === null && this.#isBroken) throw this.#broken();
    return order;
  }

  #end(phase: Phase): void {
    this.#isOver = true;
    this.#isBroken = phase === Phase.broken;
    this.#state.over();
  }
}
