// Children that hold a mutex of a span, or wait for it, as a test tells them.
import type { MutexGuard, Span } from '../../src/index.ts';
import { type Child, startChild } from '../support/puppets.ts';

interface Own {
  span: Span;
  guard: MutexGuard;
}

export class Party {
  readonly child: Child;
  readonly #span: string;
  readonly #fair: boolean;

  private constructor(child: Child, span: string, fair: boolean) {
    this.child = child;
    this.#span = span;
    this.#fair = fair;
  }

  static async start(span: string, fair = false): Promise<Party> {
    return new Party(await startChild(), span, fair);
  }

  /** Blocks, or does not; resolves with ownerDied when it has the lock, with null when the time is over. */
  lock(how: 'lock' | 'lockAsync', timeoutMs?: number): Promise<boolean | null> {
    return this.child.run(
      async ({ memspan, kept }, name, fair, how, timeoutMs) => {
        const own = kept as unknown as Partial<Own>;
        own.span ??= memspan.Span.join(name);
        const guard = await own.span.mutex('m', { fair })[how]({ timeoutMs });
        if (guard === null) return null;
        own.guard = guard;
        return guard.ownerDied;
      },
      this.#span,
      this.#fair,
      how,
      timeoutMs,
    );
  }

  release(): Promise<void> {
    return this.child.run(({ kept }) => {
      (kept as unknown as Own).guard.release();
    });
  }

  /** Locks and releases for ever, without a pause. */
  contend(): Promise<never> {
    return this.child.run(({ kept }): never => {
      const { mutex } = (kept as unknown as Own).guard;
      for (;;) mutex.lock().release();
    });
  }
}
