// Turns: the asynchronous calls of one end, in their order. The first is at work, the others wait until those
// before them have ended; who gives up while it waits leaves the order of the others as it is.

export class Turns {
  readonly #queue = new Set<Turn>();

  get isEmpty(): boolean {
    return this.#queue.size === 0;
  }

  /** A place at the end of the queue. Whoever takes it must end it. */
  join(): Turn {
    const turn = new Turn(this.#queue);
    this.#queue.add(turn);
    return turn;
  }
}

export class Turn {
  readonly #queue: Set<Turn>;
  #onFirst: (() => void) | undefined;

  constructor(queue: Set<Turn>) {
    this.#queue = queue;
  }

  get isFirst(): boolean {
    return first(this.#queue) === this;
  }

  /** True when it is first; false when the time (`performance.now`) is over before. Rejects when aborted. */
  comes(deadline: number, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (settled: () => void): void => {
        this.#onFirst = undefined;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        settled();
      };
      const onAbort = (): void => settle(() => reject(signal?.reason));
      const timer = startTimer(deadline, () => settle(() => resolve(false)));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#onFirst = () => settle(() => resolve(true));
    });
  }

  /** Leaves the queue. Who is first then is told, unless it knows already. */
  end(): void {
    this.#queue.delete(this);
    const next = first(this.#queue);
    if (next !== undefined) next.#onFirst?.();
  }
}

function first(queue: Set<Turn>): Turn | undefined {
  return queue.values().next().value;
}

const TIMER_MAX = 2 ** 31 - 1;

function startTimer(deadline: number, callback: () => void): NodeJS.Timeout | undefined {
  const leftMs = Math.max(0, deadline - performance.now());
  // The call before this one keeps the event loop alive. A timer cannot be set to 25 days and more.
  return leftMs > TIMER_MAX ? undefined : setTimeout(callback, leftMs);
}
