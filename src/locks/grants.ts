// The protocol of claims.layout.ts: trying, publishing, stealing, and ringing those whom a change concerns.
//
// Other participants are seen in the table. What this thread itself holds and waits for is known without looking, and
// handed in as `Local`: the caller never tries for a claim that one of its own is in the way of.

import { add, compareExchange, load, store } from '../word/atomics.ts';
import type { ClaimTable, OwnClaim, Seen } from './claim-table.ts';
import { Claim, PHASE_MASK, Phase, SHARED, THIEF } from './claims.layout.ts';
import type { LockName } from './lock-name.ts';

/** So often a version may change under a try. Then others are granted theirs, or somebody hostile is at work. */
const TRIES_MAX = 64;

/** What this thread has to do with a name. */
export interface Local {
  readonly name: LockName;
  /** SHARED, 0 for exclusive, null when it holds no lock of that name. */
  readonly holds: number | null;
  /** The ticket of its first exclusive claim that is PENDING. */
  readonly firstExclusive: number | null;
}

const Try = { granted: 0, blocked: 1, lost: 2 } as const;
type Try = (typeof Try)[keyof typeof Try];

/** For a new request. True when it is granted; else the claim is PENDING. */
export function request(table: ClaimTable, claim: OwnClaim, local: Local): boolean {
  const look = tryOnce(table, claim, true);
  if (look === Try.granted) return true;
  publish(table, claim);
  return tryPending(table, claim, local, look === Try.lost);
}

/** Gives the claim its place in the order. It has to be tried after that. */
export function publish(table: ClaimTable, claim: OwnClaim): void {
  table.put(claim, Phase.PENDING);
  // step: claim-stored
  add(table.words, table.versionAt(claim.name), 1);
  // step: claim-published
}

/** For a claim that is PENDING. `wasLost`: others may have seen it HELD already. */
export function tryPending(
  table: ClaimTable,
  claim: OwnClaim,
  local: Local,
  wasLost = false,
): boolean {
  let isLost = wasLost;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const look = tryOnce(table, claim, true);
    if (look === Try.granted) return true;
    if (look === Try.blocked) break;
    // A thief may have found it HELD: but it was not.
    table.put(claim, Phase.PENDING);
    isLost = true;
  }
  // step: claim-backed-off
  if (isLost) ring(table, local);
  return false;
}

/** For a claim that has no place in the order: all who wait come before it. True when granted; else it is no claim. */
export function takeNow(table: ClaimTable, claim: OwnClaim, local: Local): boolean {
  let isLost = false;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const look = tryOnce(table, claim, false);
    if (look === Try.granted) return true;
    if (look === Try.blocked) break;
    store(table.words, claim.at, 0);
    isLost = true;
  }
  // step: claim-backed-off
  if (isLost) ring(table, local);
  return false;
}

/** Leaves the claim HELD when it is granted or lost. */
function tryOnce(table: ClaimTable, claim: OwnClaim, isQueued: boolean): Try {
  const { words } = table;
  const at = table.versionAt(claim.name);
  const version = load(words, at);
  if (isBlocked(table, claim, isQueued)) return Try.blocked;
  const next = (version + 1) | 0;
  words[claim.at + Claim.version] = next;
  table.put(claim, Phase.HELD);
  // step: claim-held
  if (compareExchange(words, at, version, next) !== version) return Try.lost;
  // step: claim-granted
  return Try.granted;
}

function isBlocked(table: ClaimTable, claim: OwnClaim, isQueued: boolean): boolean {
  const { name, shared, ticket } = claim;
  return table.scan(name, (seen) => {
    const phase = seen.state & PHASE_MASK;
    if (phase === Phase.STOLEN || (seen.state & shared & SHARED) !== 0) return false;
    // Tickets wrap: the difference tells which is earlier.
    if (phase === Phase.PENDING && isQueued && ((seen.ticket - ticket) | 0) > 0) return false;
    return lives(table, seen);
  });
}

function lives(table: ClaimTable, { id }: Seen): boolean {
  if (table.isAlive(id)) return true;
  table.forget(id);
  return false;
}

/** Takes the lock from whoever has it. False when a later thief has taken it from us already: ring, then. */
export function steal(table: ClaimTable, claim: OwnClaim): boolean {
  const { words } = table;
  table.put(claim, THIEF | Phase.HELD);
  // step: steal-stored
  const version = (add(words, table.versionAt(claim.name), 1) + 1) | 0;
  // step: steal-published
  words[claim.at + Claim.version] = version;
  let isBeaten = false;
  table.scan(claim.name, (seen) => {
    if ((seen.state & PHASE_MASK) !== Phase.HELD || !lives(table, seen)) return false;
    const isThief = (seen.state & THIEF) !== 0;
    if (isThief && ((seen.ticket - claim.ticket) | 0) > 0) isBeaten = true;
    else if (isThief || ((seen.version - version) | 0) < 0) rob(table, seen);
    return false;
  });
  // The later one may not have seen us, and is perhaps gone by now.
  if (isBeaten) compareExchange(words, claim.at, claim.state, claim.state | PHASE_MASK);
  // step: steal-done
  return load(words, claim.at) === claim.state;
}

function rob(table: ClaimTable, { id, at, state }: Seen): void {
  const stolen = state | PHASE_MASK;
  if (compareExchange(table.words, at, state, stolen) !== state) return;
  // step: steal-robbed
  table.waiting.ring(id);
}

/** After a claim of that name has gone, or only seemed to be held: those who can have it now shall look. */
export function ring(table: ClaimTable, { name, holds, firstExclusive }: Local): void {
  const pending: Seen[] = [];
  const held: Seen[] = [];
  table.scan(name, (seen) => {
    const phase = seen.state & PHASE_MASK;
    if (phase === Phase.PENDING) pending.push(seen);
    else if (phase === Phase.HELD) held.push(seen);
    return false;
  });
  if (pending.length === 0 || holds === 0) return;
  const isHeldBy = (shared: number): boolean =>
    held.some((seen) => (seen.state & SHARED) === shared && lives(table, seen));
  if (isHeldBy(0)) return;
  const living = pending.filter((seen) => lives(table, seen));
  const order = living.sort((a, b) => (a.ticket - b.ticket) | 0);
  const isBefore = ({ ticket }: Seen): boolean =>
    firstExclusive === null || ((ticket - firstExclusive) | 0) < 0;
  const exclusive = order.findIndex(({ state }) => (state & SHARED) === 0);
  const leading = (exclusive < 0 ? order : order.slice(0, exclusive)).filter(isBefore);
  if (leading.length === 0) {
    const first = order[exclusive];
    if (exclusive !== 0 || first === undefined || !isBefore(first)) return;
    if (holds !== null || isHeldBy(SHARED)) return;
    leading.push(first);
  }
  // step: ring-before
  for (const id of new Set(leading.map((seen) => seen.id))) table.waiting.ring(id);
}
