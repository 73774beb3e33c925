// One 32-bit cell of shared memory: the atomic operations. Together with wait.ts and sleep.ts this is the
// only place that touches shared cells, so that memspan/check can put a scheduler here.
//
// All are sequentially consistent (ECMA-262, Atomics; on x86-64 a store is an exchange, a load a plain
// one). `index` counts words. A view of too few words throws RangeError.

import { scheduler } from './scheduler.ts';

/** The word's value. Pairs with any store below: what its writer wrote before is visible after. */
export function load(words: Int32Array, index: number): number {
  return Atomics.load(words, index);
}

/** Publishes `value`: whoever loads it sees everything this thread wrote before. */
export function store(words: Int32Array, index: number, value: number): void {
  Atomics.store(words, index, value);
}

/** Replaces the word by `replacement` if it is `expected`; returns what was there. */
export function compareExchange(
  words: Int32Array,
  index: number,
  expected: number,
  replacement: number,
): number {
  return Atomics.compareExchange(words, index, expected, replacement);
}

/** Adds to the word, which wraps; returns what was there. */
export function add(words: Int32Array, index: number, amount: number): number {
  return Atomics.add(words, index, amount);
}

/**
 * Passes `count` turns of an empty loop (about half a nanosecond each) between two looks at a word. False: another
 * look would be of no use, it may as well sleep.
 */
export function pause(count: number): boolean {
  if (scheduler !== null) return false;
  for (let turn = 0; turn < count; turn++);
  return true;
}
