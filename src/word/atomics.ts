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

// Stores become visible, and loads are done, in program order there (Intel SDM 3A, 9.2: "Memory Ordering").
const isOrdered = ['x64', 'ia32'].includes(process.arch);
const nobodysWord = new Int32Array(new SharedArrayBuffer(4));

/**
 * Keeps plain reads and writes of bytes on their side of the atomic operations around it: an atomic load does not hold
 * back the plain ones before it, nor an atomic store the plain ones after it (ARM: load-acquire, store-release). For who
 * reads bytes that may change meanwhile and looks afterwards whether they did, and for who changes them.
 * Source: H.-J. Boehm, "Can Seqlocks Get Along With Programming Language Memory Models?", 2012.
 */
export function fence(): void {
  // Explored threads are in order, and nobody's word would be one that they share.
  if (!isOrdered && scheduler === null) Atomics.add(nobodysWord, 0, 0);
}
