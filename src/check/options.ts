// What is explored, as users say it, and its checks.

import { invalidArgument, outOfRange } from '../errors.ts';
import type { Span } from '../span/span.ts';
import { aOrAn } from './stand-ins.ts';

/** What a thread, and who looks at states, has besides what is shared. */
export interface Me {
  /** The thread's number; −1 for setup, invariant and atEnd. */
  readonly index: number;
  /**
   * A span of the explorer's own, to which every thread is attached. What it is to hold is made in `setup`, and
   * opened by each thread for itself: `me.span.mutex('m')`. Threads that are to attach, leave, and be the first or the
   * last there open spans of their own by name: `Span.open('x', {participants: 2})`.
   */
  readonly span: Span;
}

/** What is known of a state besides what is shared. */
export interface Moment extends Me {
  /** Which threads were killed. */
  readonly killed: readonly number[];
}

/** How a schedule has ended. */
export interface End<R> extends Moment {
  /** What the threads have returned; undefined for those that were killed, and those that wait. */
  readonly results: readonly (R | undefined)[];
}

export interface Progress {
  readonly schedules: number;
  readonly bound: number;
  readonly elapsedMs: number;
}

export interface Exploration<S, R = unknown> {
  /**
   * Makes what is shared: typed arrays, in plain objects and arrays, which name their words. Called once; each schedule begins
   * with what it has left in the arrays.
   */
  readonly setup: (me: Me) => S;
  /** From 1 to 8 functions. Each is called many times; what it knows is in its own variables and in what is shared. */
  readonly threads: readonly ((shared: S, me: Me) => R)[];
  /** Called after each step: throws, or returns false, when the state is none that may be. */
  readonly invariant?: ((shared: S, moment: Moment) => unknown) | undefined;
  /** Called when all threads have ended: throws, or returns false, when that is no end there may be. */
  readonly atEnd?: ((shared: S, end: End<R>) => unknown) | undefined;
  /**
   * Called when those who are left wait, and nobody will wake them: returns true where that is as it should be, as on an
   * event that nobody sets. Then it is an end like others. Without it, and with any other answer, it is a failure.
   */
  readonly mayWait?: ((shared: S, end: End<R>) => unknown) | undefined;
  /** What the threads may return, all in the order of `threads`; null for one that was killed, or waits. */
  readonly outcomes?: readonly (readonly (R | null)[])[] | undefined;
  /** How many threads are killed in a schedule, at most, each at any step. Default 0. */
  readonly crashes?: number | undefined;
  /** Which threads may be killed, by number: of others the rest cannot do without. Default: any. */
  readonly victims?: readonly number[] | undefined;
  /** How often in a schedule a thread that could go on is not let, at most. Default: any number of times. */
  readonly bound?: number | undefined;
  /** A number: where chance begins. A text: the schedule of a failure, to see that one again. */
  readonly seed?: number | string | undefined;
  /** Milliseconds. Default 10,000. */
  readonly timeMs?: number | undefined;
  /** A schedule with more steps, and as many again in which each thread has its turn, does not end. Default 2,000. */
  readonly steps?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const THREADS_MAX = 8;

export interface Settings {
  readonly crashes: number;
  readonly victims: readonly number[];
  readonly bound: number;
  readonly timeMs: number;
  readonly stepsMax: number;
  readonly seed: number;
  /** Of a failure that is to be seen again. */
  readonly schedule: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

export function checkOptions(options: Exploration<unknown>): Settings {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('explore takes an object such as {setup, threads, atEnd}');
  }
  const {
    setup,
    threads,
    invariant,
    atEnd,
    mayWait,
    outcomes,
    signal,
    onProgress,
    seed = 1,
  } = options;
  checkFunction('setup', setup);
  if (!Array.isArray(threads)) throw invalidArgument('explore: threads is an array of functions');
  if (threads.length < 1 || threads.length > THREADS_MAX) {
    throw outOfRange(`explore: there are from 1 to ${THREADS_MAX} threads, not ${threads.length}`);
  }
  for (const [index, thread] of threads.entries()) checkFunction(`threads[${index}]`, thread);
  for (const [name, value] of Object.entries({ invariant, atEnd, mayWait })) {
    if (value !== undefined) checkFunction(name, value);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('explore: onProgress is a function');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgument('explore: signal is an AbortSignal');
  }
  const victims = options.victims ?? threads.map((_, index) => index);
  if (!Array.isArray(victims) || !victims.every((victim) => Object.hasOwn(threads, victim))) {
    throw invalidArgument('explore: victims is an array of numbers of threads');
  }
  const isList = Array.isArray(outcomes) && outcomes.every((outcome) => Array.isArray(outcome));
  if (outcomes !== undefined && !isList) {
    throw invalidArgument('explore: outcomes is an array of arrays, a result for each thread');
  }
  if (typeof seed !== 'number' && typeof seed !== 'string') {
    throw invalidArgument("explore: seed is a number, or the text of a failure's schedule");
  }
  if (typeof seed === 'number' && !Number.isInteger(seed)) {
    throw outOfRange(`explore: seed is a whole number, not ${seed}`);
  }
  return {
    crashes: count(options, 'crashes', 0),
    victims,
    bound: count(options, 'bound', Number.POSITIVE_INFINITY),
    timeMs: count(options, 'timeMs', 10_000),
    stepsMax: count(options, 'steps', 2_000, 1),
    seed: typeof seed === 'number' ? seed : 1,
    schedule: typeof seed === 'string' ? seed : undefined,
    signal,
    onProgress,
  };
}

/** That goes on to its end when it is called. */
function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidArgument(`explore: ${name} is a function`);
  const kind = Object.prototype.toString.call(value);
  if (kind !== '[object Function]') {
    throw invalidArgument(
      `explore: ${name} is ${aOrAn(kind.slice(8, -1))}; take a plain function that uses the blocking forms`,
    );
  }
}

function count(
  options: Exploration<unknown>,
  name: 'crashes' | 'bound' | 'timeMs' | 'steps',
  fallback: number,
  least = 0,
): number {
  const given: unknown = options[name];
  const value = given === undefined ? fallback : given;
  if (typeof value !== 'number') throw invalidArgument(`explore: ${name} is a number`);
  const isWhole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (!(value >= least) || !isWhole) {
    throw outOfRange(`explore: ${name} is a whole number from ${least} up, not ${value}`);
  }
  return value;
}
