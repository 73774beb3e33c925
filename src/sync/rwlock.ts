// RwLock: many readers or one writer, across threads and processes, and across their deaths.

import { invalidArgument } from '../errors.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { Thread } from '../span/thread.ts';
import { lockEvents } from './events.ts';
import { unrecoverable } from './mutex-errors.ts';
import { embedded, named, type Place, Primitive } from './primitive.ts';
import { RWLOCK_SIZE } from './rwlock.layout.ts';
import { selfDeadlock, tooManyReads } from './rwlock-errors.ts';
import { RwGrants } from './rwlock-grants.ts';
import type { ReadGuard, WriteGuard } from './rwlock-guard.ts';
import { isTaken, RwLockState, type Use } from './rwlock-state.ts';
import { Look } from './rwlock-word.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  CALLS_PER_TURN,
  signalOf,
  timeoutOf,
} from './wait-options.ts';

/** In the directory. */
const KIND = 4;

export interface RwLockOptions {
  /**
   * Repairs what the lock guards after a writer has died writing: called by the next one, reader or writer, which
   * is alone with the data, before its call returns. When it throws, so does that call, and the one after that is called.
   */
  recover?: (() => void) | undefined;
}

declare module '../span/span.ts' {
  interface Span {
    /** The reader-writer lock of that name; made if there is none. Throws `ERR_MEMSPAN_NO_SPACE`. */
    rwlock(name: string, options?: RwLockOptions): RwLock;
  }
}

Span.prototype.rwlock = function rwlock(
  this: Span,
  name: string,
  options: RwLockOptions = {},
): RwLock {
  const operation = 'span.rwlock';
  checkOptions(options, operation);
  const place = named(this, name, {
    operation,
    kind: KIND,
    length: RWLOCK_SIZE,
    options: 0,
    describeOptions: () => 'none',
  });
  return new RwLock(place, options);
};

/** @internal */
export function checkOptions(options: unknown, operation: string): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`${operation}: options are an object such as {recover: () => …}`);
  }
  const { recover } = options as RwLockOptions;
  if (recover !== undefined && typeof recover !== 'function') {
    throw invalidArgument(`${operation}: recover is a function`);
  }
}

/**
 * Held by any number of readers, or by one writer. To read and to stop reading write only to the thread's own cache line,
 * so readers do not slow each other down, and take no system call while no writer is there. Writers are preferred: once
 * one waits, it waits only for those who read already. A reader that dies is skipped; a writer that dies gives way to the next one,
 * which is told; who is paused keeps what it has.
 */
export class RwLock extends Primitive {
  readonly #state: RwLockState;
  readonly #grants: RwGrants;
  #calls = 0;

