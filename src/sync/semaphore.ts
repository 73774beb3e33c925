// Semaphore: so many at a time, across threads and processes, first come, first served.

import { invalidArgument, MemspanError, optionsMismatch, outOfRange } from '../errors.ts';
import { findObject } from '../span/directory.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { lockEvents } from './events.ts';
import { Permit } from './permit.ts';
import { embedded, named, type Place, Primitive } from './primitive.ts';
import { QuickCount } from './quick-count.ts';
import { notHeld, overflow } from './semaphore-errors.ts';
import {
  agree,
  encode,
  factsOf,
  lengthOf,
  recorded,
  type SemaphoreFacts,
  type SemaphoreOptions,
} from './semaphore-options.ts';
import { SemaphoreState, type Taken } from './semaphore-state.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  CALLS_PER_TURN,
  signalOf,
  timeoutOf,
} from './wait-options.ts';

/** In the directory. */
const KIND = 3;

export type { SemaphoreOptions } from './semaphore-options.ts';

declare module '../span/span.ts' {
  interface Span {
    /**
     * The semaphore of that name; made if there is none. Without options, the one that is there: throws
     * `ERR_MEMSPAN_NOT_FOUND` if there is none. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there with
     * other options, `ERR_MEMSPAN_NO_SPACE`.
     */
    semaphore(name: string, options?: SemaphoreOptions): Semaphore;
  }
}

Span.prototype.semaphore = function semaphore(
  this: Span,
  name: string,
  options?: SemaphoreOptions,
): Semaphore {
  const operation = 'span.semaphore';
  const given = options === undefined ? undefined : factsOf(options, operation);
  const attachment = this.attachment(operation);
  const { words } = attachment.view;
  const entry = findObject(attachment, { operation, kind: KIND, name });
  const subject = { operation, object: `${this.name ?? ''}/${name}` };
  const there = entry && recorded(words, entry.offset, entry.options);
  const facts = given ?? there;
  if (facts === undefined) {
    throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
      ...subject,
      cause: 'there is no such semaphore yet',
      remedy: 'Say what it shall be, such as {initial: 3}, and it is made',
    });
  }
  if (there && (there.max !== facts.max || there.undo !== facts.undo)) {
    throw optionsMismatch(subject, facts, there);
  }
  const place = named(this, name, {
    operation,
    kind: KIND,
    length: lengthOf(facts),
    options: encode(facts),
    describeOptions: (bits) => JSON.stringify({ undo: bits !== 0 }),
  });
  agree(words, place.offset, facts, subject);
  return new Semaphore(place, facts);
};

/**
 * A number of permits. Who takes one when there is none waits, and permits go to those who have waited longest.
 * Acquiring and releasing while there are permits is one compare-exchange each (with undo, a few), without a system call.
 * Waiters that die, however they die, are passed over; a paused one keeps its place, and the permit that is its turn.
 */
export class Semaphore extends Primitive {
  readonly initial: number;
  readonly max: number;
  readonly undo: boolean;
  readonly #state: SemaphoreState;
  /** Null with undo. */
  readonly #quick: QuickCount | null;
  readonly #status: Uint32Array;
  #calls = 0;
  readonly #releaseOne = (): void => this.#release();

