// The wait-for graph: who waits for whom, and for what; and the circles in it.
//
// | a thread, or one of its tasks, waits for                 | and so waits for                            |
// |----------------------------------------------------------|---------------------------------------------|
// | a mutex, an initialisation, a lock that somebody has     | that one                                    |
// | a reader-writer lock that it has itself, draining        | all who read it                             |
// | a permit, when all of them are one participant's         | that one                                    |
// | a lock by name                                           | who holds it and cannot share it            |
// | anything else                                            | nobody in particular                        |
//
// A circle of threads that block, each in its only wait, is a deadlock. Where a task waits, its thread may have another
// task that lets go: then it is a circle, and whether it is one for good only the program can tell. The bytes change while
// they are looked at: what counts is what was found twice, in the same wait.

import { DRAINING, OWNER } from '../../sync/rwlock.layout.ts';
import type { Attendance, Waiting, Who } from './attendance.ts';
import type { Dissection } from './dissection.ts';
import type { LockClaim } from './lock-space.ts';

/** One waits for another. */
export interface WaitEdge {
  readonly waiter: Who;
  /** The object's name: `ledger`, `account.lock`, `locks/NAME`. */
  readonly object: string;
  readonly holder: Who;
  /** The waiter's thread can do nothing else meanwhile. */
  readonly blocking: boolean;
  readonly since: Date | undefined;
}

/** Each member waits for the holder of its edge, who is the next one's waiter. */
export interface WaitCycle {
  readonly edges: readonly WaitEdge[];
  /** All of them block: none can ever go on by itself. */
  readonly deadlock: boolean;
}

/** An edge, and what makes it the same one when it is seen again. */
export interface SeenEdge extends WaitEdge {
  readonly key: string;
}

/** Who is looked for in which object: what is not in the words themselves. */
export interface GraphSource {
  /** Holders of all permits, where that is one participant; by the offset of the semaphore. */
  readonly soleHolders: ReadonlyMap<number, Who>;
  /** The claims of lock spaces. */
  readonly claims: readonly LockClaim[];
  readonly nameAt: (offset: number) => string;
}

/** More than any sound span has. */
const EDGES_MAX = 20_000;

export function edgesOf(
  found: Dissection,
  attendance: Attendance,
  source: GraphSource,
): SeenEdge[] {
  const edges: SeenEdge[] = [];
  for (const { who, waits } of attendance.attendants) {
    if (!who.alive) continue;
    for (const wait of waits) {
      for (const holder of holdersFor(found, attendance, source, wait)) {
        if (edges.length >= EDGES_MAX) return edges;
        const { blocking, since, state, offset } = wait;
        const key = `${who.id} ${state} ${offset} ${holder.id}`;
        edges.push({ waiter: who, object: source.nameAt(offset), holder, blocking, since, key });
      }
    }
  }
  return [...edges, ...claimEdges(source.claims)].slice(0, EDGES_MAX);
}

function holdersFor(
  found: Dissection,
  attendance: Attendance,
  { soleHolders }: GraphSource,
  { who, offset, mode }: Waiting,
): readonly Who[] {
  // A cell that somebody hostile has filled may say anything.
  if (offset > found.view.geometry.size - 4) return [];
  const others = (all: readonly (Who | undefined)[]): Who[] =>
    all.filter((each): each is Who => each?.alive === true && each.id !== who.id);
  if (mode === 'permit') return others([soleHolders.get(offset)]);
  if (mode !== 'exclusive' && mode !== 'shared') return [];
  const word = found.word(offset);
  const owner = word & OWNER;
  const drains = owner === who.id && (word & DRAINING) !== 0;
  return others(drains ? attendance.readers(offset) : [attendance.who(owner)]);
}

