// Barrier: nobody goes on before all are there, phase after phase; all who wait are told the same of a phase; and if one
// of them dies, nobody waits for it.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import { MemspanError } from '../../../src/index.ts';
import type { Barrier } from '../../../src/sync/barrier.ts';
import { type Model, model } from '../model.ts';

interface Shared {
  /** Of each thread: 2p + 1 before it waits in phase p, 2p + 2 when that is over. */
  readonly place: Int32Array;
}

/** What became of the phases of a thread: what it was told in each that was completed. */
interface Phases {
  readonly orders: readonly number[];
  /** And the next one was broken. */
  readonly isBroken: boolean;
}

/** Undefined: it is broken. */
function unlessBroken<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof MemspanError && error.code === 'ERR_MEMSPAN_BROKEN') return undefined;
    throw error;
  }
}

function waitAt(barrier: Barrier, timeoutMs?: number): number | null | undefined {
  return unlessBroken(() => barrier.wait({ timeoutMs }));
}

function meeting(parties: number, phases: number) {
  const options = { parties };
  /** `again`: what a party does when it was told that it is broken, undefined, or its time is over, null. */
  const party =
    (
      again: (barrier: Barrier, outcome: null | undefined) => number | undefined,
      timeoutMs?: number,
    ) =>
    ({ place }: Shared, { span, index }: Me): Phases => {
      const barrier = span.barrier('b', options);
      const orders: number[] = [];
      if (unlessBroken(() => barrier.join() ?? true) === undefined) {
        return { orders, isBroken: true };
      }
      for (let phase = 0; phase < phases; phase++) {
        place[index] = 2 * phase + 1;
        const order = waitAt(barrier, timeoutMs);
        const told = typeof order === 'number' ? order : again(barrier, order);
        if (told === undefined) return { orders, isBroken: true };
        place[index] = 2 * phase + 2;
        orders.push(told);
      }
      return { orders, isBroken: false };
    };
  /** As who looks from outside has it: to open it at every step would take longer than the step. */
  let seen: Barrier;
  return {
    setup: ({ span }: Me): Shared => {
      seen = span.barrier('b', options);
      return { place: new Int32Array(parties) };
    },
    party: party(() => undefined),
    /** Who is told that it is broken puts it in order. */
    repairer: party((barrier) => {
      barrier.reset();
      return undefined;
    }),
    hurried: party(
      (barrier, outcome) => (outcome === null ? (waitAt(barrier) ?? undefined) : outcome),
      10,
    ),
    /** Looks whether it is broken before it comes: then it has to be told so. */
    wary: (shared: Shared, { span, index }: Me): Phases => {
      const barrier = span.barrier('b', options);
      const hasJoined = unlessBroken(() => barrier.join() ?? true);
      const wasBroken = hasJoined === undefined || barrier.broken;
      shared.place[index] = 1;
      const order = waitAt(barrier) ?? undefined;
      assert.ok(!wasBroken || order === undefined, 'it was broken, and a phase was completed');
      if (order === undefined) return { orders: [], isBroken: true };
      shared.place[index] = 2;
      return { orders: [order], isBroken: false };
    },
    resetter: (_: Shared, { span }: Me): Phases => {
      span.barrier('b', options).reset();
      return { orders: [], isBroken: false };
    },
    /** Between the one that is furthest and the one that is last there is no barrier. */
    invariant: ({ place }: Shared): void => {
      const { arrived } = seen;
      const furthest = Math.max(...place);
      const last = Math.min(...place);
      const isApart = furthest - last > (furthest % 2 === 0 ? 1 : 2);
      assert.ok(!isApart, `one is at ${furthest}, and one at ${last}`);
      assert.ok(arrived < parties, `${arrived} have arrived, and wait for nobody`);
    },
    /** For one that died before it was a party, or does not come again after it was told. */
    mayWait: (_: Shared, { span, results, killed }: End<Phases>): boolean => {
      const left = results.filter((result) => result === undefined).length - killed.length;
      const isMissed = killed.length > 0 || results.some((result) => result?.isBroken);
      const { broken, arrived } = span.barrier('b', options);
      return isMissed && !broken && arrived === left;
    },
    /** Exactly one has completed each phase, and all the others were told so, too. */
    atEnd: (_: Shared, { span, results, killed }: End<Phases>): void => {
      const known = results.slice(0, parties);
      for (let phase = 0; phase < phases; phase++) {
        const told = known.flatMap((result) => result?.orders[phase] ?? []);
        const unknown = known.filter((result) => result === undefined).length;
        const broken = known.filter((result) => result?.isBroken && result.orders.length === phase);
        assert.ok(
          told.length === 0 || broken.length === 0,
          'completed for some, broken for others',
        );
        const isCause = killed.length > 0 || results.length > parties;
        assert.ok(broken.length === 0 || isCause, 'broken, and nobody has died or reset it');
        if (told.length === 0) continue;
        assert.equal(told.length + unknown, parties, 'somebody was not told');
        const serial = told.filter((order) => order === parties - 1).length;
        assert.ok(serial === 1 || (serial === 0 && unknown > 0), `${serial} have completed it`);
      }
      if (killed.length < parties) return;
      // Nobody is left: the next one begins anew.
      const barrier = span.barrier('b', options);
      barrier.join();
      assert.equal(barrier.arrived, 0);
      barrier.leave();
    },
  };
}

const two = meeting(2, 1);
const twice = meeting(2, 2);
const thrice = meeting(2, 3);
const three = meeting(3, 1);

/** Of what `meeting` says: what a model is made of. */
function checks({ setup, invariant, atEnd }: typeof two) {
  return { setup, invariant, atEnd };
}

export const barrier: readonly Model[] = [
  model('barrier: two parties, three phases', {
    ...checks(thrice),
    threads: [thrice.party, thrice.party],
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('barrier: three parties', {
    ...checks(three),
    threads: [three.party, three.party, three.party],
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('barrier: two parties, two phases, one is killed', {
    ...checks(twice),
    mayWait: twice.mayWait,
    threads: [twice.party, twice.party],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('barrier: two parties, one of them looks first, one is killed', {
    ...checks(two),
    mayWait: two.mayWait,
    threads: [two.party, two.wary],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('barrier: three parties, one is killed', {
    ...checks(three),
    mayWait: three.mayWait,
    threads: [three.party, three.party, three.party],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 0 },
  }),
  model('barrier: three parties, one is killed, another one repairs', {
    ...checks(three),
    mayWait: three.mayWait,
    threads: [three.repairer, three.repairer, three.repairer],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 0 },
  }),
  model('barrier: two parties, one is killed, and who repairs', {
    ...checks(two),
    mayWait: two.mayWait,
    threads: [two.repairer, two.repairer],
    crashes: 2,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('barrier: two parties, and one that resets', {
    ...checks(two),
    mayWait: two.mayWait,
    threads: [two.party, two.party, two.resetter],
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('barrier: two parties, and one that resets, one is killed', {
    ...checks(two),
    mayWait: two.mayWait,
    threads: [two.party, two.party, two.resetter],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('barrier: two parties, one gives up and comes again', {
    ...checks(twice),
    threads: [twice.party, twice.hurried],
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('barrier: two parties, one gives up and comes again, one is killed', {
    ...checks(two),
    mayWait: two.mayWait,
    threads: [two.party, two.hurried],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
];