  /** @internal */
  constructor(place: Place, facts: SemaphoreFacts) {
    super(place);
    const { attachment, offset } = place;
    this.initial = facts.initial;
    this.max = facts.max;
    this.undo = facts.undo;
    this.#state = attachment.local(
      SemaphoreState,
      offset,
      () => new SemaphoreState(attachment, offset, facts),
    );
    const { words } = attachment.view;
    this.#quick = facts.undo ? null : new QuickCount(words, offset / 4, facts.initial, facts.max);
    this.#status = attachment.view.status;
  }

  /**
   * A semaphore embedded in an object of the span, such as `span.bytes`, at a byte offset of the span:
   * `Semaphore.sizeOf(options)` bytes, zeros at first. All who use it must give the same options.
   */
  static at(span: Span, offset: number, options: SemaphoreOptions): Semaphore {
    const operation = 'Semaphore.at';
    const facts = factsOf(options, operation);
    const place = embedded(span, offset, lengthOf(facts), operation);
    const object = `${span.name ?? ''}/${place.name}`;
    agree(place.attachment.view.words, offset, facts, { operation, object });
    return new Semaphore(place, facts);
  }

  /** How many bytes such a semaphore takes. */
  static sizeOf(options: SemaphoreOptions): number {
    return lengthOf(factsOf(options, 'Semaphore.sizeOf'));
  }

  /** How many permits are free: a moment's news, and never above `max`. */
  get value(): number {
    this.check('semaphore.value');
    return this.#state.value;
  }

  /**
   * Blocks until there is a permit for this thread; with `timeoutMs`, null when the time is over. Blocks the event
   * loop, too: use `acquireAsync` where that matters. Throws `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`.
   */
  acquire(): Permit;
  acquire(options: BlockingOptions | undefined): Permit | null;
  acquire(options?: BlockingOptions): Permit | null {
    const operation = 'semaphore.acquire';
    const timeoutMs = timeoutOf(options, operation);
    if (this.#takeQuickly()) return new Permit(this, this.#releaseOne);
    return this.#acquireSlowly(timeoutMs, operation);
  }

  // A closure in `acquire` itself would cost each call an allocation.
  #acquireSlowly(timeoutMs: number, operation: string): Permit | null {
    this.check(operation);
    const start = this.#request();
    const taken =
      this.#state.take(null, false) ??
      this.#state.block(performance.now() + timeoutMs, () => this.check(operation));
    return taken === null ? null : this.#permit(taken, start);
  }

  /** Takes a permit if there is one that nobody waits for, else null. Throws as `acquire` does. */
  tryAcquire(): Permit | null {
    if (this.#takeQuickly()) return new Permit(this, this.#releaseOne);
    this.check('semaphore.tryAcquire');
    const start = this.#request();
    const taken = this.#state.take(null, false);
    return taken === null ? null : this.#permit(taken, start);
  }

  /**
   * Like `acquire`, without blocking. Null when `timeoutMs` is over; rejects with the signal's reason when that is
   * aborted. Keeps the event loop open while pending, and needs no thread of libuv's.
   */
  acquireAsync(): Promise<Permit>;
  acquireAsync(options: AsyncOptions & { timeoutMs?: undefined }): Promise<Permit>;
  acquireAsync(options: AsyncOptions | undefined): Promise<Permit | null>;
  async acquireAsync(options?: AsyncOptions): Promise<Permit | null> {
    const operation = 'semaphore.acquireAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.check(operation);
    if (signal?.aborted) throw signal.reason;
    let permit: Permit;
    if (this.#takeQuickly()) permit = new Permit(this, this.#releaseOne);
    else {
      const start = this.#request();
      const taken = this.#state.take(null, false);
      if (taken === null) {
        const late = await this.#state.waitAsync({ timeoutMs, signal });
        return late === null ? null : this.#permit(late, start);
      }
      permit = this.#permit(taken, start);
    }
    this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
    if (this.#calls === 0) await new Promise(setImmediate);
    return permit;
  }

  /**
   * Adds `count` permits, whoever has taken any: of two threads, one may acquire and the other release. With `undo` it
   * gives back this thread's own, the earliest first. Wakes those whose turn it is. Throws, and has done nothing then,
   * `ERR_MEMSPAN_OVERFLOW` when there would be more than `max`, `ERR_MEMSPAN_NOT_HELD` with `undo` when this
   * thread has fewer.
   */
  release(count = 1): void {
    if (count === 1 && this.#giveQuickly()) return;
    const operation = 'semaphore.release';
    if (typeof count !== 'number') {
      throw invalidArgument(`${operation} takes a number of permits, not ${typeof count}`);
    }
    if (!Number.isInteger(count) || count < 1) {
      throw outOfRange(`${operation}: count is a whole number from 1 up, not ${count}`);
    }
    this.check(operation);
    if (!this.undo) {
      this.#add(count);
      return;
    }
    const mine = [...this.#state.permits.values()];
    if (mine.length < count) throw notHeld(this.fullName, count, mine.length);
    for (const permit of mine.slice(0, count)) permit.release();
  }

  /** Takes one permit, when that needs nothing but an exchange of the word, the usual case. */
  #takeQuickly(): boolean {
    if (lockEvents.request.hasSubscribers || lockEvents.grant.hasSubscribers) return false;
    // The memory's status comes after: where it is closed or gone, the exchange has done no harm.
    return this.#quick?.take() === true && this.#status[0] === 0;
  }

  /** Gives one back, likewise. */
  #giveQuickly(): boolean {
    if (lockEvents.release.hasSubscribers) return false;
    return this.#quick?.give() === true && this.#status[0] === 0;
  }

  #release(): void {
    // What was held when the span was closed is nobody's by now.
    if (this.#status[0] === 0 && !this.#giveQuickly()) this.#add(1);
  }

  #add(count: number): void {
    this.#tell();
    if (this.#state.add(count)) return;
    // In memory that is gone there are zeros: as many permits as at first.
    this.check('semaphore.release');
    throw overflow(this.fullName, count, this.max);
  }

  /** With undo. */
  #give(taken: Taken): void {
    if (this.#status[0] !== 0) return;
    this.#tell();
    if (!this.#state.give(taken) && this.#status[0] === 0) throw notHeld(this.fullName, 1, 0);
  }

  #permit(taken: Taken, start: number): Permit {
    if (this.#status[0] !== 0) {
      // The memory was cut off meanwhile: what was taken are zeros that nobody else sees.
      this.#state.give(taken);
      this.check('semaphore.acquire');
    }
    if (lockEvents.grant.hasSubscribers) {
      lockEvents.grant.publish({ ...this.#event(), waitedMs: performance.now() - start });
    }
    if (!this.undo) return new Permit(this, this.#releaseOne);
    const permit = new Permit(this, () => this.#give(taken));
    this.#state.permits.set(taken, permit);
    return permit;
  }

  #request(): number {
    if (lockEvents.request.hasSubscribers) lockEvents.request.publish(this.#event());
    return performance.now();
  }

  #tell(): void {
    if (lockEvents.release.hasSubscribers) lockEvents.release.publish(this.#event());
  }

  #event() {
    return { kind: 'semaphore', name: this.name, fullName: this.fullName };
  }
}

defineKind({
  code: KIND,
  name: 'semaphore',
  open: (span, { name }) => span.semaphore(name),
});
