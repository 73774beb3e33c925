// Finding deadlocks: cells say who blocks on what, words say who holds it.
//
// A waiter whose slice has run out follows the chain from its own wait. If that comes back to it, and a second
// walk finds every member in the very same wait and every word unchanged, then all of them waited at once, in
// the moment between the two walks, each for the next: nobody in it can ever go on. All members see the same
// cycle; the one with the highest id is the one that throws.

import { MemspanError } from '../errors.ts';
import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import type { SpanView } from '../span/view.ts';
import type { Ticket } from '../span/waiting.ts';
import { load } from '../word/atomics.ts';
import { lockEvents } from './events.ts';
import { GRANTED, OWNER } from './mutex.layout.ts';

/** A member of a cycle: it waits for `lock`, which the next member holds. */
export interface DeadlockMember {
  readonly thread: string;
  readonly pid: number;
  readonly tid: number;
  readonly waitsFor: string;
}

interface Step {
  readonly id: number;
  readonly state: number;
  readonly offset: number;
  readonly word: number;
}

/** Throws `ERR_MEMSPAN_DEADLOCK` when this thread, which waits with that ticket, has to give way. */
export function checkDeadlock({ view, id }: Attachment, ticket: Ticket): void {
  const cycle = walk(view, id);
  if (cycle === null || cycle[0]?.state !== ticket.state) return;
  if (cycle.some((step) => step.id > id)) return;
  const again = walk(view, id);
  if (again === null || again.length !== cycle.length) return;
  const isSame = again.every((step, i) => {
    const { id, state, offset, word } = cycle[i] as Step;
    return step.id === id && step.state === state && step.offset === offset && step.word === word;
  });
  if (!isSame) return;
  const members = cycle.map(({ id, offset }): DeadlockMember => {
    const { name = '?', pid = 0, tid = 0 } = view.participant(id) ?? {};
    return { thread: name, pid, tid, waitsFor: view.nameAt(offset) };
  });
  throw deadlock(view, members);
}

/** The chain from `start` back to it; null when it ends elsewhere. */
function walk(view: SpanView, start: number): Step[] | null {
  const steps: Step[] = [];
  const seen = new Set<number>();
  for (let id = start; !seen.has(id); ) {
    seen.add(id);
    const wait = view.waitsOf(id, true)[0];
    // A cell that a hostile peer has filled may say anything.
    if (wait === undefined || !wait.blocking || wait.offset > view.geometry.size - 4) return null;
    // Only where one alone can have it does the word say who: elsewhere it may look like anybody's id.
    if (wait.mode !== Mode.exclusive) return null;
    const word = load(view.words, wait.offset / 4);
    const holder = word & OWNER;
    if (holder === 0 || !view.isAlive(holder)) return null;
    // Granted to who blocks for it: it is about to notice. If it blocks for something else, it cannot.
    const isNoticed = view.waitsOf(holder, true)[0]?.offset === wait.offset;
    if ((word & GRANTED) !== 0 && isNoticed) return null;
    steps.push({ id, state: wait.state, offset: wait.offset, word: word & (OWNER | GRANTED) });
    if (holder === start) return steps;
    id = holder;
  }
  return null;
}

function deadlock(view: SpanView, members: DeadlockMember[]): MemspanError {
  const span = view.segment.name;
  const lines = members.map(({ thread, pid, waitsFor }, i) => {
    const holder = members[(i + 1) % members.length] as DeadlockMember;
    return `${thread} (pid ${pid}) waits for '${waitsFor}', which ${holder.thread} (pid ${holder.pid}) holds`;
  });
  const name = members[0]?.waitsFor ?? '';
  lockEvents.deadlock.publish({
    kind: 'mutex',
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
