// Mutex: one at a time, across threads and processes, and across the deaths of its owners.

import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { Thread } from '../span/thread.ts';
import { compareExchange } from '../word/atomics.ts';
import { lockEvents } from './events.ts';
import { MUTEX_SIZE } from './mutex.layout.ts';
import { notHeld, selfDeadlock, unrecoverable } from './mutex-errors.ts';
import { type Holding, MutexGuard } from './mutex-guard.ts';
import { decode, encode, type MutexOptions } from './mutex-options.ts';
import { MutexState } from './mutex-state.ts';
import { Look, markConsistent, take } from './mutex-word.ts';
import { embedded, named, type Place, Primitive } from './primitive.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  CALLS_PER_TURN,
  signalOf,
  timeoutOf,
} from './wait-options.ts';

/** In the directory. */
const KIND = 2;

export type { MutexOptions } from './mutex-options.ts';

declare module '../span/span.ts' {
  interface Span {
    /**
     * The mutex of that name; made if there is none. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there
     * with other options (`recover` is each one's own), `ERR_MEMSPAN_NO_SPACE`.
     */
    mutex(name: string, options?: MutexOptions): Mutex;
  }
}

Span.prototype.mutex = function mutex(this: Span, name: string, options: MutexOptions = {}): Mutex {
  const operation = 'span.mutex';
  const place = named(this, name, {
    operation,
    kind: KIND,
    length: MUTEX_SIZE,
    options: encode(options, operation),
    describeOptions: (bits) => JSON.stringify(decode(bits)),
  });
  return new Mutex(place, options);
};

/**
 * Owned by one thread at a time. Locking and unlocking it while nobody else wants it is one compare-exchange each,
 * without a system call. An owner that dies, however it dies, gives way to the next one, who is told; an owner that is paused
 * keeps it.
 */
export class Mutex extends Primitive {
  readonly #state: MutexState;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #id: number;
  readonly #status: Uint32Array;
  readonly #options: MutexOptions;
  #calls = 0;
  readonly #holding: Holding = {
    release: () => this.#release(),
    markConsistent: () => markConsistent(this.#state),
    suspend: () => {
      const { depth } = this.#state;
      this.#state.depth = 0;
      this.#release();
      return depth;
    },
    resume: (depth) => {
      this.#state.depth = depth;
    },
  };

  /** @internal */
  constructor(place: Place, options: MutexOptions) {
    super(place);
    const { attachment, offset } = place;
    const fair = options.fair === true;
    const state = attachment.local(
      MutexState,
      offset,
      () => new MutexState(attachment, offset, fair),
    );
    this.#options = options;
    this.#state = state;
    this.#words = state.words;
    this.#index = state.index;
    this.#id = state.id;
    this.#status = state.status;
  }

  /**
   * A mutex embedded in an object of the span, such as `span.bytes`, at a byte offset of the span: four bytes,
   * zeros at first. All who use it must give the same options.
   */
  static at(span: Span, offset: number, options: MutexOptions = {}): Mutex {
    const operation = 'Mutex.at';
    encode(options, operation);
    return new Mutex(embedded(span, offset, MUTEX_SIZE, operation), options);
  }

