// `deadlock`: takes one lock and then another: POSIX's mutexes, and memspan's.

import { type DeadlockMember, type MutexGuard, Segment, Span } from '../../index.ts';
import {
  ETIMEDOUT,
  pthread_mutex_lock,
  pthread_mutex_t,
  pthread_mutex_timedlock,
  pthread_mutex_unlock,
} from '../../os/posix.ts';
import { LONG_MS, obey } from './orders.ts';

interface Locks {
  readonly name: string;
  /** Where it lies. */
  readonly offset: number;
}

let region: Segment;
let span: Span;
let held: MutexGuard | null = null;

obey({
  /** The first lock is free. */
  lock: ({ name, offset }: Locks) => {
    region = Segment.open(name);
    pthread_mutex_lock(pthread_mutex_t(region.buffer, offset));
  },
  /** The second one is not: null when the time is over. */
  timedLock: ({ offset, forMs }: Locks & { forMs: number }) => {
    const began = performance.now();
    const outcome = pthread_mutex_timedlock(
      pthread_mutex_t(region.buffer, offset),
      Date.now() + forMs,
    );
    return { timedOut: outcome === ETIMEDOUT, waitedMs: performance.now() - began };
  },
  unlock: ({ offset }: Locks) => pthread_mutex_unlock(pthread_mutex_t(region.buffer, offset)),

  first: ({ name, as, lock }: { name: string; as: string; lock: string }) => {
    span = Span.join(name, { as });
    held = span.mutex(lock).lock();
  },
  /** Gives way when it is told to: the other one goes on. */
  second: ({ lock }: { lock: string }) => {
    const began = performance.now();
    try {
      const guard = span.mutex(lock).lock({ timeoutMs: LONG_MS });
      guard?.release();
      return { got: guard !== null, afterMs: performance.now() - began };
    } catch (error) {
      const { code, found } = error as { code?: string; found?: DeadlockMember[] };
      if (code !== 'ERR_MEMSPAN_DEADLOCK') throw error;
      return { cycle: found, afterMs: performance.now() - began };
    } finally {
      held?.release();
    }
  },
});
