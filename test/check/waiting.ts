// Who can be seen waiting, to one of the threads: for models of what is first come, first served.
import type { Span } from '../../src/span/span.ts';

/**
 * The threads that block on that object and have their place in its order: their cells can be seen, and its word is
 * marked, in the highest bit. Before a waiter has marked it, or found it marked, it counts as coming in the same instant.
 */
export function waitingFor(span: Span, name: string): number[] {
  const { id: mine, view } = span.attachment('model');
  const entry = [...view.entries()].find((each) => each.name === name);
  if (entry === undefined) return [];
  const waits = (id: number): boolean =>
    id !== mine && view.waitsOf(id, true).some(({ offset }) => offset === entry.offset);
  const found = [...view.ids()].flatMap((id, thread) => (waits(id) ? [thread] : []));
  const isMarked = Atomics.load(view.words, entry.offset / 4) < 0;
  return isMarked ? found : [];
}

/** Whether that thread lives. */
export function lives(span: Span, thread: number): boolean {
  const { view } = span.attachment('model');
  return view.isAlive([...view.ids()][thread] ?? 0);
}
