// What a hot path is, and what it may take: bytes of heap and system calls for each operation, once it is warm.

import type { Span } from '../../src/index.ts';

/** Does the operation so often. */
export type Step = (times: number) => void | Promise<void>;

export interface HotPath {
  readonly name: string;
  /** Bytes of heap that an operation may take: 0 where it is said to take none. */
  readonly bytesMax: number;
  /** Where that is not 0: what they are. */
  readonly because?: string;
  /** All of it in one thread; where there are two ends, both. */
  readonly alone: (span: Span) => Step;
  /** The two ends in two processes, each of which does its part as often. Without: the other process is attached, awake and idle. */
  readonly ends?: readonly [a: (span: Span) => Step, b: (span: Span) => Step];
  /** Awaits something in each operation: only what it allocates is looked at, the rest is the engine's. */
  readonly isAsync?: boolean;
  /** System calls that a million operations may make. Default 0, or what the engine does for itself where it collects garbage. */
  readonly callsMax?: number;
  /** A try that finds nothing asks the kernel (fcntl) whether those live who hold it up: that is shown, and not judged. */
  readonly probes?: boolean;
}

/**
 * Bytes of heap for each operation that are none: no operation allocates then, but what comes once in thousands of them, such as
 * the end of a ring's memory, is never compiled, and the engine's interpreter makes objects of numbers.
 */
export const NOTHING = 0.1;

const FOR_GARBAGE = 1000;

/** System calls that a million operations may make. */
export function callsMaxOf({ callsMax, bytesMax }: HotPath): number {
  return callsMax ?? (bytesMax > 0 ? FOR_GARBAGE : 0);
}

/** Both ends of a channel in one thread, one after the other. */
export function inTurn(ends: readonly [a: () => void, b: () => void]): Step {
  const [a, b] = ends;
  return (times) => {
    for (let i = 0; i < times; i++) {
      a();
      b();
    }
  };
}

export function repeated(one: () => void): Step {
  return (times) => {
    for (let i = 0; i < times; i++) one();
  };
}

/** An end that looks again until there is something: it never sleeps, so that a call of it would be one of its own. */
export function polling(attempt: () => boolean): Step {
  return (times) => {
    for (let i = 0; i < times; i++) while (!attempt());
  };
}
