// A lock space (memspan/locks): which names are held and asked for, by whom, as its table of claims says it. The bytes are
// explained in src/locks/claims.layout.ts.

import {
  CHUNK_WORDS,
  CHUNKS,
  Claim,
  countIn,
  epochIn,
  LOCKS_SIZE,
  PHASE_MASK,
  Phase,
  SHARED,
  SPACE_PARTICIPANTS,
  Space,
} from '../../locks/claims.layout.ts';
import { readName } from '../../locks/lock-name.ts';
import { idOf } from '../../span/participant.layout.ts';
import type { Who } from './attendance.ts';
import { counted, type Dissection, damaged, nameOf, type State, sentence } from './dissection.ts';
import type { Extent } from './streams.ts';

/** A request of somebody living for a lock. */
export interface LockClaim {
  readonly name: string;
  readonly who: Who;
  readonly mode: 'exclusive' | 'shared';
  /** 'stolen': its owner has lost it, and may not know it yet. */
  readonly phase: 'held' | 'pending' | 'stolen';
  readonly ticket: number;
}

export interface LockSpaceState extends State {
  readonly claims?: readonly LockClaim[];
}

export function lockSpaceState(found: Dissection, extent: Extent): LockSpaceState {
  if (extent.length !== LOCKS_SIZE) return damaged(`${extent.length} bytes are no lock space`);
  const claims = claimsIn(found, extent.offset);
  const held = claims.filter(({ phase }) => phase === 'held');
  const pending = claims.filter(({ phase }) => phase === 'pending');
  const some = held.slice(0, 4).map(({ name, who }) => `${name} by ${nameOf(who)}`);
  return {
    summary: sentence(
      `${counted(held.length, 'lock')} held${some.length > 0 ? `: ${some.join(', ')}` : ''}`,
      pending.length > 0 && `${pending.length} asked for`,
    ),
    facts: { held, pending, stolen: claims.filter(({ phase }) => phase === 'stolen') },
    claims,
  };
}

const PHASES: Record<number, LockClaim['phase']> = {
  [Phase.HELD]: 'held',
  [Phase.PENDING]: 'pending',
  [Phase.STOLEN]: 'stolen',
};

function claimsIn(found: Dissection, offset: number): LockClaim[] {
  const { words, view } = found;
  const base = offset / 4;
  const claims: LockClaim[] = [];
  const slots = Math.min(SPACE_PARTICIPANTS, view.geometry.participants);
  for (let slot = 0; slot < slots; slot++) {
    const summary = found.word(offset + 4 * (Space.summaries + slot));
    const count = countIn(summary);
    const who = count === 0 ? undefined : found.who(idOf(slot, epochIn(summary)));
    if (!who?.alive || !found.spend(count)) continue;
    for (let chunk = 0; chunk < count; chunk++) {
      const at = base + Space.claims + (slot * CHUNKS + chunk) * CHUNK_WORDS;
      const state = found.word(4 * at);
      const phase = PHASES[state & PHASE_MASK];
      const name = phase === undefined ? undefined : readName(words, at, chunk);
      const ticket = found.word(4 * (at + Claim.ticket));
      if (phase === undefined || name === undefined || found.word(4 * at) !== state) continue;
      const mode = (state & SHARED) !== 0 ? 'shared' : 'exclusive';
      claims.push({ name, who, mode, phase, ticket });
    }
  }
  return claims;
}
