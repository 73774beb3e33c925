// The gate: a lifeline of the segment that everybody attached holds shared, and that is held exclusively for what may
// happen only while nobody is attached: to recover the span, to reset it, to take its name away.

import { MemspanError } from '../errors.ts';
import type { Lifeline } from '../segment/lifeline.ts';
import { load } from '../word/atomics.ts';
import { sleep } from '../word/sleep.ts';
import { Header } from './header.layout.ts';
import { ID_MASK } from './participant.layout.ts';
import type { SpanView } from './view.ts';

export const GATE = 0;

/** How long somebody alive may be alone in there before we say that they are in the way. */
export const GATE_WAIT_MS = 10_000;

export interface Request {
  readonly operation: string;
  readonly deadline: number;
  /** It must still be what the name leads to. Otherwise one that others are attached to will do. */
  readonly byName: boolean;
}

/**
 * Waits until it is ours; exclusively when nobody else has it. A slot's lifeline is only ever taken behind the
 * gate, so that one being held proves that somebody has been alone in there, and has seen to what was left.
 */
export function passGate(
  view: SpanView,
  { operation, deadline }: Request,
): { gate: Lifeline; alone: boolean } {
  const { segment, words } = view;
  for (;;) {
    const exclusive = segment.lifeline(GATE);
    if (exclusive !== null) return { gate: exclusive, alone: true };
    // step: gate-refused
    const shared = segment.lifeline(GATE, { shared: true });
    if (shared !== null) {
      if (segment.isHeld(1, ID_MASK)) return { gate: shared, alone: false };
      // Whoever was in there a moment ago has left, or died: nobody has looked at what is left behind.
      shared.release();
    }
    // Somebody is alone in there: to recover it, or to remove it.
    if (performance.now() > deadline) {
      throw new MemspanError('ERR_MEMSPAN_BUSY', {
        operation,
        object: segment.name,
        cause: `somebody has been recovering or removing it for ${GATE_WAIT_MS} ms, and may be paused`,
        remedy: 'Look for a stopped process that has it open, and continue or end it',
      });
    }
    sleep(words, Header.tickets, load(words, Header.tickets), 1, 1);
  }
}

/** The last one out takes the name along. Whoever attaches meanwhile finds it gone, and begins anew. */
export function unlinkIfLast(view: SpanView, mayUnlink: () => boolean = () => true): void {
  const { segment, lifetime, status } = view;
  // What was cut short under us is no longer ours to judge.
  if (lifetime !== 'last-close' || status[0] !== 0) return;
  const gate = segment.lifeline(GATE);
  if (gate === null) return;
  // step: close-before-unlink
  try {
    if (mayUnlink()) segment.unlink();
    // step: close-after-unlink
  } catch (error) {
    // Another user's span in a sticky directory: only its owner can.
    if (!(error instanceof MemspanError) || error.code !== 'ERR_MEMSPAN_PERMISSION') throw error;
  } finally {
    gate.release();
  }
}
