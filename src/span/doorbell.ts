// The doorbell: one sleeping native thread for all that this participant waits for asynchronously.
//
// While there are listeners, the doorbell sleeps on the participant's bell; whenever that is rung, somebody
// dies, or a slice is over, every listener looks at its own object. Pending waits keep the event loop open.

import { MemspanError } from '../errors.ts';
import { sleepAsync } from '../word/sleep.ts';
import type { Waiting } from './waiting.ts';

const TURNS_MAX = 64;

export interface Listener {
  /** Looks at its object and settles what can be settled; leaves the doorbell when it waits no more. */
  look(): void;
  /** The span is being closed, or its memory is gone: nothing more will come. It leaves. */
  end(error: unknown): void;
}

export class Doorbell {
  readonly #words: Int32Array;
  readonly #waiting: Waiting;
  readonly #listeners = new Set<Listener>();
  #sleeping: AbortController | undefined;

  constructor(words: Int32Array, waiting: Waiting) {
    this.#words = words;
    this.#waiting = waiting;
  }

  /** It looks after every ring from now on; at first it has to look itself. */
  add(listener: Listener): void {
    this.#listeners.add(listener);
    if (this.#sleeping === undefined) void this.#run();
  }

  delete(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.#sleeping?.abort();
  }

  /** Ends all that wait. */
  end(error: unknown): void {
    for (const listener of [...this.#listeners]) {
      this.#listeners.delete(listener);
      listener.end(error);
    }
    this.#sleeping?.abort();
  }

  async #run(): Promise<void> {
    try {
      for (let turn = 1; this.#listeners.size > 0; turn++) {
        // Somebody who rings without end must not keep the event loop from everything else.
        if (turn % TURNS_MAX === 0) await new Promise(setImmediate);
        const sleeping = new AbortController();
        this.#sleeping = sleeping;
        const { bell, news } = this.#waiting.before();
        for (const listener of [...this.#listeners]) listener.look();
        if (this.#listeners.size === 0) break;
        if (!(await this.#sleep(sleeping.signal, bell, news))) {
          this.#waiting.checkMemory();
          throw new MemspanError('ERR_MEMSPAN_CLOSED', {
            operation: 'span',
            cause: 'it was closed, or its memory is gone, while something waited',
            remedy: 'Close a span after the last wait',
          });
        }
      }
    } catch (error) {
      this.end(error);
    } finally {
      this.#sleeping = undefined;
    }
    // Somebody may have come between the last look at the listeners and the end.
    if (this.#listeners.size > 0) void this.#run();
  }

  async #sleep(signal: AbortSignal, bell: number, news: number): Promise<boolean> {
    const { bell: index, sliceMs, watch } = this.#waiting;
    try {
      return await sleepAsync(
        this.#words,
        index,
        bell,
        Number.POSITIVE_INFINITY,
        sliceMs,
        signal,
        watch,
        news,
      );
    } catch (error) {
      // The last listener has left.
      if (signal.aborted) return true;
      throw error;
    }
  }
}
