// Barrier: nobody goes on before all are there, phase after phase, across threads and processes.

import { MemspanError } from '../errors.ts';
import { findObject } from '../span/directory.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { BROKEN, barrierSize, countOf, generationOf } from './barrier.layout.ts';
import { broken, corrupt, full, mismatch } from './barrier-errors.ts';
import { type BarrierOptions, partiesOf } from './barrier-options.ts';
import { isDeserted, lookAround, sittersOf } from './barrier-seats.ts';
import { BarrierState } from './barrier-state.ts';
import { type Arrived, type Refusal, reset } from './barrier-word.ts';
import { embedded, named, type Place, Primitive } from './primitive.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  CALLS_PER_TURN,
  signalOf,
  timeoutOf,
} from './wait-options.ts';

/** In the directory. */
const KIND = 6;

export type { BarrierOptions } from './barrier-options.ts';

declare module '../span/span.ts' {
  interface Span {
    /**
     * The barrier of that name; made if there is none. Without options, the one that is there: throws
     * `ERR_MEMSPAN_NOT_FOUND` if there is none. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there for
     * another number of parties, `ERR_MEMSPAN_NO_SPACE`.
     */
    barrier(name: string, options?: BarrierOptions): Barrier;
  }
}

Span.prototype.barrier = function barrier(
  this: Span,
  name: string,
  options?: BarrierOptions,
): Barrier {
  const operation = 'span.barrier';
  const given = options === undefined ? undefined : partiesOf(options, operation);
  const parties = given ?? recorded(this, name, operation);
  const place = named(this, name, {
    operation,
    kind: KIND,
    length: barrierSize(parties),
    options: parties,
    describeOptions: (bits) => JSON.stringify({ parties: bits }),
  });
  return new Barrier(place, parties);
};

/** For how many parties it is there. */
function recorded(span: Span, name: string, operation: string): number {
  const attachment = span.attachment(operation);
  const entry = findObject(attachment, { operation, kind: KIND, name });
  if (entry !== undefined) return partiesOf({ parties: entry.options }, operation);
  throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
    operation,
    object: `${span.name ?? ''}/${name}`,
    cause: 'there is no such barrier yet',
    remedy: 'Say for how many parties it shall be, such as {parties: 4}, and it is made',
  });
}

/**
 * A meeting of a fixed number of parties, again and again: each waits until all have arrived, then all go on, to the next
 * phase. A party is a thread that has called `wait`, `waitAsync` or `join`, until it calls `leave`; one with several
 * tasks that wait at once counts as many. If a party dies, waiting or not, the barrier is broken: nobody waits for who
 * cannot come. A party that is merely paused is waited for.
 */
export class Barrier extends Primitive {
  readonly parties: number;
  readonly #state: BarrierState;
  #calls = 0;

