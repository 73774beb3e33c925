// Who can be seen waiting, to one of the threads: for models of what is first come, first served.
import type { Span } from '../../src/span/span.ts';

/** A bit for each thread that blocks on something, its cell visible by now. */
export function waitingNow(span: Span): number {
  const { id: mine, view } = span.attachment('model');
  let found = 0;
  [...view.ids()].forEach((id, thread) => {
    if (id !== mine && view.waitsOf(id, true).length > 0) found |= 1 << thread;
  });
  return found;
}

/** Whether that thread lives. */
export function lives(span: Span, thread: number): boolean {
  const { view } = span.attachment('model');
  return view.isAlive([...view.ids()][thread] ?? 0);
}

export function bits(mask: number): number[] {
  return Array.from({ length: 8 }, (_, bit) => bit).filter((bit) => (mask & (1 << bit)) !== 0);
}
