// What is counted, awaited or met at: semaphores, conditions, barriers, events. How much there is, and who waits for it.
// The words are explained in src/sync/*.layout.ts.

import {
  BROKEN,
  barrierSize,
  countOf,
  generationOf,
  PARTIES_MAX,
  SEATS,
} from '../../sync/barrier.layout.ts';
import { NOTIFICATIONS } from '../../sync/condition.layout.ts';
import { GENERATION, SET } from '../../sync/event.layout.ts';
import {
  COUNT,
  OWNED_PERMITS_MAX,
  SEMAPHORE_SIZE,
  SemaphoreWord,
} from '../../sync/semaphore.layout.ts';
import type { Who } from './attendance.ts';
import {
  counted,
  type Dissection,
  damaged,
  LISTED,
  namesOf,
  type State,
  sentence,
  tooMuch,
} from './dissection.ts';
import { queueAt } from './exclusion.ts';

export interface SemaphoreOptions {
  readonly undo: boolean;
}

/** `length`: bytes that there are of it. */
export function semaphoreState(
  found: Dissection,
  offset: number,
  length: number,
  { undo }: SemaphoreOptions,
): State {
  const { waiting, waiters } = queueAt(found, offset);
  const initial = found.word(offset + 4 * SemaphoreWord.initial) - 1;
  const max = found.word(offset + 4 * SemaphoreWord.max);
  if (initial === -1) {
    const summary = sentence('nobody has used it yet', waiting);
    return { summary, facts: { state: 'unused', undo, waiters } };
  }
  if (initial < 0 || max < 1 || initial > max) {
    return damaged(`it says that it begins with ${initial} of at most ${max}`);
  }
  if (undo) return ownedPermits(found, offset, length, max);
  const free = (initial + (found.word(offset) & COUNT)) & COUNT;
  if (free > max) return damaged(`it says that ${free} permits are free, of at most ${max}`);
  const most = max === COUNT ? '' : ` of at most ${counted(max, '', '').trim()}`;
  return {
    summary: sentence(`${counted(free, 'permit')} free${most}`, waiting),
    facts: { free, initial, max, undo, waiters },
  };
}

/** With `undo`: each permit says whose it is. */
function ownedPermits(found: Dissection, offset: number, length: number, max: number): State {
  const { waiting, waiters } = queueAt(found, offset);
  const room = Math.floor((length - SEMAPHORE_SIZE) / 4);
  if (max > OWNED_PERMITS_MAX || max > room) {
    return damaged(`it says that there are ${max} permits, and has room for ${room}`);
  }
  if (!found.spend(LISTED * max)) return tooMuch();
  const owners: Who[] = [];
  let free = 0;
  let left = 0;
  for (let permit = 0; permit < max; permit++) {
    const who = found.who(found.word(offset + 4 * (SemaphoreWord.permits + permit)));
    if (who?.alive) owners.push(who);
    else free++;
    if (who?.alive === false) left++;
  }
  return {
    summary: sentence(
      `${free} of ${counted(max, 'permit')} free${left > 0 ? `, ${left} of them left by the dead` : ''}`,
      owners.length > 0 && `held by ${namesOf(distinct(owners))}`,
      waiting,
    ),
    facts: { free, max, undo: true, leftByTheDead: left, owners, waiters },
    holders: distinct(owners),
  };
}

export function conditionState(found: Dissection, offset: number): State {
  const { waiting, waiters } = queueAt(found, offset);
  const notifications = found.word(offset) & NOTIFICATIONS;
  const pending = notifications > 0 && `${counted(notifications, 'notification')} to be taken`;
  return {
    summary: sentence(pending, waiting || 'nobody waits'),
    facts: { notifications, waiters },
  };
}

export function barrierState(
  found: Dissection,
  offset: number,
  length: number,
  parties: number,
): State {
  const { waiting, waiters } = queueAt(found, offset);
  if (parties < 1 || parties > PARTIES_MAX || barrierSize(parties) > length) {
    return damaged(`it says that it is for ${parties}, in ${length} bytes`);
  }
  if (!found.spend(LISTED * parties)) return tooMuch();
  const word = found.word(offset);
  const arrived = countOf(word);
  const isBroken = (word & BROKEN) !== 0;
  const members: Who[] = [];
  for (let seat = 0; seat < parties; seat++) {
    const who = found.who(found.word(offset + 4 * (SEATS + seat)));
    if (who !== undefined) members.push(who);
  }
  const dead = members.filter(({ alive }) => !alive);
  if (arrived >= parties) return damaged(`it says that ${arrived} of ${parties} have arrived`);
  return {
    summary: sentence(
      isBroken ? 'broken: a party has died' : `${arrived} of ${parties} have arrived`,
      dead.length > 0 && `dead: ${namesOf(distinct(dead))}`,
      waiting,
    ),
    facts: { parties, arrived, generation: generationOf(word), broken: isBroken, members, waiters },
  };
}

/** Bytes before its seats. */
export const BARRIER_HEAD: number = 4 * SEATS;

export interface EventOptions {
  readonly auto: boolean;
  readonly initial: boolean;
}

export function eventState(
  found: Dissection,
  offset: number,
  { auto, initial }: EventOptions,
): State {
  const { waiting, waiters } = queueAt(found, offset);
  const word = found.word(offset);
  const count = ((initial ? 1 : 0) + (word & COUNT)) & COUNT;
  const isSet = auto ? count > 0 : ((word & SET) !== 0) !== initial;
  const more = auto && count > 1 ? ` for ${count} who wait` : '';
  return {
    summary: sentence(`${isSet ? 'set' : 'not set'}${more}`, auto && 'automatic reset', waiting),
    facts: {
      set: isSet,
      reset: auto ? 'auto' : 'manual',
      initial,
      ...(auto ? { count } : { generation: word & GENERATION }),
      waiters,
    },
  };
}

function distinct(all: readonly Who[]): Who[] {
  return [...new Map(all.map((who) => [who.id, who])).values()];
}
