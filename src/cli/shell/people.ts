// Who else is there: the threads that are attached to the span, what they wait for, and who holds the lock.

import { find, type ThreadHandle } from '../../index.ts';
import { age, cut, paint, printable } from '../format.ts';
import { tableOf } from '../table.ts';
import type { Attached, Board } from './board.ts';

export interface Participant {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly program: string;
  readonly attachedAt: Date;
  readonly alive: boolean;
  readonly isThisShell: boolean;
  readonly holdsLock: boolean;
  /** Names of objects. */
  readonly waitsFor: readonly string[];
}

const NAME_WIDTH = 20;
const PROGRAM_WIDTH = 16;

/** In the order of their coming. One who was killed is among them until somebody takes its place. */
export function participantsOf(board: Board): Participant[] {
  if (board.readOnly) {
    const threads = find({ kind: 'thread', name: `${board.name}/*` });
    return inOrder(threads.filter(({ span }) => span === board.name).map((one) => seen(one, null)));
  }
  const { span, mutex } = board.attached();
  const { owner } = mutex;
  return inOrder(span.threads().map((one) => seen(one, owner)));
}

function seen(thread: ThreadHandle, owner: ThreadHandle | null): Participant {
  const { name, pid, tid, program, attachedAt, alive } = thread;
  return {
    name,
    pid,
    tid,
    program,
    attachedAt,
    alive,
    isThisShell: pid === process.pid && tid === process.pid,
    holdsLock: owner !== null && isSame(thread, owner),
    // A channel has a place to wait at for messages and one for room.
    waitsFor: thread.waitingOn.map((wait) => wait.name.replace(/\+\d+$/, '')),
  };
}

function inOrder(participants: Participant[]): Participant[] {
  return participants.sort((a, b) => +a.attachedAt - +b.attachedAt);
}

/** Slots are used again: pid, thread and time tell two participants apart. */
export function isSame(a: ThreadHandle, b: ThreadHandle): boolean {
  return a.pid === b.pid && a.tid === b.tid && +a.attachedAt === +b.attachedAt;
}

/** `shell (pid 4711)`. */
export function called({ name, pid }: Pick<ThreadHandle, 'name' | 'pid'>): string {
  return `${cut(printable(name), NAME_WIDTH)} (pid ${pid})`;
}

/** A table of at most 80 columns. */
export function tableOfParticipants(participants: readonly Participant[]): string {
  const now = Date.now();
  return tableOf(
    [
      { title: 'NAME' },
      { title: 'PID', align: 'right' },
      { title: 'PROGRAM' },
      { title: 'SINCE', align: 'right' },
      { title: 'STATE' },
    ],
    participants.map((one) => [
      cut(printable(one.name), NAME_WIDTH),
      String(one.pid),
      cut(printable(one.program), PROGRAM_WIDTH),
      age(now - +one.attachedAt),
      stateOf(one),
    ]),
  );
}

function stateOf({ alive, isThisShell, holdsLock, waitsFor }: Participant): string {
  const [awaited] = waitsFor;
  return [
    ...(alive ? [] : [paint.red('dead')]),
    ...(isThisShell ? ['this shell'] : []),
    ...(holdsLock ? ['holds lock'] : []),
    ...(awaited === undefined ? [] : [`waits: ${cut(printable(awaited), 10)}`]),
  ].join(', ');
}

/** `lock free · semaphore 0 · items 3 of 8`. */
export function objectsLine({ mutex, semaphore, items }: Attached): string {
  const { owner } = mutex;
  const state = owner === null ? 'free' : `held by ${called(owner)}${owner.alive ? '' : ', dead'}`;
  return `lock ${state} · semaphore ${semaphore.value} · items ${items.counters.depth} of ${items.capacity}`;
}
