// Once: something is initialised by one of all who need it, and by another if that one dies or fails.

import { invalidArgument, MemspanError } from '../errors.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { Thread } from '../span/thread.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { lockEvents } from './events.ts';
import { OWNER } from './mutex.layout.ts';
import { isTaken, MutexState } from './mutex-state.ts';
import { Look, take } from './mutex-word.ts';
import { DONE, ONCE_SIZE } from './once.layout.ts';
import { embedded, named, type Place, Primitive } from './primitive.ts';
import { type AsyncOptions, type BlockingOptions, signalOf, timeoutOf } from './wait-options.ts';

/** In the directory. */
const KIND = 8;

declare module '../span/span.ts' {
  interface Span {
    /** The initialisation of that name; made, not begun, if there is none. Throws `ERR_MEMSPAN_NO_SPACE`. */
    once(name: string): Once;
  }
}

Span.prototype.once = function once(this: Span, name: string): Once {
  const place = named(this, name, {
    operation: 'span.once',
    kind: KIND,
    length: ONCE_SIZE,
    options: 0,
    describeOptions: () => 'none',
  });
  return new Once(place);
};

/** What an initialiser is told. */
export interface Initialisation {
  /** One before it died half-way: what it has to make may be there in part. */
  readonly ownerDied: boolean;
}

/** Waiting for it has found that there is nothing to wait for any more. */
const done = new Error('done');

/**
 * Runs one of any number of initialisers, in whichever thread or process comes first; the others wait for it, and
 * go on when it is done. One that dies or throws is replaced by the next; one that is paused is waited for. Where it
 * is done, asking costs one load.
 */
export class Once extends Primitive {
  readonly #state: MutexState;

