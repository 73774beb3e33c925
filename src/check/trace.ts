// What is written down of a schedule that somebody wants to see.

import type { Thread } from './thread.ts';

/** A step as it was taken, for people. */
export interface Step {
  readonly thread: number;
  readonly kind: string;
  readonly at: number;
  readonly before: unknown;
  readonly after: unknown;
  readonly answer: unknown;
  /** Who was woken by it. */
  readonly woken: readonly number[];
}

export class Trace {
  readonly steps: Step[] = [];

  /** An operation, with what was there before and after it. */
  add(
    { index }: Thread,
    kind: string,
    at: number,
    woken: readonly number[],
    [before, after, answer]: readonly unknown[] = [],
  ): void {
    const others = woken.filter((thread) => thread !== index);
    this.steps.push({ thread: index, kind, at, before, after, answer, woken: others });
  }
}
