// The synchronization objects as layouts: members of structs that live in a span.
//
//   const Account = struct({ lock: mutex(), balance: i64 });
//   const account = span.view('account', Account);
//   using guard = account.lock.lock();
//
// Zeros are a fresh one of each. How many bytes they take is what the layouts of this room say (test/sync/embedded.test.ts).

import { embedded } from '../layout/embedded.ts';
import type { Layout } from '../layout/layout.ts';
import { defineEmbedded } from '../span/kinds.ts';
import { Barrier, type BarrierOptions } from './barrier.ts';
import { partiesOf } from './barrier-options.ts';
import { Condition } from './condition.ts';
import { decode as decodeEvent, Event, type EventOptions, encode as encodeEvent } from './event.ts';
import { Mutex, type MutexOptions } from './mutex.ts';
import { decode as decodeMutex, encode as encodeMutex } from './mutex-options.ts';
import { Once } from './once.ts';
import { checkOptions as checkRwLock, RwLock, type RwLockOptions } from './rwlock.ts';
import { Semaphore, type SemaphoreOptions } from './semaphore.ts';
import { factsOf } from './semaphore-options.ts';

/** A mutex in a record: `span.view(…).lock` is a `Mutex`. `recover` is each program's own. Throws TypeError. */
export function mutex(options: MutexOptions = {}): Layout<never, Mutex> {
  const { recursive, fair } = decodeMutex(encodeMutex(options, 'mutex'));
  const { recover } = options;
  return embedded('mutex', flags({ recursive, fair }), { recover });
}

/** A reader-writer lock in a record. `recover` is each program's own. Throws TypeError. */
export function rwlock(options: RwLockOptions = {}): Layout<never, RwLock> {
  checkRwLock(options, 'rwlock');
  const { recover } = options;
  return embedded('rwlock', [], { recover });
}

/** A semaphore in a record: 12 bytes, with `undo` 4 more for each permit. Throws TypeError, RangeError. */
export function semaphore(options: SemaphoreOptions): Layout<never, Semaphore> {
  const { initial, max, undo } = factsOf(options, 'semaphore');
  return embedded('semaphore', [initial, undo ? 'undo' : max]);
}

/** A condition in a record; the mutex that goes with it may be beside it. */
export function condition(): Layout<never, Condition> {
  return embedded('condition', []);
}

/** A barrier in a record: 4 bytes, and 4 for each party. Throws TypeError, RangeError. */
export function barrier(options: BarrierOptions): Layout<never, Barrier> {
  return embedded('barrier', [partiesOf(options, 'barrier')]);
}

/** An event in a record. Throws TypeError. */
export function event(options: EventOptions = {}): Layout<never, Event> {
  const { reset, initial } = decodeEvent(encodeEvent(options, 'event'));
  return embedded('event', flags({ auto: reset === 'auto', set: initial }));
}

/** An initialisation in a record. */
export function once(): Layout<never, Once> {
  return embedded('once', []);
}

function flags(given: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(given).filter((flag) => given[flag]);
}

defineEmbedded('mutex', (span, offset, { options, own }) =>
  Mutex.at(span, offset, {
    recursive: options.includes('recursive'),
    fair: options.includes('fair'),
    ...own,
  }),
);
defineEmbedded('rwlock', (span, offset, { own }) => RwLock.at(span, offset, { ...own }));
defineEmbedded('semaphore', (span, offset, { options: [initial, max] }) =>
  Semaphore.at(span, offset, {
    initial: initial as number,
    ...(max === 'undo' ? { undo: true } : { max: max as number }),
  }),
);
defineEmbedded('condition', (span, offset) => Condition.at(span, offset));
defineEmbedded('barrier', (span, offset, { options: [parties] }) =>
  Barrier.at(span, offset, { parties: parties as number }),
);
defineEmbedded('event', (span, offset, { options }) =>
  Event.at(span, offset, {
    reset: options.includes('auto') ? 'auto' : 'manual',
    initial: options.includes('set'),
  }),
);
defineEmbedded('once', (span, offset) => Once.at(span, offset));