  /** @internal */
  constructor(place: Place, { recover }: RwLockOptions) {
    super(place);
    const { attachment, offset } = place;
    this.#state = attachment.local(RwLockState, offset, () => {
      return new RwLockState(attachment, offset, () => tooManyReads(this.fullName));
    });
    this.#grants = new RwGrants(this, this.#state, recover, (operation) => this.check(operation));
  }

  /**
   * A lock embedded in an object of the span, such as `span.bytes`, at a byte offset of the span: four bytes, zeros
   * at first.
   */
  static at(span: Span, offset: number, options: RwLockOptions = {}): RwLock {
    const operation = 'RwLock.at';
    checkOptions(options, operation);
    return new RwLock(embedded(span, offset, RWLOCK_SIZE, operation), options);
  }

  /** The thread that writes, dead or alive; null when none does, or one waits for the readers to leave. */
  get owner(): Thread | null {
    this.check('rwlock.owner');
    const thread = this.#thread(this.#state.writer);
    // Once more: what was read from memory that is gone would be zeros.
    this.check('rwlock.owner');
    return thread;
  }

  /** The living threads that read. */
  get readers(): Thread[] {
    this.check('rwlock.readers');
    const { reads, index } = this.#state;
    const threads = reads.readers(index).map((id) => this.#thread(id));
    this.check('rwlock.readers');
    return threads.filter((thread) => thread !== null);
  }

  #thread(id: number): Thread | null {
    const { view } = this.attachment;
    const info = view.participant(id);
    return info === undefined ? null : new Thread(info, view, (look) => look(view));
  }

  /**
   * Blocks until no writer has it; with `timeoutMs`, null when the time is over. Blocks the event loop, too: use
   * `readAsync` where that matters. Never waits when this thread reads already.
   * Throws `ERR_MEMSPAN_DEADLOCK` when this thread writes, or when those who would have to give it up wait for this
   * thread, `ERR_MEMSPAN_NOT_RECOVERABLE`, `ERR_MEMSPAN_LIMIT` when this thread reads 47 other locks, `ERR_MEMSPAN_CLOSED`,
   * `ERR_MEMSPAN_TRUNCATED`.
   */
  read(): ReadGuard;
  read(options: BlockingOptions | undefined): ReadGuard | null;
  read(options?: BlockingOptions): ReadGuard | null {
    const timeoutMs = timeoutOf(options, 'rwlock.read');
    return this.#isQuick() ? this.#grants.quickly : this.#readSlowly(timeoutMs);
  }

  /** Reads if that is possible at once, else null. Throws as `read` does, but for a deadlock. */
  tryRead(): ReadGuard | null {
    if (this.#isQuick()) return this.#grants.quickly;
    return this.#try(
      'rwlock.tryRead',
      () => this.#readAgain() ?? this.#state.tryRead(),
      this.#grants.read,
    );
  }

  /**
   * Like `read`, without blocking: tasks of one thread queue up behind each other. Null when `timeoutMs` is over;
   * rejects with the signal's reason when that is aborted. When a writer waits, it waits for that one, also if other
   * tasks of this thread read. Keeps the event loop open while pending, and needs no thread of libuv's.
   */
  readAsync(): Promise<ReadGuard>;
  readAsync(options: AsyncOptions & { timeoutMs?: undefined }): Promise<ReadGuard>;
  readAsync(options: AsyncOptions | undefined): Promise<ReadGuard | null>;
  readAsync(options?: AsyncOptions): Promise<ReadGuard | null> {
    return this.#async('read', options, this.#grants.read);
  }

  /**
   * Blocks until nobody else has it; with `timeoutMs`, null when the time is over: see `read`. Throws
   * `ERR_MEMSPAN_DEADLOCK` also when this thread reads.
   */
  write(): WriteGuard;
  write(options: BlockingOptions | undefined): WriteGuard | null;
  write(options?: BlockingOptions): WriteGuard | null {
    const operation = 'rwlock.write';
    const timeoutMs = timeoutOf(options, operation);
    if (!isHeard()) {
      const look = this.#state.writeFree();
      if (isTaken(look)) return this.#grants.write(look, 0);
    }
    return this.#writeSlowly(timeoutMs, operation);
  }

  // A closure in `write` itself would cost each call an allocation.
  #writeSlowly(timeoutMs: number, operation: string): WriteGuard | null {
    this.check(operation);
    if (this.#state.reader.count > 0) throw this.#selfDeadlock(operation, false);
    return this.#try(operation, () => this.#block('write', timeoutMs), this.#grants.write);
  }

  /** Takes it if that is possible at once, else null. Throws as `write` does, but for a deadlock. */
  tryWrite(): WriteGuard | null {
    return this.#try('rwlock.tryWrite', () => this.#state.tryWrite(), this.#grants.write);
  }

  /** Like `write`, without blocking: see `readAsync`. */
  writeAsync(): Promise<WriteGuard>;
  writeAsync(options: AsyncOptions & { timeoutMs?: undefined }): Promise<WriteGuard>;
  writeAsync(options: AsyncOptions | undefined): Promise<WriteGuard | null>;
  writeAsync(options?: AsyncOptions): Promise<WriteGuard | null> {
    return this.#async('write', options, this.#grants.write);
  }

  /** True when it is read now and nobody wants to hear of it: the usual case. */
  #isQuick(): boolean {
    if (isHeard()) return false;
    return this.#readAgain() !== null || this.#state.reader.enter();
  }

  /** Null when this thread does not read yet. */
  #readAgain(): Look | null {
    const { reader } = this.#state;
    if (reader.count === 0) return null;
    reader.enterAgain();
    return Look.taken;
  }

  // A closure in `read` itself would cost each call an allocation.
  #readSlowly(timeoutMs: number): ReadGuard | null {
    const attempt = (): Look => this.#readAgain() ?? this.#block('read', timeoutMs);
    return this.#try('rwlock.read', attempt, this.#grants.read);
  }

  #block(use: Use, timeoutMs: number): Look {
    const operation = `rwlock.${use}`;
    return this.#state.block(use, performance.now() + timeoutMs, () => this.check(operation));
  }

  #try<G>(
    operation: string,
    attempt: () => Look,
    granted: (look: Look, start: number) => G,
  ): G | null {
    this.check(operation);
    const start = this.#grants.request();
    const look = attempt();
    if (isTaken(look)) return granted(look, start);
    if (look === Look.unrecoverable) throw unrecoverable(operation, this.fullName);
    if (look === Look.mine && !operation.startsWith('rwlock.try')) {
      throw this.#selfDeadlock(operation, true);
    }
    return null;
  }

  async #async<G>(
    use: Use,
    options: AsyncOptions | undefined,
    granted: (look: Look, start: number) => G,
  ): Promise<G | null> {
    const operation = `rwlock.${use}Async`;
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.check(operation);
    if (signal?.aborted) throw signal.reason;
    const start = this.#grants.request();
    const state = this.#state;
    const look = use === 'read' ? state.readInTurn() : state.writeInTurn();
    if (!isTaken(look)) {
      const lost = (): Error => unrecoverable(operation, this.fullName);
      const late = await state.waitAsync(use, { timeoutMs, signal }, lost);
      return late === null ? null : granted(late, start);
    }
    const guard = granted(look, start);
    this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
    if (this.#calls === 0) await new Promise(setImmediate);
    return guard;
  }

  #selfDeadlock(operation: string, isWriting: boolean): Error {
    this.#grants.publish('deadlock');
    return selfDeadlock(operation, this.fullName, isWriting);
  }
}

/** Whether anybody wants to hear of requests and grants. */
function isHeard(): boolean {
  return lockEvents.request.hasSubscribers || lockEvents.grant.hasSubscribers;
}

defineKind({
  code: KIND,
  name: 'rwlock',
  open: (span, { name }) => span.rwlock(name),
});
