// LockManager: locks by name for everybody of this user, as the Web Locks standard has them, across processes.

import { MemspanError } from '../errors.ts';
import { pathOf } from '../segment/name.ts';
import { openObject } from '../span/directory.ts';
import { defineKind } from '../span/kinds.ts';
import { checkSpanOptions } from '../span/options.ts';
import { Span } from '../span/span.ts';
import {
  LOCKS_KIND,
  LOCKS_NAME,
  LOCKS_SIZE,
  SPACE_OBJECTS,
  SPACE_PARTICIPANTS,
  SPACE_SIZE,
} from './claims.layout.ts';
import type {
  Lock,
  LockGrantedCallback,
  LockManagerSnapshot,
  LockOptions,
  LockWaitOptions,
} from './lock.ts';
import { closedError, orderOf } from './lock-options.ts';
import { LockRequest } from './lock-request.ts';
import { clientIdOf, snapshotOf } from './lock-snapshot.ts';
import { ThreadLocks } from './thread-locks.ts';

export interface LockManagerOptions {
  /** Which locks: those who give the same name share them. Default: this user's, `memspan.locks.UID`. */
  space?: string | undefined;
  /** What this thread is called there: up to 64 bytes of UTF-8. Default: the program's name. */
  as?: string | undefined;
}

/**
 * Locks by name, without any set-up: the first who asks makes the space, the last who leaves removes it. A
 * holder that dies, however it dies, has released its locks; one that is paused keeps them.
 * https://w3c.github.io/web-locks/
 */
export class LockManager implements Disposable {
  /** Which locks these are: the name of a span. */
  readonly space: string;
  readonly #as: string | undefined;
  #attached: { readonly span: Span; readonly locks: ThreadLocks } | undefined;
  #isClosed = false;

  /** Nothing is opened before the first request. Throws TypeError or RangeError for what cannot be a name. */
  constructor(options: LockManagerOptions = {}) {
    const operation = 'new LockManager';
    checkSpanOptions(options, operation);
    const { space = `memspan.locks.${process.geteuid?.() ?? 0}`, as } = options;
    pathOf(space);
    this.space = space;
    this.#as = as;
  }

  /** This thread as others see it in `query()`. Throws what opening the space throws. */
  get clientId(): string {
    const { view, id } = this.#open('locks.clientId').span.attachment('locks.clientId');
    const { pid = 0, tid = 0 } = view.participant(id) ?? {};
    return clientIdOf(pid, tid, id);
  }

  /**
   * Calls `callback` with a lock as soon as it can be had, in the order of all requests for that name, and
   * resolves with what that returns or resolves with; only then is the lock released. Never blocks; the callback is never
   * called within `request` itself. Keeps the event loop open while it waits, not while it holds.
   *
   * Rejects with what the callback throws; with an `AbortError` when the lock is stolen; with the reason of a
   * signal that is aborted before the callback is called; with `NotSupportedError` for a name that begins with '-' and
   * for options that do not go together; with TypeError and RangeError (a name of more than 1024 bytes) for
   * misuse; with `ERR_MEMSPAN_LIMIT` when this thread has about 500 of them, or the space 64 threads; with
   * `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`, and what opening a span throws.
   */
  request<T>(name: string, callback: LockGrantedCallback<T, Lock>): Promise<Awaited<T>>;
  request<T>(
    name: string,
    options: LockWaitOptions,
    callback: LockGrantedCallback<T, Lock>,
  ): Promise<Awaited<T>>;
  request<T>(
    name: string,
    options: LockOptions,
    callback: LockGrantedCallback<T>,
  ): Promise<Awaited<T>>;
  request(...given: unknown[]): Promise<unknown> {
    try {
      const order = orderOf(given);
      const { locks } = this.#open('locks.request');
      const asked = new LockRequest(order, this, locks);
      try {
        locks.enter(asked);
      } catch (error) {
        asked.fail(error);
      }
      return asked.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * What is held and what is pending just now, of all threads and processes, in the order of the requests. Of
   * requests beyond a thread's limit (see docs/locks.md) only this thread's own are told.
   */
  query(): Promise<LockManagerSnapshot> {
    try {
      const { locks, span } = this.#open('locks.query');
      const { view } = span.attachment('locks.query');
      void view.segment.buffer;
      const snapshot = snapshotOf(locks.table, locks.unclaimed());
      void view.segment.buffer;
      return Promise.resolve(snapshot);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Leaves: its requests that are pending reject with `ERR_MEMSPAN_CLOSED`, locks that it still holds are released
   * although their callbacks go on. Again is harmless; nothing else works after it.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#attached === undefined) return;
    const { locks, span } = this.#attached;
    this.#attached = undefined;
    locks.leave(this, closedError('locks.request', this.space));
    span.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get [Symbol.toStringTag](): string {
    return 'LockManager';
  }

  #open(operation: string): { readonly span: Span; readonly locks: ThreadLocks } {
    if (this.#isClosed) throw closedError(operation, this.space);
    this.#attached ??= attach(this.space, this.#as);
    return this.#attached;
  }
}

function attach(space: string, as: string | undefined): { span: Span; locks: ThreadLocks } {
  const span = Span.open(space, {
    as,
    lifetime: 'last-close',
    participants: SPACE_PARTICIPANTS,
    objects: SPACE_OBJECTS,
    size: SPACE_SIZE,
  });
  try {
    const attachment = span.attachment('locks.request');
    const { offset } = openObject(attachment, {
      operation: 'locks.request',
      kind: LOCKS_KIND,
      name: LOCKS_NAME,
      length: LOCKS_SIZE,
      options: 0,
      describeOptions: () => 'none',
    });
    return {
      span,
      locks: attachment.local(ThreadLocks, offset, () => new ThreadLocks(attachment, offset)),
    };
  } catch (error) {
    span.close();
    throw error;
  }
}

defineKind({
  code: LOCKS_KIND,
  name: 'locks',
  open: ({ name }) => {
    if (name !== undefined) return new LockManager({ space: name });
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      operation: 'open',
      object: LOCKS_NAME,
      cause: 'locks have a space with a name, and their span has none',
      remedy: 'Use new LockManager({space}) with a name',
    });
  },
});
