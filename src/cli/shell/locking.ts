// lock and unlock: who holds the mutex, and what became of one who died holding it.

import type { ThreadHandle } from '../../index.ts';
import { paint } from '../format.ts';
import { CommandError } from '../report.ts';
import type { Attached } from './board.ts';
import type { Answer, Call } from './call.ts';
import { called, isSame } from './people.ts';

export async function locking({ board, signal, tell }: Call): Promise<Answer> {
  const attached = board.attached();
  const { mutex } = attached;
  // In this shell there would be nobody to unlock it: memspan refuses that.
  if (attached.guard !== null) mutex.lock({ timeoutMs: 0 });
  // Who takes it over from a dead one is its owner: who that was can only be seen before.
  const owner = mutex.owner;
  let guard = mutex.tryLock();
  const isAtOnce = guard !== null;
  if (guard === null) {
    tell(`${owner === null ? 'somebody holds it' : `held by ${called(owner)}`}: waiting`);
    guard = await mutex.lockAsync({ signal });
  }
  attached.guard = guard;
  const { ownerDied } = guard;
  if (!ownerDied) return { text: 'locked', facts: { locked: true, ownerDied } };
  const dead = isAtOnce || isDead(attached, owner) ? owner : null;
  const lines = [
    `locked, but its owner${dead === null ? '' : `, ${called(dead)},`} died while holding it:`,
    'what it guards may be half changed. `unlock` says that it is in order.',
  ];
  const pid = dead?.pid;
  return { text: paint.yellow(lines.join('\n')), facts: { locked: true, ownerDied, pid } };
}

/** Not so when it has left since, and somebody else had the lock and died. */
function isDead({ span }: Attached, owner: ThreadHandle | null): boolean {
  if (owner === null || owner.alive) return false;
  return span.threads().some((one) => isSame(one, owner));
}

export function unlocking({ board }: Call): Answer {
  const attached = board.attached();
  const { guard, mutex } = attached;
  if (guard === null) {
    const { owner } = mutex;
    throw new CommandError(
      'ERR_MEMSPAN_NOT_HELD',
      `unlock: this shell does not hold the lock (${owner === null ? 'nobody does' : `${called(owner)} does`})`,
      '`lock` takes it',
    );
  }
  attached.guard = null;
  if (guard.ownerDied) guard.markConsistent();
  guard.release();
  return { text: 'unlocked', facts: { locked: false } };
}