  /** @internal */
  constructor(place: Place, parties: number) {
    super(place);
    const { attachment, offset } = place;
    this.parties = parties;
    this.#state = attachment.local(
      BarrierState,
      offset,
      () => new BarrierState(attachment, offset, parties),
    );
    // Of an embedded one nobody but its users knows.
    if (this.#state.parties !== parties)
      throw mismatch(this.fullName, parties, this.#state.parties);
  }

  /**
   * A barrier embedded in an object of the span, such as `span.bytes`, at a byte offset of the span:
   * `Barrier.sizeOf(options)` bytes, zeros at first. All who use it must give the same options.
   */
  static at(span: Span, offset: number, options: BarrierOptions): Barrier {
    const operation = 'Barrier.at';
    const parties = partiesOf(options, operation);
    return new Barrier(embedded(span, offset, barrierSize(parties), operation), parties);
  }

  /** How many bytes such a barrier takes. */
  static sizeOf(options: BarrierOptions): number {
    return barrierSize(partiesOf(options, 'Barrier.sizeOf'));
  }

  /** How many have arrived in this phase, and wait for the others: a moment's news. */
  get arrived(): number {
    this.check('barrier.arrived');
    return Math.min(countOf(this.#state.word), this.parties);
  }

  /** Counts the phases: one more for each that was completed, two more for each reset. After 524,287 comes 0. */
  get phase(): number {
    this.check('barrier.phase');
    return generationOf(this.#state.word);
  }

  /** Whether `wait` would throw `ERR_MEMSPAN_BROKEN`: a party has died, others live, and nobody has reset it yet. */
  get broken(): boolean {
    this.check('barrier.broken');
    const seating = lookAround(this.#state);
    if (isDeserted(seating)) return false;
    return seating.dead.length > 0 || (this.#state.word & BROKEN) !== 0;
  }

  /** From here on this thread is a party, and its death breaks the barrier. Again is harmless. Throws as `wait` does. */
  join(): void {
    const operation = 'barrier.join';
    this.check(operation);
    const joined = this.#state.join();
    this.check(operation);
    if (typeof joined === 'string') throw this.#refusal(joined, operation);
  }

  /**
   * Blocks until all parties have arrived. Comes back with how many were there before: `parties` − 1 for the one that
   * completed the phase, which exactly one is told; with `timeoutMs`, null when the time is over, and then it has not
   * arrived. Blocks the event loop, too: use `waitAsync` where that matters.
   * Throws `ERR_MEMSPAN_BROKEN` when a party has died, or the barrier is reset, `ERR_MEMSPAN_LIMIT` when there are as many
   * other parties as there can be, `ERR_MEMSPAN_CORRUPT`, `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`.
   */
  wait(): number;
  wait(options: BlockingOptions | undefined): number | null;
  wait(options?: BlockingOptions): number | null {
    const operation = 'barrier.wait';
    const timeoutMs = timeoutOf(options, operation);
    this.check(operation);
    const arrived = this.#arrive(operation);
    if (this.#isCompletedBy(arrived)) return arrived.order;
    const deadline = performance.now() + timeoutMs;
    const check = (): void => this.check(operation);
    return this.#state.block(arrived, deadline, check, () => this.#refusal('broken', operation));
  }

  /** Completes the phase if all the others have arrived, else null, and nothing has changed. Throws as `wait` does. */
  tryWait(): number | null {
    const operation = 'barrier.tryWait';
    this.check(operation);
    const arrived = this.#state.arriveLast();
    this.check(operation);
    if (arrived === 'early') return null;
    if (typeof arrived === 'string') throw this.#refusal(arrived, operation);
    return arrived.order;
  }

  /**
   * Like `wait`, without blocking; each call that is pending counts as a party. It has arrived when this returns. Null when
   * `timeoutMs` is over; rejects with the signal's reason when that is aborted; either way it has not arrived then.
   * A phase that was completed first counts. Keeps the event loop open while pending, and needs no thread of libuv's.
   */
  waitAsync(): Promise<number>;
  waitAsync(options: AsyncOptions & { timeoutMs?: undefined }): Promise<number>;
  waitAsync(options: AsyncOptions | undefined): Promise<number | null>;
  async waitAsync(options?: AsyncOptions): Promise<number | null> {
    const operation = 'barrier.waitAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.check(operation);
    if (signal?.aborted) throw signal.reason;
    const arrived = this.#arrive(operation);
    if (!this.#isCompletedBy(arrived)) {
      const limits = { timeoutMs, signal };
      return this.#state.waitAsync(arrived, limits, () => this.#refusal('broken', operation));
    }
    // The only party of a barrier would live on promises alone.
    this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
    if (this.#calls === 0) await new Promise(setImmediate);
    return arrived.order;
  }

  /**
   * Ends all waits of now with `ERR_MEMSPAN_BROKEN`, forgets the dead, and begins a new phase. Parties stay parties. To be
   * called by one of them, when what the others have left is in order.
   */
  reset(): void {
    const operation = 'barrier.reset';
    this.check(operation);
    reset(this.#state);
    this.check(operation);
  }

  /**
   * From here on this thread is no party: its death breaks nothing, and somebody else can come in its place, as somebody
   * must for the next phase. Tasks of it that wait stay. Again is harmless. Who ends without this has died to the others.
   */
  leave(): void {
    this.check('barrier.leave');
    this.#state.leave();
  }

  #arrive(operation: string): Arrived {
    const arrived = this.#state.arrive();
    // Where the memory was cut off meanwhile, it was zeros that nobody else sees.
    this.check(operation);
    if (typeof arrived === 'string') throw this.#refusal(arrived, operation);
    return arrived;
  }

  #isCompletedBy({ order }: Arrived): boolean {
    if (order < this.parties - 1) return false;
    this.#state.over();
    return true;
  }

  #refusal(why: Refusal, operation: string): MemspanError {
    const subject = { operation, object: this.fullName };
    if (why === 'full') return full(subject, this.parties, this.#describe(sittersOf(this.#state)));
    if (why === 'corrupt') return corrupt(subject, this.parties, countOf(this.#state.word));
    return broken(subject, this.#describe(lookAround(this.#state).dead.map(({ id }) => id)));
  }

  /** Who they are, or were. */
  #describe(ids: readonly number[]): string[] {
    const { view } = this.attachment;
    return [...new Set(ids)].map((id) => {
      const info = view.participant(id);
      return info === undefined ? 'somebody who has left' : `${info.name} (pid ${info.pid})`;
    });
  }
}

defineKind({
  code: KIND,
  name: 'barrier',
  open: (span, { name }) => span.barrier(name),
});
