// Event: nobody left asleep on a set event, nor one that had waited when it was set; an automatic one lets one through for
// each set, the one that has waited longest, and loses none with those who die.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import { type Model, model } from '../model.ts';
import { waitingFor } from '../waiting.ts';

const EVERY: number = Number.POSITIVE_INFINITY;

interface Gate {
  /** Who waited right before it was set: a bit each. */
  readonly seen: Int32Array;
  /** 1 when it has been set, and what was seen counts. */
  readonly set: Int32Array;
}

/** Who is left. */
function waiting<R>({ results, killed }: End<R>): number[] {
  return results.flatMap((result, thread) =>
    result === undefined && !killed.includes(thread) ? [thread] : [],
  );
}

/** With manual reset. The setter comes first. */
function gate(initial: boolean) {
  const options = { initial };
  return {
    setup: ({ span }: Me): Gate => {
      span.event('e', options);
      return { seen: new Int32Array(1), set: new Int32Array(1) };
    },
    setter: (_: Gate, { span }: Me): null => {
      span.event('e', options).set();
      return null;
    },
    /** Sets it and takes that back at once: those who wait go through all the same. */
    pulser: ({ seen, set }: Gate, { span }: Me): null => {
      const event = span.event('e', options);
      seen[0] = waitingFor(span, 'e').reduce((mask, thread) => mask | (1 << thread), 0);
      event.set();
      set[0] = 1;
      event.reset();
      return null;
    },
    /** The other way round: set it is in the end. */
    resetter: (_: Gate, { span }: Me): null => {
      const event = span.event('e', options);
      event.reset();
      event.set();
      return null;
    },
    waiter: (_: Gate, { span }: Me): true => span.event('e', options).wait(),
    hurried: (_: Gate, { span }: Me): true | null =>
      span.event('e', options).wait({ timeoutMs: 10 }),
    mayWait: ({ seen, set }: Gate, end: End<true | null>): boolean => {
      if (end.span.event('e', options).isSet) return false;
      const isPulserDead = end.killed.includes(0);
      assert.ok(set[0] === 1 || isPulserDead, 'it was set');
      const wronged = waiting(end).filter((thread) => ((seen[0] as number) & (1 << thread)) !== 0);
      if (set[0] === 1) assert.deepEqual(wronged, [], 'they waited when it was set');
      return true;
    },
  };
}

/** What a waiter returns: whether it went through, and who had waited when it came. */
interface Through {
  readonly through: boolean;
  readonly before: readonly number[];
}

/** A setter returns who waited when it came. */
type Result = Through | readonly number[];

/** With automatic reset. The setter comes first. */
function turnstile(initial: boolean) {
  const options = { initial, reset: 'auto' } as const;
  const wait =
    (timeoutMs?: number) =>
    (_: object, { span }: Me): Through => {
      const event = span.event('e', options);
      const before = waitingFor(span, 'e');
      return { through: event.wait({ timeoutMs }) !== null, before };
    };
  return {
    setup: ({ span }: Me): object => {
      span.event('e', options);
      return {};
    },
    setter:
      (times: number, resets = false) =>
      (_: object, { span }: Me): readonly number[] => {
        const event = span.event('e', options);
        const before = waitingFor(span, 'e');
        for (let time = 0; time < times; time++) event.set();
        if (resets) event.reset();
        return before;
      },
    waiter: wait(),
    hurried: wait(10),
    mayWait: (_: object, { span }: End<Result>): boolean => !span.event('e', options).isSet,
  };
}

interface Sets {
  /** How many threads set it; they come first. */
  readonly setters: number;
  /** How many are let through by that. */
  readonly most: number;
  /** At least, with so many who waited before: setting what is set changes nothing. */
  least(waited: number): number;
}