  /** @internal */
  constructor(place: Place) {
    super(place);
    const { attachment, offset } = place;
    this.#state = attachment.local(
      MutexState,
      offset,
      () => new MutexState(attachment, offset, false),
    );
  }

  /** One embedded in an object of the span, such as `span.bytes`, at a byte offset of the span: four bytes, zeros at first. */
  static at(span: Span, offset: number): Once {
    return new Once(embedded(span, offset, ONCE_SIZE, 'Once.at'));
  }

  /** Once true, it stays so, and what the initialiser has written is visible. */
  get done(): boolean {
    this.check('once.done');
    return this.#isDone;
  }

  /** The thread whose init runs, or one that has died while it ran; null when there is none. */
  get owner(): Thread | null {
    this.check('once.owner');
    const { view } = this.attachment;
    const info = this.#isDone ? undefined : view.participant(this.#state.owner);
    return info === undefined ? null : new Thread(info, view, (look) => look(view));
  }

  /**
   * Comes back when it is done: true when this call's `init` has done it, false when another's has; with `timeoutMs`,
   * null when the time is over (`init` itself takes as long as it takes). Blocks the event loop while another is at it:
   * use `runAsync` where that matters. What `init` throws is thrown, and the next one tries.
   * Throws `ERR_MEMSPAN_DEADLOCK` when this thread is at it already, or when those who are wait for this thread,
   * `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`; a TypeError when `init` returns a promise.
   */
  run(init: (how: Initialisation) => void): boolean;
  run(init: (how: Initialisation) => void, options: BlockingOptions | undefined): boolean | null;
  run(init: (how: Initialisation) => void, options?: BlockingOptions): boolean | null {
    const operation = 'once.run';
    checkInit(init, operation);
    const timeoutMs = timeoutOf(options, operation);
    if (this.#isDone) return false;
    this.check(operation);
    const deadline = performance.now() + timeoutMs;
    const look = this.#state.lock(deadline, () => this.check(operation));
    if (look === Look.mine) throw this.#selfDeadlock(operation);
    return this.#runIfTaken(look, init, operation);
  }

  /** The same, but null when another, or another task of this thread, is at it. */
  tryRun(init: (how: Initialisation) => void): boolean | null {
    const operation = 'once.tryRun';
    checkInit(init, operation);
    if (this.#isDone) return false;
    this.check(operation);
    return this.#runIfTaken(take(this.#state, false), init, operation);
  }

  /**
   * Like `run`, with an `init` that may be asynchronous, and without blocking. Null when `timeoutMs` is over; rejects
   * with the signal's reason when that is aborted: both end the waiting for another, not an `init` that has begun. An
   * `init` that awaits `runAsync` of the same initialisation waits for itself, for ever.
   * Keeps the event loop open while it waits, and needs no thread of libuv's.
   */
  runAsync(init: (how: Initialisation) => unknown): Promise<boolean>;
  runAsync(
    init: (how: Initialisation) => unknown,
    options: AsyncOptions & { timeoutMs?: undefined },
  ): Promise<boolean>;
  runAsync(
    init: (how: Initialisation) => unknown,
    options: AsyncOptions | undefined,
  ): Promise<boolean | null>;
  async runAsync(
    init: (how: Initialisation) => unknown,
    options?: AsyncOptions,
  ): Promise<boolean | null> {
    const operation = 'once.runAsync';
    checkInit(init, operation);
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    if (this.#isDone) return false;
    this.check(operation);
    if (signal?.aborted) throw signal.reason;
    const look = await this.#wait({ timeoutMs, signal });
    if (look === null) return null;
    if (!isTaken(look)) return false;
    const ownerDied = this.#begin(look, operation);
    try {
      await init({ ownerDied });
    } catch (error) {
      this.#fail(ownerDied);
      throw error;
    }
    this.#finish(operation);
    return true;
  }

  async #wait(limits: Parameters<MutexState['lockAsync']>[0]): Promise<Look | null> {
    try {
      return await this.#state.lockAsync(limits, () => done);
    } catch (error) {
      if (error === done) return Look.unrecoverable;
      throw error;
    }
  }

  get #isDone(): boolean {
    return (load(this.#state.words, this.#state.index) & DONE) !== 0;
  }

  #runIfTaken(
    look: Look,
    init: (how: Initialisation) => unknown,
    operation: string,
  ): boolean | null {
    if (look === Look.unrecoverable) return false;
    if (!isTaken(look)) return null;
    const ownerDied = this.#begin(look, operation);
    try {
      // step: once-before-init
      const result = init({ ownerDied });
      // step: once-after-init
      if (isPromise(result)) {
        throw invalidArgument(`${operation}: init has returned a promise; use runAsync`);
      }
    } catch (error) {
      this.#fail(ownerDied);
      throw error;
    }
    this.#finish(operation);
    return true;
  }

  /** Whether a predecessor died. Throws when what was taken are zeros that nobody else sees. */
  #begin(look: Look, operation: string): boolean {
    const ownerDied = look === Look.takenDied;
    if (this.#state.status[0] !== 0) {
      this.#fail(ownerDied);
      this.check(operation);
    }
    if (ownerDied && lockEvents.abandoned.hasSubscribers) {
      lockEvents.abandoned.publish(this.#event());
    }
    return ownerDied;
  }

  /** Gives it up as it was: the next one tries. */
  #fail(ownerDied: boolean): void {
    // What was begun when the span was closed is somebody else's by now.
    if (this.#state.status[0] !== 0) return;
    if (ownerDied) this.#state.unlockDied();
    else this.#state.unlock();
  }

  #finish(operation: string): void {
    const { words, index, id, waiting } = this.#state;
    for (;;) {
      const word = load(words, index);
      if ((word & OWNER) !== id) {
        this.check(operation);
        throw this.#notHeld(operation);
      }
      // step: once-before-done
      if (compareExchange(words, index, word, DONE) === word) break;
    }
    // step: once-done
    waiting.ringAll(index);
    this.check(operation);
  }

  #selfDeadlock(operation: string): MemspanError {
    if (lockEvents.deadlock.hasSubscribers) lockEvents.deadlock.publish(this.#event());
    return new MemspanError('ERR_MEMSPAN_DEADLOCK', {
      operation,
      object: this.fullName,
      cause: 'its init runs in this thread already, which would wait for itself',
      remedy: 'Do not ask for it while making it, or use runAsync in another task',
    });
  }

  #notHeld(operation: string): MemspanError {
    return new MemspanError('ERR_MEMSPAN_NOT_HELD', {
      operation,
      object: this.fullName,
      cause: 'its word no longer says that this thread is at it: somebody has written over it',
      remedy: 'Look for who writes to the span without knowing its format',
    });
  }

  #event() {
    return { kind: 'once', name: this.name, fullName: this.fullName };
  }
}

function checkInit(init: unknown, operation: string): void {
  if (typeof init === 'function') return;
  throw invalidArgument(`${operation} takes a function that initialises`);
}

function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

defineKind({ code: KIND, name: 'once', open: (span, { name }) => span.once(name) });
