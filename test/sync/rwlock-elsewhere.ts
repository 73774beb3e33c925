// Another thread that reads or writes a lock of a span, as a test tells it.
import type { ReadGuard, Span, WriteGuard } from '../../src/index.ts';
import { type Puppet, startWorker } from '../support/puppets.ts';

type Guard = ReadGuard | WriteGuard;

export const worker: Puppet = await startWorker();

/** Takes the span's lock in the worker, and leaves the span with it, or keeps it. */
export function takeElsewhere(span: Span, use: 'read' | 'write', leaves: boolean): Promise<void> {
  return worker.run(
    ({ memspan, kept }, name, use, leaves) => {
      const theirs = memspan.Span.join(name);
      const guard = theirs.rwlock('l')[use]();
      if (leaves) theirs.close();
      else Object.assign(kept, { guard, theirs });
    },
    span.name as string,
    use,
    leaves,
  );
}

export function letGo(): Promise<void> {
  return worker.run(({ kept }) => {
    const { guard, theirs } = kept as unknown as { guard: Guard; theirs: Span };
    guard.release();
    theirs.close();
  });
}
