// What must be said about a queue, and how its bytes and its directory entry remember it.

import { invalidArgument, MemspanError, optionsMismatch, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { ObjectEntry } from '../span/view.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { checkMessageLayout } from './codec.ts';
import { CAPACITY_MAX, MESSAGE_MAX, QueueWord, queueSize } from './queue.layout.ts';

/**
 * What becomes of a message whose reader has not said that it is done with it: who died, who left the loop or the scope in
 * which it had it. 'at-least-once': it is delivered again. 'at-most-once': it is not.
 */
export type Delivery = 'at-least-once' | 'at-most-once';

export interface QueueOptions {
  /** How many messages there can be in it at once: 1 to 16,777,216. */
  capacity: number;
  /** Default: 'at-least-once'. */
  delivery?: Delivery | undefined;
}

export interface QueueOfBytes extends QueueOptions {
  /** Bytes of the longest message: 0 to 2^30. */
  messageMax: number;
}

export interface QueueOfLayout<L extends Layout> extends QueueOptions {
  /** What a message is. */
  layout: L;
}

/** Complete. */
export interface QueueFacts {
  readonly capacity: number;
  readonly messageMax: number;
  readonly delivery: Delivery;
}

/** As asked for. */
export interface QueueWish extends QueueFacts {
  readonly layout: Layout | undefined;
}

const AT_MOST_ONCE = 1;

/** Throws TypeError or RangeError. */
export function wishOf(options: unknown, operation: string): QueueWish {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(
      `${operation}: options are an object such as {capacity: 64, messageMax: 256}`,
    );
  }
  const given = options as Partial<QueueOfBytes & QueueOfLayout<Layout>>;
  const { capacity, layout, delivery = 'at-least-once' } = given;
  checkMessageLayout(layout, operation);
  if (layout !== undefined && given.messageMax !== undefined) {
    throw invalidArgument(`${operation} takes a layout or messageMax, not both`);
  }
  const messageMax = layout?.size ?? given.messageMax;
  if (typeof capacity !== 'number' || typeof messageMax !== 'number') {
    throw invalidArgument(
      `${operation}: capacity is a number of messages, messageMax one of bytes, or there is a layout`,
    );
  }
  if (delivery !== 'at-least-once' && delivery !== 'at-most-once') {
    throw invalidArgument(`${operation}: delivery is 'at-least-once' or 'at-most-once'`);
  }
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > CAPACITY_MAX) {
    throw outOfRange(
      `${operation}: capacity is a whole number of messages from 1 to ${CAPACITY_MAX}, not ${capacity}`,
    );
  }
  if (!Number.isInteger(messageMax) || messageMax < 0 || messageMax > MESSAGE_MAX) {
    throw outOfRange(
      `${operation}: messageMax is a whole number of bytes from 0 to ${MESSAGE_MAX}, not ${messageMax}`,
    );
  }
  return { capacity, messageMax, delivery, layout };
}

export function encode({ delivery }: Pick<QueueFacts, 'delivery'>): number {
  return delivery === 'at-most-once' ? AT_MOST_ONCE : 0;
}

export function describeOptions(options: number): string {
  return JSON.stringify({ delivery: deliveryOf(options) });
}

function deliveryOf(options: number): Delivery {
  return (options & AT_MOST_ONCE) !== 0 ? 'at-most-once' : 'at-least-once';
}

/** Who asks, for errors. */
export interface Subject {
  readonly operation: string;
  readonly object: string;
}

/** What its bytes say; undefined when nobody has said it yet. Throws `ERR_MEMSPAN_CORRUPT` for what cannot be. */
export function recorded(
  words: Int32Array,
  { offset, length, options }: ObjectEntry,
  subject: Subject,
): QueueFacts | undefined {
  const capacity = load(words, offset / 4 + QueueWord.capacity);
  const messageMax = load(words, offset / 4 + QueueWord.messageMax) - 1;
  if (capacity === 0 || messageMax === -1) return undefined;
  const isPossible =
    capacity > 0 &&
    capacity <= CAPACITY_MAX &&
    messageMax >= 0 &&
    messageMax <= MESSAGE_MAX &&
    queueSize(capacity, messageMax) === length;
  if (isPossible) return { capacity, messageMax, delivery: deliveryOf(options) };
  throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
    ...subject,
    cause: `${capacity} messages of up to ${messageMax} bytes are no queue of ${length} bytes`,
    remedy: 'Make it anew, in another span',
  });
}

/** Says it where nobody has; throws `ERR_MEMSPAN_OPTIONS_MISMATCH` where somebody has said something else. */
export function agree(
  words: Int32Array,
  offset: number,
  facts: QueueFacts,
  subject: Subject,
): void {
  const { capacity, messageMax, delivery } = facts;
  const index = offset / 4;
  // step: queue-before-options
  const capacityThere = compareExchange(words, index + QueueWord.capacity, 0, capacity) || capacity;
  // step: queue-capacity-said
  // Only who agrees about the one says the other: of two who race, the first to say `capacity` has its way.
  const messageMaxThere =
    capacityThere === capacity
      ? compareExchange(words, index + QueueWord.messageMax, 0, messageMax + 1) || messageMax + 1
      : load(words, index + QueueWord.messageMax);
  // step: queue-said
  if (capacityThere === capacity && messageMaxThere === messageMax + 1) return;
  throw optionsMismatch(subject, facts, {
    capacity: capacityThere,
    ...(messageMaxThere === 0 ? {} : { messageMax: messageMaxThere - 1 }),
    delivery,
  });
}

export function isSame(a: QueueFacts, b: QueueFacts): boolean {
  return a.capacity === b.capacity && a.messageMax === b.messageMax && a.delivery === b.delivery;
}
