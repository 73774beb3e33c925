// Exercise `owner-death`: the holder of a lock is killed. A plain pthread mutex stays locked for ever; a robust one and
// memspan's tell the next one.

import { Segment, Span } from '../index.ts';
import {
  PTHREAD_MUTEX_ROBUST,
  PTHREAD_MUTEX_STALLED,
  pthread_mutex_init,
  pthread_mutex_t,
} from '../os/posix.ts';
import { MUTEX_AT, SIZE, SUM } from './children/accounts.ts';
import type { Actor, Exercise, Result, Stage } from './exercise.ts';

/** So long the next one waits for a lock that nobody will ever give back. */
const BLOCKED_MS = 150;
const BEFORE = [70, 30];

export const ownerDeath: Exercise = {
  name: 'owner-death',
  title: 'The owner of a lock is killed',
  lesson: 'P2',
  before: [
    'Two accounts, and three locks around them: a mutex of POSIX, a robust one, and one of memspan. The holder takes all three, takes 30 out of one account, and is killed before it has put them into the other one.',
  ],
  question: 'What becomes of a lock whose owner is killed, and of what it guards?',
  answer:
    'A mutex of POSIX stays locked for ever: nobody but its owner may unlock it. A robust one is given to the next one with EOWNERDEAD. Either way the data is as it was at that moment: half changed. Unlocking is not enough, somebody has to repair.',
  way: [
    'span.mutex(name) is always robust: the kernel says who is dead (no timeout, no process number). The next one gets guard.ownerDied, or the mutex runs your recover function; markConsistent() says that all is well again.',
  ],
  run,
};

interface Repaired {
  readonly ownerDied: boolean;
  readonly found: readonly number[];
  readonly left: readonly number[];
  readonly isOrdinary: boolean;
}

async function run(stage: Stage): Promise<Result> {
  const [holder, next] = (await stage.cast('account-holder', ['holder', 'next'])) as [Actor, Actor];
  const segment = Segment.create(stage.name('mutexes'), { size: SIZE });
  const { buffer, name } = segment;
  pthread_mutex_init(pthread_mutex_t(buffer, MUTEX_AT.stalled), { robust: PTHREAD_MUTEX_STALLED });
  pthread_mutex_init(pthread_mutex_t(buffer, MUTEX_AT.robust), { robust: PTHREAD_MUTEX_ROBUST });
  const spanName = stage.name('span');
  using span = Span.create(spanName);
  const { buffer: bytes, byteOffset } = span.bytes('accounts', { size: 8 });
  new Int32Array(bytes, byteOffset, 2).set(BEFORE);
  span.mutex('lock');
  await Promise.all(
    [holder, next].map((each) =>
      each.ask('open', { segment: name, span: spanName, as: each.role }),
    ),
  );

  await holder.ask('hold');
  await holder.kill();
  const killedAt = performance.now();
  const repaired = await next.ask<Repaired>('memspan');
  const afterMs = performance.now() - killedAt;
  const robust = await next.ask<{ ownerDied: boolean }>('robust');
  const stalled = await next.ask<{ timedOut: boolean }>('stalled', { forMs: BLOCKED_MS });

  const sum = (amounts: readonly number[]): number => amounts.reduce((all, each) => all + each, 0);
  const isRepaired =
    repaired.ownerDied &&
    sum(repaired.found) !== SUM &&
    sum(repaired.left) === SUM &&
    repaired.isOrdinary;
  const { red, green } = stage.ink;
  const amounts = (accounts: readonly number[]): string =>
    `${accounts.join(' + ')} = ${sum(accounts)}`;
  return {
    observed: stalled.timedOut && robust.ownerDied && isRepaired,
    picture: [
      `accounts before               ${amounts(BEFORE)}`,
      `holder   lock ─ takes 30 out ─ SIGKILL †`,
      `accounts after                ${amounts(repaired.found)}: ${red(`${SUM - sum(repaired.found)} are nowhere`)}`,
      '',
      `pthread mutex            next one: ${stalled.timedOut ? `${red(`ETIMEDOUT after ${BLOCKED_MS} ms`)}; locked for ever` : 'has it'}`,
      `pthread mutex, robust    next one: ${robust.ownerDied ? `${green('EOWNERDEAD')}; ` : ''}has it`,
      `memspan's mutex          next one: ${repaired.ownerDied ? `${green('guard.ownerDied')}; ` : ''}has it`,
      `                         repairs: ${amounts(repaired.left)}; markConsistent(), release()`,
    ],
    facts: { before: BEFORE, stalled, robust, memspan: { ...repaired, afterMs } },
  };
}