/** No set is lost, but with those who have died; none counts twice; and none is for one who came later. */
function count({ setters, most, least }: Sets, initial = false) {
  return (_: object, { span, results, killed }: End<Result>): void => {
    const returned = results.map((result) => (result && 'through' in result ? result : undefined));
    const through = returned.filter((result) => result?.through === true) as Through[];
    const sum = through.length + (span.event('e', { reset: 'auto', initial }).isSet ? 1 : 0);
    assert.ok(sum <= most, `${sum} were let through, or can be`);

    const waited = results[0] && !('through' in results[0]) ? results[0].length : 0;
    const isSetterDead = killed.some((thread) => thread < setters);
    const dead = killed.filter((thread) => thread >= setters).length;
    const kept = isSetterDead ? 0 : least(waited) - dead;
    assert.ok(sum >= kept, `${sum} were let through, or can be, and should be ${kept}`);

    for (const thread of through.flatMap(({ before }) => before)) {
      const isExcused = killed.includes(thread) || returned[thread] !== undefined;
      assert.ok(isExcused, `thread ${thread} was overtaken`);
    }
  };
}

const { setter, pulser, waiter, hurried, ...manual } = gate(false);
const { waiter: passer, resetter, ...setFirst } = gate(true);
const { setter: autoSetter, waiter: autoWaiter, hurried: autoHurried, ...auto } = turnstile(false);
const { waiter: autoPasser, mayWait, setup } = turnstile(true);
const atEnd = count({ setters: 1, most: 1, least: () => 1 });

export const event: readonly Model[] = [
  model('event: one sets it, two wait', {
    ...manual,
    threads: [setter, waiter, waiter],
    mayWait: undefined,
    quick: { bound: 1 },
    full: { bound: EVERY },
  }),
  model('event: one sets and resets it, two wait', {
    ...manual,
    threads: [pulser, waiter, waiter],
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('event: one sets and resets it, two wait, one is killed', {
    ...manual,
    threads: [pulser, waiter, waiter],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('event: two set and reset it, one waits', {
    ...manual,
    threads: [pulser, pulser, waiter],
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('event: one sets and resets it, one waits, one gives up', {
    ...manual,
    threads: [pulser, waiter, hurried],
    quick: { bound: 0 },
    full: { bound: 3 },
  }),
  model('event: one that is set at first is reset and set again, two wait', {
    ...setFirst,
    threads: [resetter, passer, passer],
    mayWait: undefined,
    quick: { bound: 1 },
    full: { bound: EVERY },
  }),
  model('auto event: one sets it, two wait', {
    ...auto,
    threads: [autoSetter(1), autoWaiter, autoWaiter],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('auto event: one sets it, two wait, one is killed', {
    ...auto,
    threads: [autoSetter(1), autoWaiter, autoWaiter],
    crashes: 1,
    atEnd,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('auto event: one sets it twice, two wait', {
    ...auto,
    threads: [autoSetter(2), autoWaiter, autoWaiter],
    atEnd: count({ setters: 1, most: 2, least: (waited) => Math.max(1, waited) }),
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('auto event: one sets and resets it, two wait', {
    ...auto,
    threads: [autoSetter(1, true), autoWaiter, autoWaiter],
    atEnd: count({ setters: 1, most: 1, least: (waited) => Math.min(1, waited) }),
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('auto event: one sets it, one waits, one gives up', {
    ...auto,
    threads: [autoSetter(1), autoWaiter, autoHurried],
    atEnd,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('auto event: two set it, one waits, one is killed', {
    ...auto,
    threads: [autoSetter(1), autoSetter(1), autoWaiter],
    crashes: 1,
    // The one who lives sets it.
    mayWait: undefined,
    atEnd: count({ setters: 2, most: 2, least: () => 1 }),
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('auto event: three wait for one that is set at first, one is killed, and who takes over', {
    setup,
    mayWait,
    threads: [autoPasser, autoPasser, autoPasser],
    crashes: 2,
    atEnd: count({ setters: 0, most: 1, least: () => 1 }, true),
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
];
