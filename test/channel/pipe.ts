// A channel in plain memory, to see what streams do to the ends of one: counts what is taken, and fails when it is told to.

import type { ReadingEnd, WritingEnd } from '../../src/index.ts';

export class Pipe<T> {
  readonly #room: number;
  readonly #messages: T[] = [];
  readonly #waiting: (() => void)[] = [];
  taken = 0;
  sent = 0;
  isEnded = false;
  isReaderClosed = false;
  failure: Error | undefined;

  constructor(room: number) {
    this.#room = room;
  }

  /** Ends it as a writer that is gone does. */
  fail(error: Error): void {
    this.failure = error;
    this.#changed();
  }

  readonly reader: ReadingEnd<T> = (() => {
    const pipe = this;
    return {
      get ended() {
        return pipe.isEnded && pipe.#messages.length === 0;
      },
      tryReceive: () => pipe.#take(),
      receiveAsync: ({ signal } = {}) =>
        pipe.#until(signal, () => {
          const message = pipe.#take();
          if (message !== null) return message;
          if (pipe.failure !== undefined) throw pipe.failure;
          if (pipe.isReaderClosed) throw new Error('the reader is closed');
          return pipe.isEnded ? null : undefined;
        }),
      close: () => {
        pipe.isReaderClosed = true;
        pipe.#changed();
      },
    };
  })();

  readonly writer: WritingEnd<T> = (() => {
    const pipe = this;
    return {
      trySend: (message) => pipe.#put(message),
      sendAsync: (message, { signal } = {}) =>
        pipe.#until(signal, () => pipe.#put(message) || undefined),
      close: () => {
        pipe.isEnded = true;
        pipe.#changed();
      },
    };
  })();

  #take(): T | null {
    const message = this.#messages.shift();
    if (message === undefined) return null;
    this.taken++;
    this.#changed();
    return message;
  }

  #put(message: T): boolean {
    if (this.isReaderClosed) throw new Error('nobody reads');
    if (this.isEnded) throw new Error('the writer is closed');
    if (this.#messages.length >= this.#room) return false;
    this.#messages.push(message);
    this.sent++;
    this.#changed();
    return true;
  }

  #changed(): void {
    for (const tell of this.#waiting.splice(0)) tell();
  }

  async #until<R>(signal: AbortSignal | undefined, look: () => R | undefined): Promise<R> {
    for (;;) {
      signal?.throwIfAborted();
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const tell = (): void => {
          signal?.removeEventListener('abort', tell);
          resolve();
        };
        this.#waiting.push(tell);
        signal?.addEventListener('abort', tell, { once: true });
      });
    }
  }
}
