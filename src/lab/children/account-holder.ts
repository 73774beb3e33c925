// `owner-death`: moves money from one account to another under a lock, and is killed in the midst of it; or comes after that.
// Each kind of lock guards two accounts of its own.

import { type MutexGuard, Segment, Span } from '../../index.ts';
import {
  EOWNERDEAD,
  ETIMEDOUT,
  pthread_mutex_consistent,
  pthread_mutex_lock,
  pthread_mutex_t,
  pthread_mutex_timedlock,
  pthread_mutex_unlock,
} from '../../os/posix.ts';
import { MUTEX_AT, type Names, SUM } from './accounts.ts';
import { LONG_MS, obey } from './orders.ts';

let region: Segment;
let span: Span;
let accounts: Int32Array;
let guard: MutexGuard | null;

obey({
  open: ({ segment, span: name, as }: Names & { as: string }) => {
    region = Segment.open(segment);
    span = Span.join(name, { as });
    const { buffer, byteOffset } = span.bytes('accounts', { size: 8 });
    accounts = new Int32Array(buffer, byteOffset, 2);
  },
  /** Locks all three; 30 are gone from one account and not yet in the other. */
  hold: () => {
    pthread_mutex_lock(pthread_mutex_t(region.buffer, MUTEX_AT.stalled));
    pthread_mutex_lock(pthread_mutex_t(region.buffer, MUTEX_AT.robust));
    guard = span.mutex('lock').lock();
    accounts[0]! -= 30;
    return guard.held;
  },

  stalled: ({ forMs }: { forMs: number }) => {
    const mutex = pthread_mutex_t(region.buffer, MUTEX_AT.stalled);
    const outcome = pthread_mutex_timedlock(mutex, Date.now() + forMs);
    return { timedOut: outcome === ETIMEDOUT };
  },
  robust: () => {
    const mutex = pthread_mutex_t(region.buffer, MUTEX_AT.robust);
    const ownerDied = pthread_mutex_timedlock(mutex, Date.now() + LONG_MS) === EOWNERDEAD;
    if (ownerDied) pthread_mutex_consistent(mutex);
    pthread_mutex_unlock(mutex);
    return { ownerDied };
  },
  /** Puts the accounts in order when their last holder died. */
  memspan: () => {
    guard = span.mutex('lock').lock({ timeoutMs: LONG_MS });
    if (guard === null) return null;
    const { ownerDied } = guard;
    const found = [...accounts];
    if (ownerDied) {
      accounts[1] = SUM - accounts[0]!;
      guard.markConsistent();
    }
    const left = [...accounts];
    guard.release();
    guard = span.mutex('lock').lock({ timeoutMs: LONG_MS });
    const isOrdinary = guard?.ownerDied === false;
    guard?.release();
    return { ownerDied, found, left, isOrdinary };
  },
});
