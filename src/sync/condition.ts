// Condition: waiting, with a mutex released meanwhile, until somebody says that what it guards has changed.

import { invalidArgument, MemspanError } from '../errors.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import type { Ticket } from '../span/waiting.ts';
import { CONDITION_SIZE } from './condition.layout.ts';
import { ConditionState } from './condition-state.ts';
import { MutexGuard, type Suspended } from './mutex-guard.ts';
import { embedded, named, type Place, Primitive } from './primitive.ts';
import { type AsyncOptions, type BlockingOptions, signalOf, timeoutOf } from './wait-options.ts';

/** In the directory. */
const KIND = 5;

declare module '../span/span.ts' {
  interface Span {
    /** The condition of that name; made if there is none. Throws `ERR_MEMSPAN_NO_SPACE`. */
    condition(name: string): Condition;
  }
}

Span.prototype.condition = function condition(this: Span, name: string): Condition {
  const operation = 'span.condition';
  const place = named(this, name, {
    operation,
    kind: KIND,
    length: CONDITION_SIZE,
    options: 0,
    describeOptions: () => 'none',
  });
  return new Condition(place);
};

/**
 * Used with a mutex that all its users have agreed on: hold it, look at the data, and while that is not as it should
 * be, `wait`. Who changes the data holds the mutex, too, and notifies (before or after it releases).
 *
 * `notifyOne` lets the one go on that has waited longest; if that one dies before it could, the next. Nobody goes on
 * without having been notified, but the data may have changed again until it has the mutex: look again, in a loop
 * (pthread_cond_wait(3p)).
 */
export class Condition extends Primitive {
  readonly #state: ConditionState;

  /** @internal */
  constructor(place: Place) {
    super(place);
    const { attachment, offset } = place;
    this.#state = attachment.local(
      ConditionState,
      offset,
      () => new ConditionState(attachment, offset),
    );
  }

  /**
   * A condition embedded in an object of the span, such as `span.bytes`, at a byte offset of the span: four bytes,
   * zeros at first.
   */
  static at(span: Span, offset: number): Condition {
    return new Condition(embedded(span, offset, CONDITION_SIZE, 'Condition.at'));
  }

  /** How many wait, tasks and threads: a moment's news. */
  get waiters(): number {
    this.check('condition.waiters');
    return this.#state.waiters;
  }

  /**
   * Releases the guard's mutex, blocks until notified, and locks it again, which may take longer than `timeoutMs`.
   * True when it was notified, null when the time was over; the guard holds the mutex either way, and its `ownerDied` says
   * what it would say of a new one. Blocks the event loop, too: use `waitAsync` where that matters.
   * Throws `ERR_MEMSPAN_NOT_HELD` for a guard that holds nothing, `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`; and what
   * `mutex.lock` throws, without the mutex then.
   */
  wait(guard: MutexGuard): true;
  wait(guard: MutexGuard, options: BlockingOptions | undefined): true | null;
  wait(guard: MutexGuard, options?: BlockingOptions): true | null {
    const operation = 'condition.wait';
    const timeoutMs = timeoutOf(options, operation);
    this.#checkGuard(guard, operation);
    const deadline = performance.now() + timeoutMs;
    const { ticket, suspended } = this.#begin(guard, true, operation);
    const state = this.#state;
    try {
      for (;;) {
        const inTime = state.block(ticket, deadline, () => this.check(operation));
        // step: condition-before-lock
        const fresh = guard.mutex.lock();
        // step: condition-locked
        if (inTime && isTooLate(state, ticket, fresh)) continue;
        const isNotified = state.finish(ticket);
        // step: condition-finished
        guard.resume(fresh, suspended);
        return isNotified || inTime ? true : null;
      }
    } catch (error) {
      state.giveUp(ticket);
      throw error;
    }
  }

  /**
   * Like `wait`, without blocking. Rejects with the signal's reason when that is aborted, once the guard holds the mutex
   * again. Keeps the event loop open while pending, and needs no thread of libuv's. Throws `ERR_MEMSPAN_LIMIT`, too: a
   * thread waits for at most 95 things at once.
   */
  waitAsync(guard: MutexGuard): Promise<true>;
  waitAsync(guard: MutexGuard, options: AsyncOptions & { timeoutMs?: undefined }): Promise<true>;
  waitAsync(guard: MutexGuard, options: AsyncOptions | undefined): Promise<true | null>;
  async waitAsync(guard: MutexGuard, options?: AsyncOptions): Promise<true | null> {
    const operation = 'condition.waitAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.#checkGuard(guard, operation);
    if (signal?.aborted) throw signal.reason;
    const deadline = performance.now() + timeoutMs;
    const { ticket, suspended } = this.#begin(guard, false, operation);
    const state = this.#state;
    try {
      for (;;) {
        const limits = { timeoutMs: deadline - performance.now(), signal };
        const inTime = await state.turn(ticket, limits);
        // step: condition-before-lock
        const fresh = await guard.mutex.lockAsync();
        // step: condition-locked
        if (inTime && isTooLate(state, ticket, fresh)) continue;
        const isNotified = state.finish(ticket);
        // step: condition-finished
        guard.resume(fresh, suspended);
        return isNotified || inTime ? true : null;
      }
    } catch (error) {
      state.giveUp(ticket);
      if (signal?.aborted && error === signal.reason) {
        const fresh = await guard.mutex.lockAsync();
        state.tidy();
        guard.resume(fresh, suspended);
      }
      throw error;
    }
  }

  /** Can be notified from now on, and gives up the mutex. */
  #begin(guard: MutexGuard, blocking: boolean, operation: string): Begun {
    const ticket = this.#state.begin(blocking);
    if (ticket === null) throw tooMany(operation, this.fullName);
    try {
      const suspended = guard.suspend() as Suspended;
      // step: condition-released
      return { ticket, suspended };
    } catch (error) {
      this.#state.giveUp(ticket);
      throw error;
    }
  }

  #checkGuard(guard: unknown, operation: string): asserts guard is MutexGuard {
    if (!(guard instanceof MutexGuard)) {
      throw invalidArgument(`${operation} takes the guard of a mutex that is held`);
    }
    this.check(operation);
    if (guard.held) return;
    throw new MemspanError('ERR_MEMSPAN_NOT_HELD', {
      operation,
      object: guard.mutex.fullName,
      cause: 'the guard has been released',
      remedy: 'Lock the mutex first, and wait with its guard',
    });
  }

  /** Lets the one go on that has waited longest. True when somebody waited. */
  notifyOne(): boolean {
    this.check('condition.notifyOne');
    return this.#state.notify(1) > 0;
  }

  /** Lets all go on who wait now; how many that are. */
  notifyAll(): number {
    this.check('condition.notifyAll');
    return this.#state.notify(Number.POSITIVE_INFINITY);
  }
}

interface Begun {
  readonly ticket: Ticket;
  readonly suspended: Suspended;
}

/**
 * Somebody has taken it meanwhile: this thread itself, which blocked while one of its tasks had its turn. Not when the
 * owner has died, which this one has to be told.
 */
function isTooLate(state: ConditionState, ticket: Ticket, fresh: MutexGuard): boolean {
  if (fresh.ownerDied || state.isTurn(ticket)) return false;
  fresh.release();
  return true;
}

function tooMany(operation: string, object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_LIMIT', {
    operation,
    object,
    cause: 'this thread waits for as many things at once as it can',
    remedy: 'Wait for less at a time, or in several threads',
  });
}

defineKind({
  code: KIND,
  name: 'condition',
  open: (span, { name }) => span.condition(name),
});
