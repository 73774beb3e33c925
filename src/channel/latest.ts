// Latest: the newest value, never torn. What was before it is gone.

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Infer, Layout, ViewOf } from '../layout/layout.ts';
import { view } from '../layout/view.ts';
import { findObject } from '../span/directory.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { layoutOf } from '../span/stored-layout.ts';
import { named, type Place, Primitive } from '../sync/primitive.ts';
import { type Codec, type Message, ofBytes, ofLayout } from './codec.ts';
import { decode, encode, type LatestFacts, lengthOf } from './latest.layout.ts';
import { type LatestEnd, latestEnd } from './latest-end.ts';
import {
  defaultBuffers,
  type LatestOfBytes,
  type LatestOfLayout,
  type LatestWish,
  recorded,
  wishOf,
} from './latest-options.ts';
import { LatestReader } from './latest-reader.ts';
import { LatestState } from './latest-state.ts';
import { LatestWriter } from './latest-writer.ts';

/** In the directory. */
const KIND = 35;

declare module '../span/span.ts' {
  interface Span {
    /**
     * The newest value of that name: of a layout, or up to `size` bytes; made if there is none. With a name only, the one that
     * is there: throws `ERR_MEMSPAN_NOT_FOUND` if there is none. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there
     * with another size or other `buffers`, `ERR_MEMSPAN_LAYOUT_MISMATCH`, `ERR_MEMSPAN_NO_SPACE`.
     */
    latest<L extends Layout>(
      name: string,
      layout: L | LatestOfLayout<L>,
    ): Latest<Infer<L>, Infer<L>, ViewOf<L>>;
    latest(name: string, options: LatestOfBytes): Latest<Uint8Array, Message, Uint8Array>;
    latest(name: string): Latest<unknown, unknown, unknown>;
  }
}

Span.prototype.latest = function latest(
  this: Span,
  name: string,
  given?: unknown,
): Latest<never, never, never> {
  const operation = 'span.latest';
  const asked = given === undefined ? undefined : wishOf(given, operation);
  const attachment = this.attachment(operation);
  const object = `${this.name ?? ''}/${name}`;
  const entry = findObject(attachment, { operation, kind: KIND, name });
  const there = entry && recorded(entry, operation, object);
  const wish: LatestWish | undefined =
    asked ?? (entry && there && { layout: layoutOf(attachment.view, entry), ...there });
  if (wish === undefined) {
    throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
      operation,
      object,
      cause: 'there is no such newest value yet',
      remedy: 'Say what it shall be, a layout or such as {size: 1024}, and it is made',
    });
  }
  const { layout, size } = wish;
  const facts = { size, buffers: wish.buffers ?? there?.buffers ?? defaultBuffers(size) };
  const place = named(this, name, {
    operation,
    kind: KIND,
    length: lengthOf(facts),
    options: encode(facts),
    describeOptions: (bits) => JSON.stringify(decode(bits) ?? bits),
    layout,
  });
  return new Latest(place, facts, layout === undefined ? ofBytes : ofLayout(layout)) as never;
} as Span['latest'];

/**
 * A value that one writer publishes whole and any number of readers read whole, at any time. Reading writes nothing and
 * waits for nobody, and publishing waits for no reader. A writer that dies leaves the last value that it has published, whatever
 * it was doing. `T` is what is read, `S` what can be published, `V` what a loan has in place.
 */
export class Latest<T, S = T, V = unknown> extends Primitive {
  /** What is read and published; undefined for bytes. */
  readonly layout: Layout | undefined;
  /** Bytes of a value, at most. */
  readonly size: number;
  /** How many values may lie in the memory. */
  readonly buffers: number;
  readonly #codec: Codec<T, S>;
  readonly #state: LatestState;
  readonly #end: LatestEnd;
  /** In place, by the byte at which it is: one for each buffer. */
  readonly #views = new Map<number, V>();

  /** @internal */
  constructor(place: Place, facts: LatestFacts, codec: Codec<T, S>) {
    super(place);
    const { attachment, offset } = place;
    this.layout = codec.layout;
    this.size = facts.size;
    this.buffers = facts.buffers;
    this.#codec = codec;
    this.#state = new LatestState(attachment, offset, facts, (code, cause, remedy) =>
      this.#end.failure(code, 'latest', cause, remedy),
    );
    this.#end = latestEnd(attachment, this.#state, this.fullName, (operation) =>
      this.check(operation),
    );
  }

  /** How many values have been published, by all writers; the newest is that one. Exact up to 2^53. */
  get sequence(): number {
    return this.#checked('latest.sequence', () => this.#state.sequence);
  }

  /**
   * The newest value; null when there is none yet. Never waits, and writes nothing to the memory.
   *
   * @throws MemspanError `ERR_MEMSPAN_WOULD_BLOCK` when in 1000 attempts the writer has published `buffers` − 1 values or more each
   * time before one could be copied: it publishes without filling; `ERR_MEMSPAN_CORRUPT`, `ERR_MEMSPAN_CLOSED`,
   * `ERR_MEMSPAN_TRUNCATED`.
   */
  read(): T | null {
    const copied = this.#checked('latest.read', () => this.#state.copy());
    return copied === null ? null : this.#codec.valueOf(copied.bytes);
  }

  /**
   * Copies the newest value into `target`, from its first byte on, and returns its length; −1 when there is none yet. Behind that
   * the target may hold anything. Throws RangeError when it is longer than the target, and as `read` does.
   */
  readInto(target: Uint8Array): number {
    if (!(target instanceof Uint8Array)) {
      throw invalidArgument('latest.readInto takes a Uint8Array');
    }
    // Not by a closure, which would cost each call an allocation.
    this.check('latest.readInto');
    const length = this.#state.copyInto(target);
    if (this.#end.status[0] !== 0) this.check('latest.readInto');
    if (length <= target.length) return length;
    throw outOfRange(`latest.readInto: the value has ${length} bytes, the target ${target.length}`);
  }

  /**
   * The writing end: one at a time. Throws `ERR_MEMSPAN_BUSY` while somebody alive has it, paused or not; after one that has
   * closed or died, the next one goes on from the newest value.
   */
  writer(): LatestWriter<S, V> {
    this.check('latest.writer');
    return new LatestWriter<S, V>(this.#end, this.#codec, (at) => this.#viewAt(at));
  }

  /** A reading end, which tells what is new to it. Any number. */
  reader(): LatestReader<T> {
    this.check('latest.reader');
    return new LatestReader(this.#end, this.#codec as Codec<T, never>);
  }

  /**
   * `sent`: how many values have been published. `bytes`: of all of them. Both by all writers, exact, and of the same moment.
   */
  get counters(): { readonly sent: number; readonly bytes: number } {
    const { sequence, bytes } = this.#checked('latest.counters', () => this.#state.count());
    return { sent: sequence, bytes };
  }

  #viewAt(at: number): V {
    let found = this.#views.get(at);
    if (found === undefined) {
      const { buffer } = this.attachment.view.segment;
      found = (
        this.layout === undefined
          ? new Uint8Array(buffer, at, this.size)
          : view(this.layout, buffer, at)
      ) as V;
      this.#views.set(at, found);
    }
    return found;
  }

  /** What was read while the memory was cut short would be zeros: throws instead. */
  #checked<R>(operation: string, look: () => R): R {
    this.check(operation);
    const result = look();
    if (this.#end.status[0] !== 0) this.check(operation);
    return result;
  }
}

defineKind({ code: KIND, name: 'latest', open: (span, { name }) => span.latest(name) });
