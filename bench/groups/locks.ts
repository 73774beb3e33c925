// The rows of what lets one in at a time, or so many.

import { alone, CORES, c, contest, pair, type Row, tasks, trips } from '../row.ts';

const CONTESTED = 10_000_000;

export const locks: Row[] = [
  {
    group: 'locks',
    name: 'mutex, uncontended',
    unit: 'ns',
    size: 0,
    contenders: {
      C: c('mutex', (share) => ['shared', 'alone', 10_000_000 * share, ...CORES]),
      'C, robust': c('mutex', (share) => ['robust', 'alone', 10_000_000 * share, ...CORES]),
      memspan: pair('mutex', alone(10_000_000)),
      'memspan, CriticalSection': pair('critical section', alone(10_000_000)),
      'memspan, with check': pair('mutex, with check', alone(10_000_000)),
      'memspan, after exploring': pair('mutex, after exploring', alone(10_000_000)),
      'memspan/posix, robust': pair('posix mutex, robust', alone(5_000_000)),
      lmdb: pair('lmdb transaction', alone(100_000)),
      Boost: c('boost-mutex', (share) => ['alone', 10_000_000 * share, ...CORES]),
      'lock file': pair('lock file', alone(10_000)),
    },
    targets: [
      { against: 'C', speedMin: 1 / 2 },
      // What each lock costs that is a native call.
      { against: 'memspan/posix, robust', speedMin: 2 },
      { against: 'memspan, with check', speedMin: 0.95 },
    ],
  },
  {
    group: 'locks',
    name: 'mutex, two processes contending',
    unit: 'locks/s',
    size: 0,
    contenders: {
      C: c('mutex', (share) => ['shared', 'contest', CONTESTED * share, ...CORES]),
      'C, robust': c('mutex', (share) => ['robust', 'contest', CONTESTED * share, ...CORES]),
      memspan: pair('mutex', contest(CONTESTED)),
      'memspan, fair': pair('mutex, fair', contest(CONTESTED / 200)),
      'memspan/posix, robust': pair('posix mutex, robust', contest(CONTESTED / 4)),
      Boost: c('boost-mutex', (share) => ['contest', CONTESTED * share, ...CORES]),
      lmdb: pair('lmdb transaction', contest(100_000)),
    },
    targets: [
      { against: 'C', speedMin: 0.8 },
      { against: 'memspan/posix, robust', speedMin: 2 },
    ],
  },
  {
    group: 'locks',
    name: 'mutex, lockAsync, uncontended',
    unit: 'ns',
    size: 0,
    contenders: {
      memspan: pair('mutex, async', alone(500_000)),
      // To ask a process that keeps the lock, and to be answered.
      'process.send': pair('process.send', trips(5000)),
    },
    targets: [{ against: 'process.send', speedMin: 1 }],
  },
  {
    group: 'locks',
    name: 'mutex, lockAsync, two processes contending',
    unit: 'locks/s',
    size: 0,
    contenders: {
      memspan: pair('mutex, async', contest(200_000)),
      'process.send': pair('process.send', trips(5000)),
    },
    targets: [{ against: 'process.send', speedMin: 1 }],
  },
  {
    group: 'locks',
    name: 'semaphore, uncontended',
    unit: 'ns',
    size: 0,
    contenders: {
      C: c('semaphore', (share) => ['alone', 10_000_000 * share, ...CORES]),
      memspan: pair('semaphore', alone(10_000_000)),
      'memspan, undo': pair('semaphore, undo', alone(1_000_000)),
      'memspan, async': pair('semaphore, async', alone(500_000)),
      'memspan/posix': pair('posix semaphore', alone(5_000_000)),
    },
    targets: [{ against: 'C', speedMin: 1 / 2 }],
  },
  {
    group: 'locks',
    // First come, first served here; in C whoever is there first.
    name: 'semaphore of one permit, two processes contending',
    unit: 'locks/s',
    size: 0,
    contenders: {
      C: c('semaphore', (share) => ['contest', 2_000_000 * share, ...CORES]),
      memspan: pair('semaphore', contest(100_000)),
      'memspan, undo': pair('semaphore, undo', contest(100_000)),
      'memspan, async': pair('semaphore, async', contest(100_000)),
    },
    targets: [],
  },
  {
    group: 'locks',
    name: 'two semaphores, round trip',
    unit: 'ns',
    size: 0,
    contenders: {
      C: c('semaphore', (share) => ['pingpong', 20_000 * share, ...CORES]),
      memspan: pair('semaphore', trips(20_000)),
      'memspan, async': pair('semaphore, async', trips(20_000)),
    },
    targets: [],
  },
  {
    group: 'locks',
    name: 'rwlock, read, uncontended',
    unit: 'ns',
    size: 0,
    contenders: {
      C: c('rwlock', (share) => ['read', 10_000_000 * share, ...CORES]),
      memspan: pair('rwlock, read', alone(10_000_000)),
    },
    targets: [],
  },
  {
    group: 'locks',
    name: 'rwlock, write, uncontended',
    unit: 'ns',
    size: 0,
    contenders: {
      C: c('rwlock', (share) => ['write', 10_000_000 * share, ...CORES]),
      memspan: pair('rwlock, write', alone(10_000_000)),
    },
    targets: [],
  },
  {
    group: 'locks',
    name: 'rwlock, two processes reading',
    unit: 'locks/s',
    size: 0,
    contenders: {
      C: c('rwlock', (share) => ['readers', 10_000_000 * share, ...CORES]),
      'C, one reader': c('rwlock', (share) => ['read', 10_000_000 * share, ...CORES]),
      memspan: pair('rwlock, read', contest(10_000_000)),
      'memspan, one reader': pair('rwlock, read', alone(10_000_000)),
    },
    targets: [{ against: 'memspan, one reader', speedMin: 1.6 }],
  },
  {
    group: 'locks',
    name: 'locks.request, uncontended',
    unit: 'ns',
    size: 0,
    contenders: {
      memspan: pair('locks.request', alone(100_000)),
      'navigator.locks': pair('navigator.locks', alone(50_000)),
      Redis: pair('redis lock', alone(5000)),
    },
    targets: [
      { against: 'navigator.locks', speedMin: 1 },
      { against: 'Redis', speedMin: 1 },
    ],
  },
  {
    group: 'locks',
    name: 'locks.request, uncontended, async callback',
    unit: 'ns',
    size: 0,
    contenders: {
      memspan: pair('locks.request', { ...alone(100_000), isAsync: true }),
      'navigator.locks': pair('navigator.locks', { ...alone(50_000), isAsync: true }),
    },
    targets: [{ against: 'navigator.locks', speedMin: 1 }],
  },
  {
    group: 'locks',
    name: 'locks.request, two tasks of one thread',
    unit: 'ns',
    size: 0,
    contenders: {
      memspan: pair('locks.request', tasks(50_000)),
      'navigator.locks': pair('navigator.locks', tasks(50_000)),
    },
    targets: [{ against: 'navigator.locks', speedMin: 1 }],
  },
  {
    group: 'locks',
    name: 'locks.request, hand-over to another process',
    unit: 'ns',
    size: 0,
    contenders: {
      memspan: pair('locks.request', contest(5000)),
      Redis: pair('redis lock', contest(2000)),
    },
    targets: [{ against: 'Redis', speedMin: 1 }],
  },
];
