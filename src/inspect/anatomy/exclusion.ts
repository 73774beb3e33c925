// What one thread at a time can have: a mutex, a reader-writer lock, an initialisation. Who has it, who had it and died,
// who waits for it.

import { type LockKind, type LockWord, ownerIn, readLockWord } from '../lock-word.ts';
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
  const { seen, owner, waiting, waiters } = look(found, 'mutex', offset);
  const { dataDamaged, marked } = seen;
  const isLost = seen.state === 'over';
  const state = { ...AS_IT_IS, over: 'not-recoverable', coming: 'granted' }[seen.state];
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
      marked,
      ...options,
      waiters,
    },
    holders: owner?.alive && !isLost ? [owner] : [],
  };
}

export function rwLockState(found: Dissection, offset: number): State {
  const { seen, owner, waiting, waiters } = look(found, 'rwlock', offset);
  const readers = found.attendance.readers(offset);
  if (!found.spend(LISTED * readers.length)) return tooMuch();
  const living = readers.filter(({ alive }) => alive);
  const { dataDamaged, marked } = seen;
  const isLost = seen.state === 'over';
  const isDraining = seen.state === 'coming';
  const state = {
    ...AS_IT_IS,
    free: living.length > 0 ? 'read' : 'free',
    over: 'not-recoverable',
    coming: 'draining',
    held: 'written',
  }[seen.state];
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
      marked,
      waiters,
    },
    holders: isOwned ? [owner, ...(isDraining ? living : [])] : living,
  };
}

export function onceState(found: Dissection, offset: number): State {
  const { seen, owner, waiting, waiters } = look(found, 'once', offset);
  const state = {
    ...AS_IT_IS,
    free: seen.dataDamaged ? 'abandoned' : 'not-begun',
    over: 'done',
    held: 'running',
  }[seen.state];
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

/** What a state is called where a kind has no word of its own for it. */
const AS_IT_IS: Readonly<Record<LockWord['state'], string>> = {
  free: 'free',
  coming: 'coming',
  held: 'held',
  abandoned: 'abandoned',
  over: 'over',
};

interface Look {
  readonly seen: LockWord;
  readonly owner: Who | undefined;
  readonly waiting: string;
  readonly waiters: readonly Waiter[];
}

function look(found: Dissection, kind: LockKind, offset: number): Look {
  const word = found.word(offset);
  const { waiting, waiters } = queueAt(found, offset);
  const owner = found.who(ownerIn(word));
  return { seen: readLockWord(kind, word, owner?.alive === true), owner, waiting, waiters };
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
