// A writing end of a pool.

import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { MemspanError } from '../errors.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  signalOf,
  timeoutOf,
} from '../sync/wait-options.ts';
import { type NodeStreamOptions, nodeWritable } from './node-streams.ts';
import { WRITERS_MAX } from './pool.layout.ts';
import { NONE } from './pool-chunks.ts';
import { type Base, PoolEnd } from './pool-end.ts';
import { checkLength, Loan } from './pool-hold.ts';
import { Holds } from './pool-leaks.ts';
import type { Seat } from './seat.ts';
import { webWritable } from './web-streams.ts';

export interface LoanOptions extends BlockingOptions {
  /** Bytes: of `loan.bytes`. Default: the whole chunk. */
  length?: number | undefined;
}

export interface LoanAsyncOptions extends AsyncOptions {
  length?: number | undefined;
}

/** Made by `pool.writer()`. Any number of them may publish at the same time. */
export class PoolWriter<T, S, V> extends PoolEnd<T, S, V> {
  readonly #seat: Seat;
  readonly #loans: ConstructorParameters<typeof Loan<V>>[0];

  /** @internal */
  constructor(base: Base<T, S>) {
    const { state, traces, fullName } = base;
    super(base, 'writer', new Holds('loan', state.shape.chunks, traces));
    const seat = state.writers.take();
    if (seat === undefined) {
      throw new MemspanError('ERR_MEMSPAN_LIMIT', {
        operation: 'pool.writer',
        object: fullName,
        cause: `it has all of its ${WRITERS_MAX} writers`,
        remedy: 'Close writers that are not needed; one can be used by all tasks of a thread',
        expected: WRITERS_MAX,
      });
    }
    this.#seat = seat;
    // In memory that is gone there are seats for everybody.
    base.check('pool.writer');
    this.#loans = {
      lengths: this.lengths,
      holds: this.holds,
      state,
      viewOf: (chunk) => this.viewOf(chunk),
      givenBack: (operation) => this.givenBack(operation),
      publish: (chunk, length) => this.#publish(chunk, length),
      abort: (chunk) => this.#abort(chunk),
    };
  }

  /**
   * A chunk to fill, if there is one that nobody has, else null. What is in it is what was there before. Throws
   * `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`, `ERR_MEMSPAN_CORRUPT`; RangeError for a length of more than a chunk.
   */
  tryLoan(length: number = this.lengths.max): Loan<V> | null {
    const operation = 'tryLoan';
    checkLength(length, this.lengths, operation);
    this.check(operation);
    // Who comes now stands behind this thread's tasks.
    return this.state.room.isBusy ? null : this.#loan(length, operation);
  }

  /**
   * Blocks until there is a chunk: until all readers of one have released it, or the one who had it has died. With
   * `timeoutMs`, null when the time is over. Throws as `tryLoan` does.
   */
  loan(options: LoanOptions & { timeoutMs?: undefined }): Loan<V>;
  loan(): Loan<V>;
  loan(options?: LoanOptions): Loan<V> | null;
  loan(options?: LoanOptions): Loan<V> | null {
    const operation = 'loan';
    const timeoutMs = timeoutOf(options, operation);
    const length = this.#lengthOf(options, operation);
    this.check(operation);
    const look = (): Loan<V> | null => this.#loan(length, operation);
    return (
      look() ??
      this.state.room.block(look, performance.now() + timeoutMs, () => this.check(operation))
    );
  }

  /** Like `loan`, without blocking. Rejects with the signal's reason when that is aborted. Calls are served in their order. */
  loanAsync(options: LoanAsyncOptions & { timeoutMs?: undefined }): Promise<Loan<V>>;
  loanAsync(): Promise<Loan<V>>;
  loanAsync(options?: LoanAsyncOptions): Promise<Loan<V> | null>;
  async loanAsync(options?: LoanAsyncOptions): Promise<Loan<V> | null> {
    const operation = 'loanAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    const length = this.#lengthOf(options, operation);
    this.check(operation);
    if (signal?.aborted) throw signal.reason;
    const look = (): Loan<V> | null => this.#loan(length, operation);
    const { room } = this.state;
    const found = room.isBusy ? null : look();
    if (found === null) return this.wait(room, look, { timeoutMs, signal });
    await this.turn();
    return found;
  }

  /**
   * Copies a message into a chunk and publishes it, if there is a chunk that nobody has; else false. Throws as `tryLoan`
   * does, RangeError for a message of more bytes than a chunk, and what is wrong with a value for the layout.
   */
  trySend(message: S): boolean {
    const bytes = this.#bytesOf(message);
    return this.#put(this.tryLoan(bytes.length), () => bytes) !== null;
  }

  /** The same when there is a chunk: true, or null when the time is over. Blocks as `loan` does. */
  send(message: S, options?: BlockingOptions): true | null {
    const bytes = this.#bytesOf(message);
    return this.#put(this.loan({ ...options, length: bytes.length }), () => bytes);
  }

  /** The same without blocking. Bytes are taken when there is a chunk: leave them as they are until it resolves. */
  async sendAsync(message: S, options?: AsyncOptions): Promise<true | null> {
    const { length } = this.#bytesOf(message);
    // What the codec gave is overwritten by whoever sends meanwhile.
    return this.#put(await this.loanAsync({ ...options, length }), () => this.#bytesOf(message));
  }

  /** As a Web stream, which owns this writer: each chunk of it is a message. */
  toWeb(): WritableStream<S> {
    return webWritable(this);
  }

  /** As a Node stream, which owns this writer: each chunk of it is a message. */
  toNode(options?: NodeStreamOptions): Writable {
    return nodeWritable(this, options);
  }

  #bytesOf(message: S): Uint8Array {
    const bytes = this.base.codec.bytesOf(message);
    checkLength(bytes.length, this.lengths, this.operation('send'));
    return bytes;
  }

  #put(loan: Loan<V> | null, bytesOf: () => Uint8Array): true | null {
    if (loan === null) return null;
    try {
      loan.bytes.set(bytesOf());
      loan.publish();
    } finally {
      loan.abort();
    }
    return true;
  }

  #lengthOf(options: LoanOptions | undefined, operation: string): number {
    const { length = this.lengths.max } = options ?? {};
    checkLength(length, this.lengths, operation);
    return length;
  }

  #loan(length: number, operation: string): Loan<V> | null {
    const chunk = this.state.loan();
    if (chunk === NONE) {
      const damaged = this.state.chunks.damaged();
      if (damaged === NONE) return null;
      throw this.corrupt(operation, `the state of its chunk ${damaged} cannot be`);
    }
    // Of memory that is gone everything is free, and nobody else's.
    this.check(operation);
    return new Loan<V>(this.#loans, chunk, length);
  }

  #publish(chunk: number, length: number): number {
    const operation = 'publish';
    this.check(operation);
    const readers = this.state.publish(chunk, length);
    // Where the memory was cut off meanwhile, nobody has seen it.
    this.check(operation);
    if (readers !== null) return readers;
    throw this.corrupt(operation, `somebody has written over the loan of chunk ${chunk}`);
  }

  #abort(chunk: number): void {
    // What was had when the span was closed is nobody's by now.
    if (this.state.attachment.view.status[0] === 0) this.state.abort(chunk);
  }

  /** @internal */
  protected override leave(held: readonly number[]): void {
    for (const chunk of held) this.state.abort(chunk);
    this.state.writers.leave(this.#seat);
    // step: pool-writer-left
    this.state.ringReaders();
  }
}
