// A reading end of a queue.

import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { outOfRange } from '../errors.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  signalOf,
  timeoutOf,
} from '../sync/wait-options.ts';
import { type NodeStreamOptions, nodeReadable } from './node-streams.ts';
import { type EndOf, QueueEnd } from './queue-end.ts';
import { notALength } from './queue-errors.ts';
import { QueueHead } from './queue-head.ts';
import { QueueIteration } from './queue-iteration.ts';
import { QueueLoan } from './queue-loan.ts';
import { NONE } from './queue-memory.ts';
import { webReadable } from './web-streams.ts';

/** Nothing will ever come. */
const END: unique symbol = Symbol('end');
type Found<R> = R | typeof END | null;

/**
 * Receives messages. A queue has any number of readers, in any number of threads and processes; each message goes to one of them, in the
 * order in which they were sent. Made by `queue.reader()`.
 */
export class QueueReader<T, V = unknown> extends QueueEnd<T, unknown> implements AsyncIterable<T> {
  readonly #head: QueueHead;
  readonly #loans = new Set<QueueLoan<T, V>>();
  #ended = false;
  readonly #receive = (): Found<T> => this.#copy();
  readonly #take = (): Found<QueueLoan<T, V>> => this.#lend();

  /** @internal */
  constructor(of: EndOf<T, unknown>) {
    super(of);
    this.#head = new QueueHead(of.memory);
  }

  /**
   * True once a call has found that the queue was ended, and that all its messages were taken and are done with; a call that
   * waits says null then. What this thread itself has taken and is not done with does not count.
   */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The next message, as a copy, if there is one; null when there is none, or when asynchronous calls of this thread wait for
   * some. Never waits. It is done with when this returns: who dies after that dies with it. Throws
   * `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`, `ERR_MEMSPAN_CORRUPT` (what is no message is dropped).
   */
  tryReceive(): T | null {
    return this.#try('reader.tryReceive', this.#receive);
  }

  /**
   * Blocks until there is a message; null when `timeoutMs` is over, or the queue has ended (then `ended` is true). Blocks the
   * event loop, too. Throws as tryReceive does.
   */
  receive(options?: BlockingOptions): T | null {
    return this.#block('reader.receive', this.#receive, options);
  }

  /** Like receive, without blocking the thread; rejects with the signal's reason when that is aborted. */
  receiveAsync(options?: AsyncOptions): Promise<T | null> {
    return this.#wait('reader.receiveAsync', this.#receive, options);
  }

  /** Up to `max` messages that are there, the oldest first; maybe none. Never waits. */
  readBatch(max: number): T[] {
    const operation = 'reader.readBatch';
    if (!Number.isInteger(max) || max < 1) {
      throw outOfRange(`${operation}: max is a whole number from 1 up, not ${max}`);
    }
    const batch: T[] = [];
    while (batch.length < max) {
      const message = this.#try(operation, this.#receive);
      if (message === null) break;
      batch.push(message);
    }
    return batch;
  }

  /**
   * The next message, in place, to be released when it is done with; null when there is none. Never waits. Throws
   * as tryReceive does.
   */
  tryTake(): QueueLoan<T, V> | null {
    return this.#try('reader.tryTake', this.#take);
  }

  /** Like tryTake; blocks as receive does. */
  take(options?: BlockingOptions): QueueLoan<T, V> | null {
    return this.#block('reader.take', this.#take, options);
  }

  /** Like take, without blocking the thread. */
  takeAsync(options?: AsyncOptions): Promise<QueueLoan<T, V> | null> {
    return this.#wait('reader.takeAsync', this.#take, options);
  }

  /**
   * All messages until the queue has ended. One is done with when the next is asked for. Who leaves the loop, or throws in it,
   * leaves the message that it has then to what `delivery` says: it is delivered again, or not. The reader stays open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return new QueueIteration(this);
  }

  /** A Web stream of the messages, which owns this end: it closes it when it is cancelled, fails or has ended. */
  toWeb(): ReadableStream<T> {
    return webReadable(this);
  }

  /** A Node stream of the messages, which owns this end, likewise. */
  toNode(options: NodeStreamOptions = {}): Readable {
    return nodeReadable(this, options);
  }

  /** What it has taken and is not done with ends as `delivery` says. */
  protected override letGo(): void {
    for (const loan of this.#loans) loan[Symbol.dispose]();
  }

  #try<R>(operation: string, look: () => Found<R>): R | null {
    this.checkOpen(operation);
    return this.memory.messages.isBusy ? null : resultOf(look());
  }

  #block<R>(operation: string, look: () => Found<R>, options?: BlockingOptions): R | null {
    const timeoutMs = timeoutOf(options, operation);
    this.checkOpen(operation);
    const found = look();
    if (found !== null) return resultOf(found);
    const deadline = performance.now() + timeoutMs;
    const check = (): void => this.of.check(operation);
    return resultOf(this.memory.messages.block(look, deadline, check));
  }

  async #wait<R>(
    operation: string,
    look: () => Found<R>,
    options?: AsyncOptions,
  ): Promise<R | null> {
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.checkOpen(operation);
    if (signal?.aborted) throw signal.reason;
    const found = this.memory.messages.isBusy ? null : look();
    if (found !== null) {
      await this.turn();
      return resultOf(found);
    }
    const late = await this.pending(signal, (ending) =>
      this.memory.messages.waitAsync(look, { timeoutMs, signal: ending }),
    );
    return resultOf(late);
  }

  #copy(): Found<T> {
    const index = this.#next();
    if (index === NONE) return this.#ended ? END : null;
    const { memory } = this;
    const head = this.#head;
    const bytes = memory.copyOf(index, this.#lengthOf(index));
    head.release(index, head.lap);
    return this.of.codec.valueOf(bytes);
  }

  #lend(): Found<QueueLoan<T, V>> {
    const index = this.#next();
    if (index === NONE) return this.#ended ? END : null;
    const head = this.#head;
    const loan: QueueLoan<T, V> = new QueueLoan({
      of: this.of,
      head,
      index,
      lap: head.lap,
      length: this.#lengthOf(index),
      isRedelivered: head.isRedelivered,
      left: () => this.#loans.delete(loan),
    });
    this.#loans.add(loan);
    return loan;
  }

  #next(): number {
    const index = this.#head.take();
    this.#ended = index === NONE && this.#head.isEnded;
    return index;
  }

  /** Of what was taken. What somebody hostile has written is no length until it was looked at. */
  #lengthOf(index: number): number {
    const { memory } = this;
    const length = memory.lengthOf(index);
    const { size } = this.of.codec;
    const { messageMax } = memory.facts;
    if (length >= 0 && length <= messageMax && (size === undefined || length === size))
      return length;
    this.of.check('queue reader');
    this.#head.drop(index, this.#head.lap);
    throw notALength('queue reader', this.of.fullName, length);
  }
}

function resultOf<R>(found: Found<R>): R | null {
  return found === END ? null : found;
}
