// Queue: messages from any number of writers to any number of readers, each to one of them.

import { MemspanError, optionsMismatch } from '../errors.ts';
import type { Infer, Layout, ViewOf } from '../layout/layout.ts';
import { findObject } from '../span/directory.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { agreeOnLayout, layoutOf } from '../span/stored-layout.ts';
import { named, type Place, Primitive } from '../sync/primitive.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { type Codec, type Message, ofBytes, ofLayout } from './codec.ts';
import { ENDED, QueueWord, queueSize } from './queue.layout.ts';
import { countersOf, type QueueCounters } from './queue-counters.ts';
import type { EndOf } from './queue-end.ts';
import { QueueMemory } from './queue-memory.ts';
import {
  agree,
  type Delivery,
  describeOptions,
  encode,
  isSame,
  type QueueFacts,
  type QueueOfBytes,
  type QueueOfLayout,
  type QueueWish,
  recorded,
  wishOf,
} from './queue-options.ts';
import { QueueReader } from './queue-reader.ts';
import { QueueWriter } from './queue-writer.ts';

/** In the directory. */
const KIND = 33;

declare module '../span/span.ts' {
  interface Span {
    /**
     * The queue of that name; made if there is none. With a name only, the one that is there: throws `ERR_MEMSPAN_NOT_FOUND`
     * if there is none. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there with other options,
     * `ERR_MEMSPAN_LAYOUT_MISMATCH`, `ERR_MEMSPAN_NO_SPACE`.
     */
    queue<L extends Layout>(
      name: string,
      options: QueueOfLayout<L>,
    ): Queue<Infer<L>, Infer<L>, ViewOf<L>>;
    queue(name: string, options: QueueOfBytes): Queue<Uint8Array, Message, Uint8Array>;
    queue(name: string): Queue<unknown, unknown, unknown>;
  }
}

Span.prototype.queue = function queue(
  this: Span,
  name: string,
  options?: unknown,
): Queue<never, never, never> {
  const operation = 'span.queue';
  const asked = options === undefined ? undefined : wishOf(options, operation);
  const attachment = this.attachment(operation);
  const { view } = attachment;
  const entry = findObject(attachment, { operation, kind: KIND, name });
  const subject = { operation, object: `${this.name ?? ''}/${name}` };
  const there = entry && recorded(view.words, entry, subject);
  const wish: QueueWish | undefined =
    asked ?? (entry && there && { ...there, layout: layoutOf(view, entry) });
  if (wish === undefined) {
    throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
      ...subject,
      cause: 'there is no such queue yet',
      remedy: 'Say what it shall be, such as {capacity: 64, messageMax: 256}, and it is made',
    });
  }
  const { layout, ...facts } = wish;
  if (entry && there && !isSame(there, facts)) {
    // Where the layouts differ, that says more.
    agreeOnLayout(view, entry, { operation, name, layout });
    throw optionsMismatch(subject, facts, there);
  }
  const place = named(this, name, {
    operation,
    kind: KIND,
    length: queueSize(facts.capacity, facts.messageMax),
    options: encode(facts),
    describeOptions,
    layout,
  });
  agree(view.words, place.offset, facts, subject);
  return new Queue(place, facts, layout === undefined ? ofBytes : ofLayout(layout)) as never;
} as Span['queue'];

/**
 * A queue of messages: bytes, or with a layout plain values. Each message goes to one reader. Who dies in the midst of sending is passed
 * over; what somebody had taken who dies is delivered again, or not, as `delivery` says. `T` is what is received, `S` what can
 * be sent, `V` what a claim or a loan has in place. After V. Vyukov's bounded queue, and M. Michael and M. Scott, PODC 1996.
 */
export class Queue<T, S = T, V = unknown> extends Primitive {
  /** Messages. */
  readonly capacity: number;
  /** Bytes of the longest message. */
  readonly messageMax: number;
  readonly delivery: Delivery;
  readonly #memory: QueueMemory;
  readonly #end: EndOf<T, S>;

  /** @internal */
  constructor(place: Place, facts: QueueFacts, codec: Codec<T, S>) {
    super(place);
    const { attachment, offset } = place;
    this.#memory = attachment.local(
      QueueMemory,
      offset,
      () => new QueueMemory(attachment, offset, facts),
    );
    const { capacity, messageMax, delivery } = this.#memory.facts;
    this.capacity = capacity;
    this.messageMax = messageMax;
    this.delivery = delivery;
    this.#end = {
      memory: this.#memory,
      codec,
      fullName: this.fullName,
      check: (operation) => this.check(operation),
    };
  }

  /** Of the messages; undefined where they are bytes. */
  get layout(): Layout | undefined {
    return this.#end.codec.layout;
  }

  /** Another writing end. Throws `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`. */
  writer(): QueueWriter<S, V> {
    this.check('queue.writer');
    return new QueueWriter<S, V>(this.#end as EndOf<unknown, S>);
  }

  /** Another reading end. Throws as writer does. */
  reader(): QueueReader<T, V> {
    this.check('queue.reader');
    return new QueueReader<T, V>(this.#end as EndOf<T, unknown>);
  }

  /** Whether it was ended. Messages may still be in it. */
  get ended(): boolean {
    this.check('queue.ended');
    return this.#memory.isEnded;
  }

  /**
   * Says that nothing more will be sent, by anybody, for ever: sending throws `ERR_MEMSPAN_PEER_CLOSED` from now on, and readers end
   * once everything was taken and is done with. Again is harmless.
   */
  end(): void {
    this.check('queue.end');
    const { words, base, messages, room } = this.#memory;
    const at = base + QueueWord.notice;
    // step: queue-before-end
    for (;;) {
      const notice = load(words, at);
      if (compareExchange(words, at, notice, notice | ENDED) === notice) break;
    }
    // step: queue-ended
    messages.ringAll();
    // step: queue-end-told
    room.ringAll();
  }

  /** How much is in it and has been: a moment's news, put together while others go on. */
  get counters(): QueueCounters {
    this.check('queue.counters');
    const counters = countersOf(this.#memory);
    // What was read while the memory was cut short are zeros.
    this.check('queue.counters');
    return counters;
  }
}

defineKind({
  code: KIND,
  name: 'queue',
  open: (span, { name }) => span.queue(name),
});
