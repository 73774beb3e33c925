// What must be said about a semaphore, and how its bytes remember it.

import { invalidArgument, optionsMismatch, outOfRange } from '../errors.ts';
import { compareExchange, load } from '../word/atomics.ts';
import {
  OWNED_PERMITS_MAX,
  PERMITS_MAX,
  SEMAPHORE_SIZE,
  SemaphoreWord,
} from './semaphore.layout.ts';

export interface SemaphoreOptions {
  /** How many permits are free at first: 0 to `max`. */
  initial: number;
  /** How many can be free at once: 1 to 2,147,483,647, the default. With `undo` it is `initial`. */
  max?: number | undefined;
  /**
   * Permits belong to the thread that has taken them, and come back when it dies. There are `initial` of them, 1 to
   * 4096, now and for ever. Default false: a permit is a number, whoever releases it, and those of the dead are gone.
   */
  undo?: boolean | undefined;
}

/** Complete. */
export interface SemaphoreFacts {
  readonly initial: number;
  readonly max: number;
  readonly undo: boolean;
}

const UNDO = 1;

export function factsOf(options: unknown, operation: string): SemaphoreFacts {
  if (typeof options !== 'object' || options === null || !('initial' in options)) {
    throw invalidArgument(`${operation}: options are an object such as {initial: 3}`);
  }
  const { initial, undo = false, max = undo ? initial : PERMITS_MAX } = options as SemaphoreOptions;
  if (typeof initial !== 'number' || typeof max !== 'number' || typeof undo !== 'boolean') {
    throw invalidArgument(`${operation}: initial and max are numbers, undo is true or false`);
  }
  const most = undo ? OWNED_PERMITS_MAX : PERMITS_MAX;
  if (!Number.isInteger(max) || max < 1 || max > most) {
    throw outOfRange(`${operation}: max is a whole number from 1 to ${most}, not ${max}`);
  }
  if (!Number.isInteger(initial) || initial < 0 || initial > max) {
    throw outOfRange(
      `${operation}: initial is a whole number from 0 to max, ${max}, not ${initial}`,
    );
  }
  if (undo && initial !== max) {
    throw outOfRange(`${operation}: with undo, max is initial, ${initial}, not ${max}`);
  }
  return { initial, max, undo };
}

/** Its bytes. */
export function lengthOf({ undo, max }: SemaphoreFacts): number {
  return SEMAPHORE_SIZE + (undo ? 4 * max : 0);
}

export function encode({ undo }: SemaphoreFacts): number {
  return undo ? UNDO : 0;
}

/** What its bytes say; undefined when nobody has said it yet, or it cannot be. */
export function recorded(
  words: Int32Array,
  offset: number,
  options: number,
): SemaphoreFacts | undefined {
  const initial = load(words, offset / 4 + SemaphoreWord.initial) - 1;
  const max = load(words, offset / 4 + SemaphoreWord.max);
  if (initial < 0 || initial > max) return undefined;
  return { initial, max, undo: (options & UNDO) !== 0 };
}

/** Says it where nobody has; throws `ERR_MEMSPAN_OPTIONS_MISMATCH` where somebody has said something else. */
export function agree(
  words: Int32Array,
  offset: number,
  facts: SemaphoreFacts,
  subject: { readonly operation: string; readonly object: string },
): void {
  const { initial, max } = facts;
  const index = offset / 4;
  // step: semaphore-before-options
  const maxThere = compareExchange(words, index + SemaphoreWord.max, 0, max) || max;
  // step: semaphore-max-said
  // Only who agrees about the one says the other: of two who race, the first to say `max` has its way.
  const initialThere =
    maxThere === max
      ? compareExchange(words, index + SemaphoreWord.initial, 0, initial + 1) || initial + 1
      : load(words, index + SemaphoreWord.initial);
  // step: semaphore-said
  if (maxThere === max && initialThere === initial + 1) return;
  const { undo } = facts;
  throw optionsMismatch(subject, facts, {
    ...(initialThere === 0 ? {} : { initial: initialThere - 1 }),
    max: maxThere,
    undo,
  });
}
