// Children that read or write a lock of a span, as a test tells them.
import type { ReadGuard, Span, WriteGuard } from '../../src/index.ts';
import { type Child, startChild } from '../support/puppets.ts';

interface Own {
  span: Span;
  guard: ReadGuard | WriteGuard;
}

export type How = 'read' | 'readAsync' | 'write' | 'writeAsync';

export class Party {
  readonly child: Child;
  readonly #span: string;

  private constructor(child: Child, span: string) {
    this.child = child;
    this.#span = span;
  }

  static async start(span: string): Promise<Party> {
    return new Party(await startChild(), span);
  }

  /** Resolves with ownerDied when it has the lock, with null when the time is over. */
  take(how: How, timeoutMs?: number): Promise<boolean | null> {
    return this.child.run(
      async ({ memspan, kept }, name, how, timeoutMs) => {
        const own = kept as unknown as Partial<Own>;
        own.span ??= memspan.Span.join(name);
        const guard = await own.span.rwlock('l')[how]({ timeoutMs });
        if (guard === null) return null;
        own.guard = guard;
        return guard.ownerDied;
      },
      this.#span,
      how,
      timeoutMs,
    );
  }

  release(): Promise<void> {
    return this.child.run(({ kept }) => {
      (kept as unknown as Own).guard.release();
    });
  }

  waits(span: Span): boolean {
    return span
      .threads()
      .some(({ pid, waitingOn }) => pid === this.child.pid && waitingOn.length > 0);
  }

  pause(): void {
    this.child.process.kill('SIGSTOP');
  }

  goOn(): void {
    this.child.process.kill('SIGCONT');
  }
}
