// Rates: what has gone through a span between two looks at it, by the counts that its objects keep. Pure.
//
//   ring, broadcast, pool   messages sent          latest    values published
//   queue                   messages put in        event     times that it was set (manual reset)
//   barrier                 phases that ended      a span    waits that began: for locks, permits, messages, anything
//
// Locks and semaphores count nothing: of these only the waits are seen. A count that went backwards is that of
// another object, or somebody hostile's: no rate.

import { Positions } from '../channel/queue.layout.ts';
import { GENERATION_MASK } from '../sync/barrier.layout.ts';
import { GENERATION } from '../sync/event.layout.ts';
import type { Anatomy, RingFacts, State } from './anatomy.ts';

/** The counts at one moment. */
export interface Counts {
  /** Milliseconds, of any clock that only goes forwards. */
  readonly atMs: number;
  /** Waits begun, modulo 2^32; undefined for what is no span. */
  readonly waits: number | undefined;
  /** By the object's index in the directory; 0 for a segment that is a ring. */
  readonly objects: ReadonlyMap<number, Counted>;
}

export interface Counted {
  readonly name: string;
  readonly kind: string;
  readonly count: number;
  /** How many come between two counts: they may wrap. */
  readonly between: (before: number, after: number) => number;
  readonly bytes: number | undefined;
}

/** Per second. */
export interface ObjectRate {
  /** Of the object; '' for a segment that is a ring. */
  readonly name: string;
  readonly kind: string;
  readonly operations: number;
  readonly bytes: number | undefined;
}

export interface Rates {
  /** Of all objects together; undefined when none of them counts. */
  readonly operations: number | undefined;
  readonly bytes: number | undefined;
  readonly waits: number | undefined;
  readonly objects: ReadonlyMap<number, ObjectRate>;
}

/** What the anatomy of a span, or of a segment that is a ring, says that can be counted. */
export function countsOf({ header, objects, ring }: Anatomy, atMs: number): Counts {
  const counted = new Map<number, Counted>();
  if (ring !== undefined) counted.set(0, ofRing(ring));
  for (const { index, name, kind, state } of objects) {
    const found = state && countIn(kind, state.facts);
    if (found !== undefined) counted.set(index, { name, kind, ...found });
  }
  return { atMs, waits: header?.tickets, objects: counted };
}

type Count = Omit<Counted, 'name' | 'kind'>;

function ofRing({ sent, bytes }: RingFacts): Counted {
  return { name: '', kind: 'ring', count: sent, between: plainly, bytes };
}

function countIn(kind: string, facts: State['facts']): Count | undefined {
  const number = (name: string): number | undefined =>
    typeof facts[name] === 'number' ? facts[name] : undefined;
  const counted = (name: string, between: Count['between']): Count | undefined => {
    const count = number(name);
    return count === undefined ? undefined : { count, between, bytes: number('bytes') };
  };
  switch (kind) {
    case 'ring':
    case 'broadcast':
      return counted('sent', plainly);
    case 'pool':
      return counted('sent', wrapping(0xffff_ffff));
    case 'latest':
      return counted('sequence', plainly);
    case 'event':
      return counted('generation', wrapping(GENERATION));
    case 'barrier':
      return counted('generation', wrapping(GENERATION_MASK));
    case 'queue': {
      const capacity = number('capacity');
      if (capacity === undefined) return undefined;
      const positions = new Positions(capacity);
      return counted('tail', (before, after) => positions.distance(before | 0, after | 0));
    }
    default:
      return undefined;
  }
}

function plainly(before: number, after: number): number {
  return after - before;
}

/** What seems to be more than half of all there are has gone backwards. */
function wrapping(mask: number): Count['between'] {
  return (before, after) => {
    const steps = ((after - before) & mask) >>> 0;
    return steps > mask / 2 ? -1 : steps;
  };
}

const waitsBetween = wrapping(0xffff_ffff);

/** Undefined where no time lies between the two. */
export function ratesBetween(before: Counts, after: Counts): Rates | undefined {
  const seconds = (after.atMs - before.atMs) / 1000;
  if (!(seconds > 0)) return undefined;
  const perSecond = (amount: number): number | undefined =>
    amount >= 0 ? amount / seconds : undefined;
  const objects = new Map<number, ObjectRate>();
  let [operations, bytes]: (number | undefined)[] = [undefined, undefined];
  for (const [index, now] of after.objects) {
    const then = before.objects.get(index);
    if (then === undefined || then.name !== now.name || then.kind !== now.kind) continue;
    const rate = perSecond(now.between(then.count, now.count));
    if (rate === undefined) continue;
    const volume =
      then.bytes === undefined || now.bytes === undefined
        ? undefined
        : perSecond(now.bytes - then.bytes);
    objects.set(index, { name: now.name, kind: now.kind, operations: rate, bytes: volume });
    operations = (operations ?? 0) + rate;
    if (volume !== undefined) bytes = (bytes ?? 0) + volume;
  }
  const waits =
    before.waits === undefined || after.waits === undefined
      ? undefined
      : perSecond(waitsBetween(before.waits, after.waits));
  return { operations, bytes, waits, objects };
}