  /** The thread that holds it, dead or alive; null when it is free. */
  get owner(): Thread | null {
    this.check('mutex.owner');
    const { view } = this.attachment;
    const info = view.participant(this.#state.owner);
    return info === undefined ? null : new Thread(info, view, (look) => look(view));
  }

  /**
   * Blocks until it is taken; with `timeoutMs`, null when the time is over. Blocks the event loop, too: use
   * `lockAsync` where that matters.
   * Throws `ERR_MEMSPAN_DEADLOCK` when this thread holds it already (unless it is recursive) or when those who would have to
   * give it up wait for this thread, `ERR_MEMSPAN_NOT_RECOVERABLE`, `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`.
   */
  lock(): MutexGuard;
  lock(options: BlockingOptions | undefined): MutexGuard | null;
  lock(options?: BlockingOptions): MutexGuard | null {
    const timeoutMs = timeoutOf(options, 'mutex.lock');
    if (this.#isQuick('mutex.lock')) return new MutexGuard(this, this.#holding, false);
    return this.#lockSlowly(timeoutMs);
  }

  /** Takes it if that is possible at once, else null. Throws as `lock` does, but for a deadlock. */
  tryLock(): MutexGuard | null {
    if (this.#isQuick('mutex.tryLock')) return new MutexGuard(this, this.#holding, false);
    return this.#lock('mutex.tryLock', () => take(this.#state, false));
  }

  /** True when it was free, the memory is sound, and nobody wants to hear of it: the usual case. */
  #isQuick(operation: string): boolean {
    const isTaken =
      !lockEvents.request.hasSubscribers &&
      !lockEvents.grant.hasSubscribers &&
      compareExchange(this.#words, this.#index, 0, this.#id) === 0;
    // Once, and after: in memory that is closed or gone it has done no harm.
    if (isTaken && this.#status[0] !== 0) this.#refuse(false, operation);
    return isTaken;
  }

  // A closure in `lock` itself would cost each call an allocation.
  #lockSlowly(timeoutMs: number): MutexGuard | null {
    return this.#lock('mutex.lock', () =>
      this.#state.lock(performance.now() + timeoutMs, () => this.check('mutex.lock')),
    );
  }

  #lock(operation: string, attempt: () => Look): MutexGuard | null {
    this.check(operation);
    const start = this.#request();
    const look = attempt();
    if (look === Look.held) return null;
    if (look === Look.mine) {
      if (this.#options.recursive === true) this.#state.depth++;
      else if (operation === 'mutex.tryLock') return null;
      else throw this.#selfDeadlock(operation);
    }
    if (look === Look.unrecoverable) throw unrecoverable(operation, this.fullName);
    return this.#granted(look === Look.takenDied, start);
  }

  /**
   * Like `lock`, without blocking: tasks of one thread queue up behind each other, also behind a lock that this
   * thread holds. Null when `timeoutMs` is over; rejects with the signal's reason when that is aborted.
   * Keeps the event loop open while pending, and needs no thread of libuv's.
   */
  lockAsync(): Promise<MutexGuard>;
  lockAsync(options: AsyncOptions & { timeoutMs?: undefined }): Promise<MutexGuard>;
  lockAsync(options: AsyncOptions | undefined): Promise<MutexGuard | null>;
  async lockAsync(options?: AsyncOptions): Promise<MutexGuard | null> {
    const operation = 'mutex.lockAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.check(operation);
    if (signal?.aborted) throw signal.reason;
    // Nobody is passed over: who waits, here or elsewhere, has marked the word.
    if (this.#isQuick(operation)) {
      const guard = new MutexGuard(this, this.#holding, false);
      this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
      if (this.#calls === 0) await new Promise(setImmediate);
      return guard;
    }
    const start = this.#request();
    const look = await this.#state.lockAsync({ timeoutMs, signal }, () =>
      unrecoverable(operation, this.fullName),
    );
    return look === null ? null : this.#granted(look === Look.takenDied, start);
  }

  #selfDeadlock(operation: string): Error {
    if (lockEvents.deadlock.hasSubscribers) lockEvents.deadlock.publish(this.#event());
    return selfDeadlock(operation, this.fullName);
  }

  #request(): number {
    if (lockEvents.request.hasSubscribers) lockEvents.request.publish(this.#event());
    return performance.now();
  }

  /** Makes the guard; repairs first when the last owner died. */
  #granted(died: boolean, start: number): MutexGuard {
    if (this.#status[0] !== 0) this.#refuse(died);
    if (died) this.#abandoned();
    if (lockEvents.grant.hasSubscribers) {
      lockEvents.grant.publish({ ...this.#event(), waitedMs: performance.now() - start });
    }
    return new MutexGuard(this, this.#holding, died);
  }

  /** The memory was cut off meanwhile: what was taken are zeros that nobody else sees. */
  #refuse(died: boolean, operation = 'mutex.lock'): void {
    if (died) this.#state.unlockDied();
    else this.#state.unlock();
    this.check(operation);
  }

  #abandoned(): void {
    if (lockEvents.abandoned.hasSubscribers) lockEvents.abandoned.publish(this.#event());
    const { recover } = this.#options;
    if (recover === undefined) return;
    try {
      // step: recover-before
      recover();
      // step: recover-after
    } catch (error) {
      this.#state.unlockDied();
      throw error;
    }
    markConsistent(this.#state);
    // step: recover-consistent
  }

  #release(): void {
    const state = this.#state;
    // What was held when the span was closed is somebody else's by now.
    if (this.#status[0] !== 0) return;
    // Before the grant of the next task of this thread, which is part of unlocking.
    if (lockEvents.release.hasSubscribers && state.owner === state.id) {
      lockEvents.release.publish(this.#event());
    }
    if (state.depth > 0) {
      state.depth--;
      return;
    }
    if (!state.unlock() && this.#status[0] === 0) throw notHeld(this.fullName);
  }

  #event() {
    return { kind: 'mutex', name: this.name, fullName: this.fullName };
  }
}

defineKind({
  code: KIND,
  name: 'mutex',
  open: (span, { name, options }) => span.mutex(name, decode(options)),
});
