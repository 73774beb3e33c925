// The ends of channels as streams, for every kind of channel: what all streams have in common, and `for await`. Web streams are
// in web-streams.ts, Node streams in node-streams.ts.
//
// A stream owns the end that it was made of, and closes it when it is done: when the channel has ended, when it fails,
// and when it is cancelled, aborted or destroyed. A loop owns nothing: who leaves it goes on with the end.
//
// Backpressure: a Web stream takes a message when somebody reads, and no sooner; a Node stream takes until its buffer is full
// (`highWaterMark`). What a stream has taken and nobody has read is lost with it. A stream that is written to says that
// it has written when there was room.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Layout } from '../layout/layout.ts';

/** After so many messages that were there the event loop goes round: timers, signals and I/O would wait for ever. */
const MESSAGES_PER_TURN = 1024;

/** What a reading end of any channel can do. */
export interface ReadingEnd<T> {
  /** Of the messages; undefined where they are bytes. */
  readonly layout?: Layout | undefined;
  /** Nothing will ever come. */
  readonly ended: boolean;
  tryReceive(): T | null;
  /** Null without a time limit: the channel has ended. */
  receiveAsync(options?: { signal?: AbortSignal | undefined }): Promise<T | null>;
  close(): void;
}

/** What a writing end of any channel can do. */
export interface WritingEnd<S> {
  readonly layout?: Layout | undefined;
  trySend(message: S): boolean;
  sendAsync(message: S, options?: { signal?: AbortSignal | undefined }): Promise<unknown>;
  close(): void;
}

/** All messages until the channel has ended, for `for await`. Leaving the loop leaves the end open. */
export function iterate<T>(reader: ReadingEnd<T>): AsyncIterableIterator<T, undefined> {
  return new Iteration(new Intake(reader, undefined));
}

/** Takes messages, at once where there are any, and lets the event loop go round now and then. */
export class Intake<T> {
  readonly #reader: ReadingEnd<T>;
  readonly #options: { signal?: AbortSignal | undefined };
  #calls = 0;

  constructor(reader: ReadingEnd<T>, signal: AbortSignal | undefined) {
    this.#reader = reader;
    this.#options = signal === undefined ? {} : { signal };
  }

  /** Null: ask `soon`. */
  now(): T | null {
    this.#calls++;
    return this.#isTurn ? null : this.#reader.tryReceive();
  }

  /** For after `now`. Null: the channel has ended. */
  async soon(): Promise<T | null> {
    const isTurn = this.#isTurn;
    const message = await this.#reader.receiveAsync(this.#options);
    if (isTurn) await nextTurn();
    return message;
  }

  get #isTurn(): boolean {
    return this.#calls % MESSAGES_PER_TURN === 0;
  }
}

/** The same for sending. */
export class Outlet<S> {
  readonly #writer: WritingEnd<S>;
  readonly #signal: AbortSignal;
  #calls = 0;

  constructor(writer: WritingEnd<S>, signal: AbortSignal) {
    this.#writer = writer;
    this.#signal = signal;
  }

  /** Undefined: sent. */
  put(message: S): Promise<void> | undefined {
    this.#calls++;
    const isTurn = this.#calls % MESSAGES_PER_TURN === 0;
    if (!isTurn && this.#writer.trySend(message)) return undefined;
    return this.#putSoon(message, isTurn);
  }

  async #putSoon(message: S, isTurn: boolean): Promise<void> {
    await this.#writer.sendAsync(message, { signal: this.#signal });
    if (isTurn) await nextTurn();
  }
}

// A generator would cost three promises a message where this costs one.
class Iteration<T> implements AsyncIterableIterator<T, undefined> {
  readonly #intake: Intake<T>;
  #isDone = false;

  constructor(intake: Intake<T>) {
    this.#intake = intake;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isDone) return Promise.resolve({ value: undefined, done: true });
    try {
      const value = this.#intake.now();
      if (value !== null) return Promise.resolve({ value, done: false });
    } catch (error) {
      this.#isDone = true;
      return Promise.reject(error);
    }
    return this.#soon();
  }

  async #soon(): Promise<IteratorResult<T, undefined>> {
    try {
      const value = await this.#intake.soon();
      if (value !== null) return { value, done: false };
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
    this.#isDone = true;
    return { value: undefined, done: true };
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#isDone = true;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
