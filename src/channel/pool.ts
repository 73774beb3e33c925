// Pool: messages of up to many megabytes without a copy. A writer loans a chunk of shared memory, fills it in place and
// publishes it; every reader takes it, reads it where it is, and releases it.
//
// As iceoryx does it (https://github.com/eclipse-iceoryx/iceoryx), with a bit for each reader instead of a count of
// references: a count does not say whose references are gone when somebody dies.

import { optionsMismatch } from '../errors.ts';
import type { Infer, Layout, ViewOf } from '../layout/layout.ts';
import { findObject, openObject } from '../span/directory.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { agreeOnLayout, layoutOf } from '../span/stored-layout.ts';
import { type Place, Primitive } from '../sync/primitive.ts';
import { type Codec, type Message, ofBytes, ofLayout } from './codec.ts';
import { decodeShape, encodeShape, poolBytes } from './pool.layout.ts';
import { type ChunkInfo, countersOf, type PoolCounters, usedChunks } from './pool-counters.ts';
import type { Base } from './pool-end.ts';
import { type PoolLeak, Traces } from './pool-leaks.ts';
import { PoolReader } from './pool-reader.ts';
import {
  type AnyPoolOptions,
  corruptPool,
  type ExistingLayoutPoolOptions,
  type ExistingPoolOptions,
  factsOf,
  isSameShape,
  type LayoutPoolOptions,
  noSuchPool,
  type PoolFacts,
  type PoolOptions,
} from './pool-shape.ts';
import { PoolState } from './pool-state.ts';
import { PoolWriter } from './pool-writer.ts';

/** In the directory. */
const KIND = 36;

declare module '../span/span.ts' {
  interface Span {
    /**
     * The pool of that name; made if there is none. Without `chunks`, the one that is there: throws
     * `ERR_MEMSPAN_NOT_FOUND` if there is none. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there with other
     * options, `ERR_MEMSPAN_LAYOUT_MISMATCH`, `ERR_MEMSPAN_NO_SPACE`: it takes `chunks` × `chunkSize` bytes (each
     * rounded up to 64) and 64 more for each chunk, and 1.4 KB.
     */
    pool<L extends Layout>(
      name: string,
      options: LayoutPoolOptions<L> | ExistingLayoutPoolOptions<L>,
    ): Pool<Infer<L>, Infer<L>, ViewOf<L>>;
    pool(name: string, options?: PoolOptions | ExistingPoolOptions): Pool;
  }
}

Span.prototype.pool = function pool(
  this: Span,
  name: string,
  options?: AnyPoolOptions,
  // biome-ignore lint/suspicious/noExplicitAny: the declaration above says which it is.
): Pool<any, any, any> {
  const operation = 'span.pool';
  const facts = factsOf(options, operation);
  const attachment = this.attachment(operation);
  const { view } = attachment;
  const entry = findObject(attachment, { operation, kind: KIND, name });
  const subject = { operation, object: `${this.name ?? ''}/${name}` };
  const there = entry && decodeShape(entry.options, entry.length);
  if (entry !== undefined && there === undefined) {
    throw corruptPool(subject, 'its entry in the directory is not one of a pool');
  }
  const isAsked = facts.shape !== undefined || facts.layout !== undefined;
  // Says more than that the sizes differ.
  if (entry !== undefined && isAsked) agreeOnLayout(view, entry, { operation, name, ...facts });
  const shape = facts.shape ?? there;
  if (shape === undefined) throw noSuchPool(subject);
  if (there !== undefined && !isSameShape(shape, there)) {
    throw optionsMismatch(subject, shape, there);
  }
  const layout = isAsked ? facts.layout : entry && layoutOf(view, entry);
  const { offset } = openObject(attachment, {
    operation,
    kind: KIND,
    name,
    length: poolBytes(shape),
    layout,
    options: encodeShape(shape),
    describeOptions: (bits) => JSON.stringify({ chunks: bits & 0xffff, readers: bits >>> 16 }),
  });
  const state = PoolState.of(attachment, offset, shape);
  if (!isSameShape(state.shape, shape)) {
    throw corruptPool(subject, 'there is another pool in its bytes');
  }
  return new Pool({ span: this, attachment, offset, name }, state, { ...facts, layout });
};

/**
 * Chunks of one size that go round without being copied. What is published goes to every reader that is open at that moment
 * (to share work among readers is what a queue is for). Where a reader is slow, chunks run out and writers wait; a
 * paused one is waited for; what the dead had comes back.
 */
export class Pool<T = Uint8Array, S = Message, V = undefined> extends Primitive {
  /** How many chunks there are. */
  readonly chunks: number;
  /** Bytes of each. */
  readonly chunkSize: number;
  /** How many readers there can be at once. */
  readonly readersMax: number;
  /** What the chunks hold; undefined: bytes. */
  readonly layout: Layout | undefined;
  readonly #index: number;
  readonly #state: PoolState;
  readonly #traces: Traces | undefined;
  readonly #base: Base<T, S>;

  /** @internal */
  constructor(place: Place, state: PoolState, { layout, trackLoans }: PoolFacts) {
    super(place);
    this.chunks = state.shape.chunks;
    this.chunkSize = state.shape.chunkSize;
    this.readersMax = state.shape.readers;
    this.layout = layout;
    this.#index = place.offset / 4;
    this.#state = state;
    this.#traces = trackLoans ? new Traces(this.fullName) : undefined;
    const codec: Codec<unknown, never> = layout === undefined ? ofBytes : ofLayout(layout);
    this.#base = {
      state,
      codec: codec as Codec<T, S>,
      layout,
      fullName: this.fullName,
      traces: this.#traces,
      check: (operation) => this.check(operation),
      isClosed: () => this.span.closed,
    };
  }

  /** A writing end of this thread's. Throws `ERR_MEMSPAN_LIMIT` when there are 256 already. */
  writer(): PoolWriter<T, S, V> {
    this.check('pool.writer');
    return new PoolWriter<T, S, V>(this.#base);
  }

  /**
   * A reading end of this thread's: gets what is published from now on. Close it when it is not needed any more: what it
   * does not take is missing to the writers. Throws `ERR_MEMSPAN_LIMIT` when there are as many as there can be;
   * `ERR_MEMSPAN_BUSY` when somebody has been paused for 10 s who puts the place of a dead one in order.
   */
  reader(): PoolReader<T, S, V> {
    this.check('pool.reader');
    return new PoolReader<T, S, V>(this.#base);
  }

  /** How full it is, and what has passed through it. */
  get counters(): PoolCounters {
    this.check('pool.counters');
    return this.#sound(countersOf(this.#state, this.#index));
  }

  /** The chunks that are not free, and who has them. */
  get used(): ChunkInfo[] {
    this.check('pool.used');
    return this.#sound(usedChunks(this.#state));
  }

  /** With `trackLoans`: the chunks that this opening's ends have taken and not given back, the earliest first. */
  get leaks(): PoolLeak[] {
    return this.#traces?.list() ?? [];
  }

  /** What was read while the memory was cut short would be zeros. */
  #sound<R>(found: R): R {
    this.check('pool');
    return found;
  }
}

defineKind({
  code: KIND,
  name: 'pool',
  open: (span, { name }) => span.pool(name),
});
