// The ends of channels as Node streams (node:stream). What becomes of the end: streams.ts.

import { Duplex, Readable, Writable } from 'node:stream';
import { invalidArgument } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { Intake, Outlet, type ReadingEnd, type WritingEnd } from './streams.ts';

/** How a Node stream treats the messages. */
export interface NodeStreamOptions {
  /**
   * True: one chunk is one message. False: it is a stream of bytes, which Node may cut and join as it likes, and messages of 0
   * bytes vanish. Default: true for the values of a layout, false for bytes.
   */
  objectMode?: boolean | undefined;
  /** Bytes, or with `objectMode` messages, that it buffers. Default: Node's own. */
  highWaterMark?: number | undefined;
}

/** What is taken goes through the stream's buffer. */
export function nodeReadable<T>(reader: ReadingEnd<T>, options: NodeStreamOptions = {}): Readable {
  const filling = new Filling(reader);
  return new Readable({
    ...settings(reader, options),
    read() {
      filling.read(this);
    },
    destroy(error, done) {
      end(done, error, filling);
    },
  });
}

/** What is written is sent in its order, each chunk as a message. */
export function nodeWritable<S>(writer: WritingEnd<S>, options: NodeStreamOptions = {}): Writable {
  const pouring = new Pouring(writer);
  return new Writable({
    ...settings(writer, options),
    write: (chunk, _encoding, done) => pouring.write(chunk, done),
    final: (done) => pouring.final(done),
    destroy(error, done) {
      end(done, error, pouring);
    },
  });
}

/**
 * A Node `Duplex` of the reading end of one channel and the writing end of another; it closes both. Ending one side leaves the
 * other as it is. `options` are for both sides.
 */
export function duplex<T, S>(
  reader: ReadingEnd<T>,
  writer: WritingEnd<S>,
  options: NodeStreamOptions = {},
): Duplex {
  for (const [given, method] of [
    [reader, 'receiveAsync'],
    [writer, 'sendAsync'],
  ] as const) {
    if (typeof (given as unknown as Record<string, unknown> | undefined)?.[method] !== 'function')
      throw invalidArgument('duplex takes a reader and a writer of channels');
  }
  const filling = new Filling(reader);
  const pouring = new Pouring(writer);
  const readable = settings(reader, options);
  const writable = settings(writer, options);
  return new Duplex({
    readableObjectMode: readable.objectMode,
    writableObjectMode: writable.objectMode,
    ...(options.highWaterMark === undefined
      ? {}
      : {
          readableHighWaterMark: options.highWaterMark,
          writableHighWaterMark: options.highWaterMark,
        }),
    read() {
      filling.read(this);
    },
    write: (chunk, _encoding, done) => pouring.write(chunk, done),
    final: (done) => pouring.final(done),
    destroy(error, done) {
      end(done, error, filling, pouring);
    },
  });
}

/** Fills a Node stream's buffer. */
class Filling<T> {
  readonly #reader: ReadingEnd<T>;
  readonly #aborter = new AbortController();
  readonly #intake: Intake<T>;
  #isWanted = false;
  #isBusy = false;

  constructor(reader: ReadingEnd<T>) {
    this.#reader = reader;
    this.#intake = new Intake(reader, this.#aborter.signal);
  }

  /** The stream asks again while we fill: also from within `push`. */
  read(stream: Readable): void {
    this.#isWanted = true;
    if (!this.#isBusy) void this.#fill(stream);
  }

  async #fill(stream: Readable): Promise<void> {
    this.#isBusy = true;
    try {
      while (this.#isWanted && !stream.destroyed) {
        this.#isWanted = false;
        const message = this.#intake.now() ?? (await this.#intake.soon());
        if (stream.destroyed) break;
        const isNothing =
          !stream.readableObjectMode && (message as Uint8Array | null)?.length === 0;
        // A push of nothing is no answer to the stream's question.
        if (isNothing || stream.push(message)) this.#isWanted = message !== null;
      }
    } catch (error) {
      // Of one that was destroyed meanwhile it is what became of the pending call.
      stream.destroy(error as Error);
    }
    this.#isBusy = false;
  }

  end(): void {
    this.#aborter.abort();
    this.#reader.close();
  }
}

/** Sends what is written to a Node stream. */
class Pouring<S> {
  readonly #writer: WritingEnd<S>;
  readonly #aborter = new AbortController();
  readonly #outlet: Outlet<S>;

  constructor(writer: WritingEnd<S>) {
    this.#writer = writer;
    this.#outlet = new Outlet(writer, this.#aborter.signal);
  }

  write(chunk: S, done: (error?: Error | null) => void): void {
    let pending: Promise<void> | undefined;
    try {
      pending = this.#outlet.put(chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (pending === undefined) done();
    else pending.then(() => done(), done);
  }

  final(done: (error?: Error | null) => void): void {
    try {
      this.#writer.close();
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  end(): void {
    this.#aborter.abort();
    this.#writer.close();
  }
}

/** The first thing that went wrong is the stream's error. */
function end(
  done: (error?: Error | null) => void,
  error: Error | null,
  ...sides: readonly { end(): void }[]
): void {
  let first = error;
  for (const side of sides) {
    try {
      side.end();
    } catch (failure) {
      first ??= failure as Error;
    }
  }
  done(first);
}

function settings(
  { layout }: { readonly layout?: Layout | undefined },
  { objectMode = layout !== undefined, highWaterMark }: NodeStreamOptions,
): { objectMode: boolean; highWaterMark?: number } {
  return { objectMode, ...(highWaterMark === undefined ? {} : { highWaterMark }) };
}
