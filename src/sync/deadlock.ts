// Finding deadlocks: cells say who blocks on what, words say who holds it, reader words say who reads it.
//
// | a thread blocks for                                   | and so waits for                       |
// |-------------------------------------------------------|----------------------------------------|
// | a mutex, or a reader-writer lock, that somebody has   | that one                               |
// | a reader-writer lock that it has itself, DRAINING     | all who read it                        |
// | anything else                                         | nobody in particular                   |
//
// A waiter whose slice has run out searches for a way from its own wait back to itself. It is a deadlock whichever of the
// readers it leads over: all of them have to leave. If there is one, and a second search finds every member in the very same
// wait and every word unchanged, then all of them waited at once, in the moment between the two searches, each for
// the next: nobody in it can ever go on. The member with the highest id is the one that throws. Members of several
// circles may find different ones; the highest of all of them finds one of its own in any case, and so it ends.
//
// A mutex that is GRANTED to who blocks for it looks like a lock that is DRAINING, and is read by nobody: no way leads on,
// as it is about to notice. Who waits for a lock and has a reader word for it does not read it: it is just looking whether it may.

import { MemspanError } from '../errors.ts';
import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import type { SpanView } from '../span/view.ts';
import type { Ticket } from '../span/waiting.ts';
import { load } from '../word/atomics.ts';
import { lockEvents } from './events.ts';
import { DRAINING, OWNER } from './rwlock.layout.ts';

/** A member of a cycle: it waits for a lock, which the next member holds. */
export interface DeadlockMember {
  readonly thread: string;
  readonly pid: number;
  readonly tid: number;
  readonly waitsFor: string;
  /** How the next member has it: it reads it, or has it alone. */
  readonly heldFor: 'reading' | 'writing';
}

interface Step {
  readonly id: number;
  readonly state: number;
  readonly offset: number;
  /** Owner and DRAINING. */
  readonly word: number;
}

/** Throws `ERR_MEMSPAN_DEADLOCK` when this thread, which waits with that ticket, has to give way. */
export function checkDeadlock(attachment: Attachment, ticket: Ticket, kind = 'mutex'): void {
  const { view, id } = attachment;
  const cycle = search(attachment);
  if (cycle === null || cycle[0]?.state !== ticket.state) return;
  if (cycle.some((step) => step.id > id)) return;
  const again = search(attachment);
  if (again === null || again.length !== cycle.length) return;
  const isSame = again.every((step, i) => {
    const { id, state, offset, word } = cycle[i] as Step;
    return step.id === id && step.state === state && step.offset === offset && step.word === word;
  });
  if (!isSame) return;
  const members = cycle.map(({ id, offset, word }): DeadlockMember => {
    const { name = '?', pid = 0, tid = 0 } = view.participant(id) ?? {};
    const heldFor = isDrainedBy(id, word) ? 'reading' : 'writing';
    return { thread: name, pid, tid, waitsFor: view.nameAt(offset), heldFor };
  });
  throw deadlock(view, members, kind);
}

/** A way from this thread's wait back to it, each participant once; null when there is none. */
function search({ view, reads, id: start }: Attachment): Step[] | null {
  const way: Step[] = [];
  const seen = new Set<number>([start]);
  const visit = (id: number): boolean => {
    const wait = view.waitsOf(id, true)[0];
    // A cell that a hostile peer has filled may say anything.
    if (wait === undefined || !wait.blocking || wait.offset > view.geometry.size - 4) return false;
    const { state, offset, mode } = wait;
    if (mode !== Mode.exclusive && mode !== Mode.shared) return false;
    const word = load(view.words, offset / 4) & (OWNER | DRAINING);
    way.push({ id, state, offset, word });
    const isReader = (reader: number): boolean => view.waitsOf(reader, true)[0]?.offset !== offset;
    const holders = isDrainedBy(id, word)
      ? reads.readers(offset / 4).filter(isReader)
      : [word & OWNER].filter((owner) => view.isAlive(owner));
    for (const holder of holders) {
      if (holder === start) return true;
      if (seen.has(holder)) continue;
      seen.add(holder);
      if (visit(holder)) return true;
    }
    way.pop();
    return false;
  };
  return visit(start) ? way : null;
}

function isDrainedBy(id: number, word: number): boolean {
  return (word & OWNER) === id && (word & DRAINING) !== 0;
}

function deadlock(view: SpanView, members: DeadlockMember[], kind: string): MemspanError {
  const span = view.segment.name;
  const lines = members.map(({ thread, pid, waitsFor, heldFor }, i) => {
    const holder = members[(i + 1) % members.length] as DeadlockMember;
    return `${thread} (pid ${pid}) waits for '${waitsFor}', which ${holder.thread} (pid ${holder.pid}) ${heldFor === 'reading' ? 'reads' : 'holds'}`;
  });
  const name = members[0]?.waitsFor ?? '';
  lockEvents.deadlock.publish({
    kind,
    name,
    fullName: `${span ?? ''}/${name}`,
    details: members,
  });
  return new MemspanError('ERR_MEMSPAN_DEADLOCK', {
    operation: 'lock',
    object: `${span ?? ''}/${name}`,
    cause: `deadlock: ${lines.join('; ')}`,
    remedy: 'Take these locks in the same order everywhere',
    found: members,
  });
}
