// What one thread at a time can have: a mutex, a reader-writer lock, an initialisation. Who has it, who had it and died,
// who waits for it. The words are explained in src/sync/*.layout.ts.

import { DIED, GRANTED, OWNER, UNRECOVERABLE, WAITERS } from '../../sync/mutex.layout.ts';
import { DONE } from '../../sync/once.layout.ts';
import { DRAINING } from '../../sync/rwlock.layout.ts';
import type { Waiting, Who } from './attendance.ts';
import {
  counted,
  type Dissection,
  LISTED,
  nameOf,
  namesOf,
  type State,
  sentence,
  tooMuch,
} from './dissection.ts';

export interface MutexOptions {
  readonly recursive: boolean;
  readonly fair: boolean;
}

export function mutexState(found: Dissection, offset: number, options: MutexOptions): State {
  const { word, owner, waiting, waiters } = look(found, offset);
  const isLost = (word & UNRECOVERABLE) !== 0;
  const isGranted = (word & GRANTED) !== 0;
  const dataDamaged = (word & DIED) !== 0;
  let state = 'free';
  if (isLost) state = 'not-recoverable';
  else if (owner?.alive) state = isGranted ? 'granted' : 'held';
  else if (owner !== undefined && !isGranted) state = 'abandoned';
  const said = {
    free: 'free',
    'not-recoverable': 'not recoverable: an owner has released it without repairing its data',
    granted: `handed to ${owner && nameOf(owner)}, who has not noticed yet`,
    held: `held by ${owner && nameOf(owner)}`,
    abandoned: `abandoned: ${owner && nameOf(owner)} held it; who comes next has to repair its data`,
  }[state];
  return {
    summary: sentence(said, dataDamaged && !isLost && 'its data has still to be repaired', waiting),
    facts: {
      state,
      owner: state === 'free' ? undefined : owner,
      dataDamaged,
      marked: (word & WAITERS) !== 0,
      ...options,
      waiters,
    },
    holders: owner?.alive && !isLost ? [owner] : [],
  };
}

export function rwLockState(found: Dissection, offset: number): State {
  const { word, owner, waiting, waiters } = look(found, offset);
  const readers = found.attendance.readers(offset);
  if (!found.spend(LISTED * readers.length)) return tooMuch();
  const living = readers.filter(({ alive }) => alive);
  const isLost = (word & UNRECOVERABLE) !== 0;
  const isDraining = (word & DRAINING) !== 0;
  const dataDamaged = (word & DIED) !== 0;
  let state = living.length > 0 ? 'read' : 'free';
  if (isLost) state = 'not-recoverable';
  else if (owner?.alive) state = isDraining ? 'draining' : 'written';
  else if (owner !== undefined && !isDraining) state = 'abandoned';
  const by = owner && nameOf(owner);
  const said = {
    free: 'free',
    read: `read by ${namesOf(living)}`,
    'not-recoverable': 'not recoverable: a writer has released it without repairing its data',
    draining: `${by} waits until its readers have left: ${namesOf(living) || 'nobody any more'}`,
    written: `held by the writer ${by}`,
    abandoned: `abandoned: the writer ${by} held it; who comes next has to repair its data`,
  }[state];
  const isOwned = owner?.alive === true && !isLost;
  return {
    summary: sentence(said, dataDamaged && !isLost && 'its data has still to be repaired', waiting),
    facts: {
      state,
      writer:
        state === 'written' || state === 'draining' || state === 'abandoned' ? owner : undefined,
      readers,
      dataDamaged,
      marked: (word & WAITERS) !== 0,
      waiters,
    },
    holders: isOwned ? [owner, ...(isDraining ? living : [])] : living,
  };
}

export function onceState(found: Dissection, offset: number): State {
  const { word, owner, waiting, waiters } = look(found, offset);
  let state = 'not-begun';
  if ((word & DONE) !== 0) state = 'done';
  else if (owner?.alive) state = 'running';
  else if (owner !== undefined || (word & DIED) !== 0) state = 'abandoned';
  const said = {
    'not-begun': 'not initialised yet',
    done: 'done',
    running: `${owner && nameOf(owner)} initialises it`,
    abandoned: 'abandoned: who was initialising it has died; who comes next begins anew',
  }[state];
  return {
    summary: sentence(said, waiting),
    facts: { state, initialiser: state === 'running' ? owner : undefined, waiters },
    holders: state === 'running' && owner ? [owner] : [],
  };
}

interface Look {
  readonly word: number;
  readonly owner: Who | undefined;
  readonly waiting: string;
  readonly waiters: readonly Waiter[];
}

function look(found: Dissection, offset: number): Look {
  const word = found.word(offset);
  const { waiting, waiters } = queueAt(found, offset);
  return { word, owner: found.who(word & OWNER), waiting, waiters };
}

/** A waiter of a queue, as an object's facts have it. */
export type Waiter = Pick<Waiting, 'who' | 'mode' | 'blocking' | 'since'>;

/** Who waits for the word at that offset, first in the queue first. */
export function queueAt(
  found: Dissection,
  offset: number,
): { waiting: string; waiters: readonly Waiter[] } {
  const queue = found.attendance.waiters(offset);
  if (!found.spend(LISTED * queue.length)) {
    return { waiters: [], waiting: `${counted(queue.length, 'waiter')}, more than can be listed` };
  }
  const waiters = queue.map(({ who, mode, blocking, since }) => ({ who, mode, blocking, since }));
  const names = namesOf(queue.map(({ who }) => who));
  return { waiters, waiting: queue.length === 0 ? '' : `waiting: ${names}` };
}
