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
  if (guard === null) {
    tell(`${owner === null ? 'somebody holds it' : `held by ${called(owner)}`}: waiting`);
    guard = await mutex.lockAsync({ signal });
  }
  attached.guard = guard;
  const { ownerDied } = guard;
  if (!ownerDied) return { text: 'locked', facts: { locked: true, ownerDied } };
  const dead = deadOne(attached, owner);
  const lines = [
    `locked, but its owner${dead === undefined ? '' : `, ${called(dead)},`} died while holding it:`,
    'what it guards may be half changed. `unlock` says that it is in order.',
  ];
  const pid = dead?.pid;
  return { text: paint.yellow(lines.join('\n')), facts: { locked: true, ownerDied, pid } };
}

/** The owner that was seen, unless it has left since and another one died. */
function deadOne({ span }: Attached, owner: ThreadHandle | null): ThreadHandle | undefined {
  if (owner === null || owner.alive) return undefined;
  return span.threads().some((one) => isSame(one, owner)) ? owner : undefined;
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
