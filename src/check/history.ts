// What a thread has done so far: all there is of it. The same history means the same thread.

import type { MemspanError } from '../errors.ts';
import { mix } from './hash.ts';
import { type Copies, type Memory, unexplorable } from './memory.ts';
import type { Thread } from './thread.ts';

/** All plain accesses to guarded memory between two operations, as one. */
export const PLAIN = 'plain';

/** One operation that a thread has done. */
export interface Entry {
  readonly kind: string;
  /** What it was done to: the number of its first byte among all explored bytes, or less than 0. */
  readonly at: number;
  /** What it was done with: the value to store, to add, to sleep on; and what was expected. */
  readonly operand: unknown;
  readonly second: unknown;
  answer: unknown;
  /** Of the guarded regions, for plain accesses that come next. */
  guarded: Copies | undefined;
}

export function plain(guarded: Copies): Entry {
  const nothing = undefined;
  return { kind: PLAIN, at: -1, operand: nothing, second: nothing, answer: nothing, guarded };
}

export function isThat(
  entry: Entry,
  kind: string,
  at: number,
  operand: unknown,
  second: unknown,
): boolean {
  return (
    entry.kind === kind &&
    entry.at === at &&
    (entry.operand === operand || Object.is(entry.operand, operand)) &&
    (entry.second === second || Object.is(entry.second, second))
  );
}

/** Its hash, of all that it has done and was answered. */
export function stir(thread: Thread, a: number, b: number): void {
  thread.hash = mix(mix(thread.hash, a), b);
  thread.hash2 = mix(mix(thread.hash2 ^ b, 0x51ed), a);
}

/** So often it does the same before it is looked into. */
const TURNS = 4;

/** How many of the last operations are one turn of a loop that looks in vain; 0: they are none. */
export function periodOf({ history, length, looks }: Thread): number {
  for (let period = 1; TURNS * period <= looks; period++) {
    let i = length - 1;
    const end = length - (TURNS - 1) * period;
    while (i >= end && isSame(history[i] as Entry, history[i - period] as Entry)) i--;
    if (i < end) return period;
  }
  return 0;
}

/** Whether one of these is what it does again and again. */
export function asks(thread: Thread, kinds: readonly string[]): boolean {
  const { history, length } = thread;
  const turn = history.slice(length - periodOf(thread), length);
  return turn.some(({ kind }) => kinds.includes(kind));
}

/** What it looks at again and again. */
export function placesOf(thread: Thread): number[] {
  const { history, length } = thread;
  const turn = history.slice(length - periodOf(thread), length);
  return [...new Set(turn.map(({ at }) => at).filter((at) => at >= 0))];
}

function isSame(one: Entry, other: Entry): boolean {
  return (
    one.kind === other.kind &&
    one.at === other.at &&
    Object.is(one.answer, other.answer) &&
    Object.is(one.operand, other.operand) &&
    Object.is(one.second, other.second)
  );
}

/** An operation in words. */
export function deed(memory: Memory, kind: string, at: number, operand: unknown): string {
  const value = operand === undefined ? '' : ` (${String(operand)})`;
  return `${kind}${at < 0 ? '' : ` of ${memory.nameOf(at)}`}${value}`;
}

/** It has not done again what it had done. */
export function diverged(
  memory: Memory,
  { name }: Thread,
  now: string,
  { kind, at, operand }: Entry,
): MemspanError {
  return unexplorable(
    `${name} did not do the same again: ${now} where it had done ${deed(memory, kind, at, operand)}`,
    'Keep what a thread knows in its function and what threads share in arrays that setup returns; use no clock or random numbers of your own',
  );
}
