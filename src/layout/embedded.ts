// Locks and their kin inside other layouts: what they are called, what can be chosen about them, how many bytes they take.
// Whoever only reads a text needs no more; what they do is src/sync's, and src/span brings the two together.

import { invalidArgument } from '../errors.ts';
import {
  type EmbeddedName,
  type EmbeddedOption,
  type Field,
  type Layout,
  makeLayout,
  type ShapeOf,
} from './layout.ts';

/** The words that may stand in parentheses, in that order, or the test of the numbers there; then the size in bytes. */
interface Rule {
  readonly flags?: readonly string[];
  readonly numbers?: (options: readonly EmbeddedOption[]) => boolean;
  readonly size: (options: readonly EmbeddedOption[]) => number;
}

const RULES: Readonly<Record<EmbeddedName, Rule>> = {
  mutex: { flags: ['recursive', 'fair'], size: () => 4 },
  rwlock: { size: () => 4 },
  condition: { size: () => 4 },
  event: { flags: ['auto', 'set'], size: () => 4 },
  once: { size: () => 4 },
  // semaphore(INITIAL,MAX) or semaphore(INITIAL,undo)
  semaphore: {
    numbers: ([initial, max, more]) =>
      more === undefined &&
      (max === 'undo'
        ? isWithin(initial, 1, 4096)
        : isWithin(max, 1, 2 ** 31 - 1) && isWithin(initial, 0, max)),
    size: ([initial, max]) => 12 + (max === 'undo' ? 4 * (initial as number) : 0),
  },
  // barrier(PARTIES)
  barrier: {
    numbers: ([parties, more]) => more === undefined && isWithin(parties, 1, 4094),
    size: ([parties]) => 4 + 4 * (parties as number),
  },
};

/** Whether a word begins the text of one. */
export function isEmbeddedName(word: string): word is EmbeddedName {
  return Object.hasOwn(RULES, word);
}

/**
 * The layout of one, with its options as the canonical text has them. `own` is what each program may have of its own: a
 * function that repairs data, for example. Throws TypeError for options that there are not.
 */
export function embedded<View extends object>(
  name: EmbeddedName,
  options: readonly EmbeddedOption[],
  own?: object,
): Layout<never, View> {
  const { flags = [], numbers, size } = RULES[name];
  const isKnown =
    numbers?.(options) ??
    String(flags.filter((flag) => options.includes(flag))) === String(options);
  if (!isKnown) throw invalidArgument(`${name}: there is no ${name}(${options.join(',')})`);
  return makeLayout({ kind: 'embedded', name, options, own }, size(options), 4);
}

function isWithin(
  value: EmbeddedOption | undefined,
  least: number,
  most: EmbeddedOption,
): value is number {
  return Number.isInteger(value) && (value as number) >= least && value! <= most;
}

/** Whether it has a plain value that can be read and written. Locks have none, nor have arrays of them. */
export function hasValue({ shape }: Layout): boolean {
  if (shape.kind === 'array') return hasValue(shape.element);
  return shape.kind !== 'embedded';
}

/** The members of a struct or union that have one. */
export function valued(
  { embeds }: Layout,
  { fields }: ShapeOf<'struct' | 'union'>,
): readonly Field[] {
  return embeds ? fields.filter(({ layout }) => hasValue(layout)) : fields;
}