/** A claim waits for those that hold the same name and do not share it. */
function claimEdges(claims: readonly LockClaim[]): SeenEdge[] {
  const held = new Map<string, LockClaim[]>();
  for (const claim of claims) {
    if (claim.phase === 'held') held.set(claim.name, [...(held.get(claim.name) ?? []), claim]);
  }
  const edges: SeenEdge[] = [];
  for (const { name, who, mode, phase, ticket } of claims) {
    if (phase !== 'pending') continue;
    for (const holder of held.get(name) ?? []) {
      const isShared = mode === 'shared' && holder.mode === 'shared';
      if (isShared || holder.who.id === who.id || edges.length >= EDGES_MAX) continue;
      const key = `${who.id} ${ticket} ${name} ${holder.who.id}`;
      edges.push({
        waiter: who,
        object: `locks/${name}`,
        holder: holder.who,
        blocking: false,
        since: undefined,
        key,
      });
    }
  }
  return edges;
}

/** The circles among edges that were seen twice: for each group of participants that wait for one another, a shortest one. */
export function cyclesIn(first: readonly SeenEdge[], again: readonly SeenEdge[]): WaitCycle[] {
  const keys = new Set(again.map(({ key }) => key));
  const out = new Map<number, SeenEdge[]>();
  for (const edge of first) {
    if (!keys.has(edge.key)) continue;
    const from = out.get(edge.waiter.id);
    if (from === undefined) out.set(edge.waiter.id, [edge]);
    else from.push(edge);
  }
  return groupsIn(out)
    .map((group) => shortest(out, group))
    .map((edges) => ({
      edges: edges.map(({ key, ...edge }) => edge),
      deadlock: edges.every(isFinal),
    }));
}

function isFinal({ blocking }: WaitEdge): boolean {
  return blocking;
}

/** Strongly connected components of more than one member (R. Tarjan, 1972). */
function groupsIn(out: ReadonlyMap<number, readonly SeenEdge[]>): Set<number>[] {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  const groups: Set<number>[] = [];
  // As deep as there are participants, of which there are 4094 at most.
  const visit = (id: number): number => {
    const own = order.size;
    order.set(id, own);
    stack.push(id);
    onStack.add(id);
    let lowest = own;
    for (const { holder } of out.get(id) ?? []) {
      if (!order.has(holder.id)) lowest = Math.min(lowest, visit(holder.id));
      else if (onStack.has(holder.id)) lowest = Math.min(lowest, order.get(holder.id) as number);
    }
    low.set(id, lowest);
    if (lowest === own) {
      const group = new Set<number>();
      let member: number;
      do {
        member = stack.pop() as number;
        onStack.delete(member);
        group.add(member);
      } while (member !== id);
      if (group.size > 1) groups.push(group);
    }
    return lowest;
  };
  for (const id of out.keys()) if (!order.has(id)) visit(id);
  return groups;
}

/** A shortest way within the group from its lowest member back to it; by blocking waits, if there is one. */
function shortest(
  out: ReadonlyMap<number, readonly SeenEdge[]>,
  group: ReadonlySet<number>,
): SeenEdge[] {
  for (const start of [...group].sort((a, b) => a - b)) {
    const way = wayBack(out, group, start, isFinal);
    if (way !== undefined) return way;
  }
  return wayBack(out, group, Math.min(...group), () => true) ?? [];
}

function wayBack(
  out: ReadonlyMap<number, readonly SeenEdge[]>,
  group: ReadonlySet<number>,
  start: number,
  counts: (edge: SeenEdge) => boolean,
): SeenEdge[] | undefined {
  const came = new Map<number, SeenEdge>();
  const next = [start];
  for (const id of next) {
    for (const edge of out.get(id) ?? []) {
      const to = edge.holder.id;
      if (!group.has(to) || came.has(to) || !counts(edge)) continue;
      came.set(to, edge);
      if (to !== start) next.push(to);
      else next.length = 0;
    }
    if (came.has(start)) break;
  }
  const way: SeenEdge[] = [];
  for (let at = start; came.has(at); ) {
    const edge = came.get(at) as SeenEdge;
    way.unshift(edge);
    at = edge.waiter.id;
    if (at === start) return way;
  }
  return undefined;
}
