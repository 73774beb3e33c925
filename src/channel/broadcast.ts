// Broadcast: one writer, many readers, each of which receives every message, or is told how many it has missed.

import { invalidArgument, MemspanError } from '../errors.ts';
import type { Infer, Layout, ViewOf } from '../layout/layout.ts';
import { findObject } from '../span/directory.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { layoutOf } from '../span/stored-layout.ts';
import { named } from '../sync/primitive.ts';
import { sizeOf } from './broadcast.layout.ts';
import { type BroadcastCounters, countersOf } from './broadcast-counters.ts';
import { BroadcastMemory } from './broadcast-memory.ts';
import {
  type BroadcastFacts,
  type BroadcastOfLayout,
  type BroadcastOptions,
  type BroadcastWish,
  decode,
  encode,
  type Overflow,
  recorded,
  wishOf,
} from './broadcast-options.ts';
import { BroadcastReader, type BroadcastReaderOptions } from './broadcast-reader.ts';
import { BroadcastWriter } from './broadcast-writer.ts';
import { type Codec, type Message, ofBytes, ofLayout } from './codec.ts';

/** In the directory. */
const KIND = 34;

declare module '../span/span.ts' {
  interface Span {
    /**
     * The broadcast of that name; made if there is none. With a name only, the one that is there: throws
     * `ERR_MEMSPAN_NOT_FOUND` if there is none. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there with another
     * capacity, other readers or another overflow, `ERR_MEMSPAN_LAYOUT_MISMATCH`, `ERR_MEMSPAN_NO_SPACE`.
     */
    broadcast<L extends Layout>(
      name: string,
      options: BroadcastOfLayout<L>,
    ): Broadcast<Infer<L>, Infer<L>, ViewOf<L>>;
    broadcast(name: string, options: BroadcastOptions): Broadcast;
    broadcast(name: string): Broadcast<unknown, unknown, unknown>;
  }
}

Span.prototype.broadcast = function broadcast(
  this: Span,
  name: string,
  options?: unknown,
): Broadcast<never, never, never> {
  const operation = 'span.broadcast';
  const given = options === undefined ? undefined : wishOf(options, operation);
  const attachment = this.attachment(operation);
  const object = `${this.name ?? ''}/${name}`;
  const entry = findObject(attachment, { operation, kind: KIND, name });
  const there = entry && recorded(entry, operation, object);
  const wish: BroadcastWish | undefined =
    given ?? (entry && there && { layout: layoutOf(attachment.view, entry), ...there });
  if (wish === undefined) {
    throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
      operation,
      object,
      cause: 'there is no such broadcast yet',
      remedy: 'Say what it shall be, such as {capacity: 65536}, and it is made',
    });
  }
  const { layout, ...facts } = wish;
  const { offset } = named(this, name, {
    operation,
    kind: KIND,
    length: sizeOf(facts.capacity, facts.readers),
    options: encode(facts),
    describeOptions: (bits) => JSON.stringify(decode(bits)),
    layout,
  });
  const memory = new BroadcastMemory(this, attachment, offset, name, facts);
  return new Broadcast(memory, name, layout === undefined ? ofBytes : ofLayout(layout)) as never;
} as Span['broadcast'];

/**
 * One writer at a time, and up to as many readers as it was made for, across threads and processes. Who dies is no longer
 * waited for; who is paused is. `T` is what is received, `S` what can be sent, `V` a message in place.
 */
export class Broadcast<T = Uint8Array, S = Message, V = Uint8Array> {
  readonly span: Span;
  readonly name: string;
  readonly #memory: BroadcastMemory;
  readonly #codec: Codec<T, S>;

  /** @internal */
  constructor(memory: BroadcastMemory, name: string, codec: Codec<T, S>) {
    this.span = memory.span;
    this.name = name;
    this.#memory = memory;
    this.#codec = codec;
  }

  /** `span/name`. */
  get fullName(): string {
    return this.#memory.fullName;
  }

  /** Bytes for messages: a power of two. */
  get capacity(): number {
    return this.#facts.capacity;
  }

  /** How many readers there can be at a time. */
  get readersMax(): number {
    return this.#facts.readers;
  }

  get overflow(): Overflow {
    return this.#facts.overflow;
  }

  /** The longest message, in bytes. */
  get lengthMax(): number {
    return this.#memory.lengthMax;
  }

  /** Undefined: messages are bytes. */
  get layout(): Layout | undefined {
    return this.#codec.layout;
  }

  get #facts(): BroadcastFacts {
    return this.#memory.facts;
  }

  /**
   * Takes the writing end, which is there once: throws `ERR_MEMSPAN_BUSY` when somebody alive has it. Who comes after one that has closed or
   * died goes on where that one has stopped.
   */
  writer(): BroadcastWriter<S, V> {
    this.#memory.check('broadcast.writer');
    return new BroadcastWriter<S, V>(this.#memory, this.#codec);
  }

  /**
   * Joins as a reader: what is sent once this has returned is received, or counted as missed. Throws `ERR_MEMSPAN_LIMIT`
   * when there are as many readers as there can be. A thread may have several.
   */
  reader(options: BroadcastReaderOptions = {}): BroadcastReader<T, V> {
    const operation = 'broadcast.reader';
    if (typeof options !== 'object' || options === null) {
      throw invalidArgument(`${operation}: options are an object such as {from: 'end'}`);
    }
    const { from = 'end' } = options;
    if (from !== 'end' && (from !== 'oldest' || !this.#memory.drops)) {
      throw invalidArgument(
        `${operation}: from is 'end', or with overflow 'drop-oldest' 'oldest', not ${from}`,
      );
    }
    this.#memory.check(operation);
    return new BroadcastReader<T, V>(this.#memory, this.#codec as Codec<T, never>, from);
  }

  /** Whether somebody alive has the writing end: the kernel's word. */
  get hasWriter(): boolean {
    this.#memory.check('broadcast.hasWriter');
    return this.#memory.writerSeat.isHeld;
  }

  /** How many readers live: the kernel's word. */
  get readers(): number {
    this.#memory.check('broadcast.readers');
    return this.#memory.countReaders();
  }

  /** A snapshot, from any process that has the span open. */
  get counters(): BroadcastCounters {
    this.#memory.check('broadcast.counters');
    const counters = countersOf(this.#memory);
    this.#memory.check('broadcast.counters');
    return counters;
  }
}

defineKind({
  code: KIND,
  name: 'broadcast',
  open: (span, { name }) => span.broadcast(name),
});
