// A reading end of a pool.

import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { MemspanError, outOfRange } from '../errors.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  signalOf,
  timeoutOf,
} from '../sync/wait-options.ts';
import { type NodeStreamOptions, nodeReadable } from './node-streams.ts';
import { NONE } from './pool-chunks.ts';
import { type Base, PoolEnd } from './pool-end.ts';
import { Taken } from './pool-hold.ts';
import { Holds } from './pool-leaks.ts';
import type { Former } from './pool-writers.ts';
import { webReadable } from './web-streams.ts';

/** Instead of a message: nothing will ever come. */
const ENDED = Symbol('ended');
type Ended = typeof ENDED;

/** Made by `pool.reader()`. Gets everything that is published while it is open. */
export class PoolReader<T, S, V> extends PoolEnd<T, S, V> implements AsyncIterable<Taken<V>> {
  readonly #seat: number;
  readonly #former: Former;
  readonly #takes: ConstructorParameters<typeof Taken<V>>[0];
  #ended = false;

  /** @internal */
  constructor(base: Base<T, S>) {
    const { state, traces } = base;
    super(base, 'reader', new Holds('take', state.shape.chunks, traces));
    // Before the seat: what comes from there on is seen.
    this.#former = state.writers.former();
    const seat = state.seats.take();
    if (typeof seat === 'string') throw this.#noSeat(seat);
    this.#seat = seat;
    // In memory that is gone there are seats for everybody.
    base.check('pool.reader');
    this.#takes = {
      lengths: this.lengths,
      holds: this.holds,
      state,
      viewOf: (chunk) => this.viewOf(chunk),
      givenBack: (operation) => this.givenBack(operation),
      release: (chunk) => this.#release(chunk),
    };
  }

  #noSeat(why: 'all taken' | 'being repaired'): MemspanError {
    const { readers } = this.state.shape;
    const isFull = why === 'all taken';
    return new MemspanError(isFull ? 'ERR_MEMSPAN_LIMIT' : 'ERR_MEMSPAN_BUSY', {
      operation: 'pool.reader',
      object: this.base.fullName,
      cause: isFull
        ? `it has all of its ${readers} readers`
        : 'somebody has been repairing a seat for 10 s, and may be paused',
      remedy: isFull
        ? 'Make the pool with more readers, or close one'
        : 'Look for a stopped process that has the span open, and continue or end it',
      expected: readers,
    });
  }

  /**
   * True once a call has found that all is taken and the writers have closed, those that have been there since this
   * reader came; at least one was. A writer that comes later is heard all the same.
   */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The next message if there is one, else null. Asks nobody whether the writers live: a thread that only ever calls
   * this hears of their closing (`ended`), not of their death. Throws `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`,
   * `ERR_MEMSPAN_CORRUPT`.
   */
  tryTake(): Taken<V> | null {
    const operation = 'tryTake';
    this.check(operation);
    // Who comes now stands behind this thread's tasks.
    if (this.state.messages(this.#seat).isBusy) return null;
    const found = this.#next(operation);
    if (found !== null) return found;
    const outlook = this.state.writers.glance(this.#former);
    // What was published before that comes first.
    const last = outlook === 'ended' ? this.#next(operation) : null;
    // In memory that is gone there is nothing to take, and nothing to end.
    this.check(operation);
    this.#ended = outlook === 'ended' && last === null;
    return last;
  }

  /**
   * Blocks until there is a message. Null when `timeoutMs` is over, or when nothing will come any more: then `ended` is
   * true. Throws as `tryTake` does, and `ERR_MEMSPAN_PEER_DIED` when all is taken, no writer lives, and one has died
   * since this reader came. Before there is a writer it waits for one.
   */
  take(options?: BlockingOptions): Taken<V> | null {
    const operation = 'take';
    const timeoutMs = timeoutOf(options, operation);
    this.check(operation);
    const look = (): Taken<V> | Ended | null => this.#look(operation);
    const line = this.state.messages(this.#seat);
    const found =
      this.#next(operation) ??
      line.block(look, performance.now() + timeoutMs, () => this.check(operation));
    return found === ENDED ? null : found;
  }

  /** Like `take`, without blocking. Rejects with the signal's reason when that is aborted. Calls are served in their order. */
  async takeAsync(options?: AsyncOptions): Promise<Taken<V> | null> {
    const operation = 'takeAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.check(operation);
    if (signal?.aborted) throw signal.reason;
    const line = this.state.messages(this.#seat);
    const found = line.isBusy ? null : this.#next(operation);
    if (found === null) {
      const look = (): Taken<V> | Ended | null => this.#look(operation);
      const late = await this.wait(line, look, { timeoutMs, signal });
      return late === ENDED ? null : late;
    }
    await this.turn();
    return found;
  }

  /** The next message as a copy, if there is one, else null. As `tryTake`. */
  tryReceive(): T | null {
    return this.#copy(this.tryTake());
  }

  /** The same when there is one. Blocks as `take` does. */
  receive(options?: BlockingOptions): T | null {
    return this.#copy(this.take(options));
  }

  /** The same without blocking. */
  async receiveAsync(options?: AsyncOptions): Promise<T | null> {
    return this.#copy(await this.takeAsync(options));
  }

  /** Copies of up to `max` messages that are there. Never waits. */
  readBatch(max: number): T[] {
    if (!Number.isInteger(max) || max < 1) {
      throw outOfRange(`readBatch: max is a whole number from 1 up, not ${max}`);
    }
    const batch: T[] = [];
    while (batch.length < max) {
      const message = this.tryReceive();
      if (message === null) break;
      batch.push(message);
    }
    return batch;
  }

  /** All messages until nothing will come any more, in place: each is released when the next is asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Taken<V>, undefined> {
    for (;;) {
      const taken = await this.takeAsync();
      if (taken === null) return;
      try {
        yield taken;
      } finally {
        taken.release();
      }
    }
  }

  /** Copies of all messages as a Web stream, which owns this reader: one whenever somebody reads. */
  toWeb(): ReadableStream<T> {
    return webReadable(this);
  }

  /** Copies of all messages as a Node stream, which owns this reader. Takes ahead until its buffer is full. */
  toNode(options?: NodeStreamOptions): Readable {
    return nodeReadable(this, options);
  }

  #copy(taken: Taken<V> | null): T | null {
    if (taken === null) return null;
    try {
      return this.base.codec.valueOf(taken.bytes.slice());
    } finally {
      taken.release();
    }
  }

  #next(operation: string): Taken<V> | null {
    const { chunks } = this.state;
    const chunk = chunks.take(this.#seat);
    if (chunk === NONE) return null;
    const length = chunks.lengthOf(chunk);
    const sequence = chunks.sequenceOf(chunk);
    this.check(operation);
    const { min, max } = this.lengths;
    if (length < min || length > max) {
      this.#release(chunk);
      const cause = `the message in chunk ${chunk} cannot have ${length} bytes, of ${max}`;
      throw this.corrupt(operation, cause);
    }
    this.#ended = false;
    return new Taken<V>(this.#takes, chunk, length, sequence);
  }

  #look(operation: string): Taken<V> | Ended | null {
    const found = this.#next(operation);
    if (found !== null) return found;
    const outlook = this.state.writers.look(this.#former);
    // What was published before that comes first.
    const last = outlook === 'waits' ? null : this.#next(operation);
    this.check(operation);
    if (last !== null || outlook === 'waits') return last;
    if (outlook === 'ended') {
      this.#ended = true;
      return ENDED;
    }
    throw new MemspanError('ERR_MEMSPAN_PEER_DIED', {
      operation: this.operation(operation),
      object: this.base.fullName,
      cause: 'no writer lives, and one died without closing',
      remedy: 'Make a new reader to wait for the next writer',
    });
  }

  #release(chunk: number): void {
    // What was had when the span was closed is nobody's by now.
    if (this.state.attachment.view.status[0] === 0) this.state.release(chunk, this.#seat);
  }

  /** @internal */
  protected override leave(): void {
    this.state.seats.leave(this.#seat);
  }
}
