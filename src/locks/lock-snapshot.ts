// What `locks.query` tells: everybody's claims, as the table has them.
//
// A claim that is only tried looks as if it were held. Where that makes two holders of what only one can have, the
// look is repeated: one of them is about to step back, or is being stolen from.

import type { ClaimTable, Named } from './claim-table.ts';
import { PHASE_MASK, Phase, SHARED } from './claims.layout.ts';
import type { LockInfo, LockManagerSnapshot } from './lock.ts';
import type { LockRequest } from './lock-request.ts';

const LOOKS_MAX = 100;

export function snapshotOf(
  table: ClaimTable,
  unclaimed: readonly LockRequest[],
): LockManagerSnapshot {
  let all = table.all();
  for (let looks = 1; looks < LOOKS_MAX && isUnsettled(all); looks++) all = table.all();
  const who = describer(table);
  const inOrder = all.sort((a, b) => (a.ticket - b.ticket) | 0);
  const infos = (phase: number): LockInfo[] =>
    inOrder
      .filter(({ state }) => (state & PHASE_MASK) === phase)
      .map(({ id, name, state }) => who(id, name, (state & SHARED) !== 0));
  const late = unclaimed.map(({ order: { name, mode } }) => who(table.id, name, mode === 'shared'));
  return { held: infos(Phase.HELD), pending: [...infos(Phase.PENDING), ...late] };
}

function isUnsettled(all: readonly Named[]): boolean {
  const modes = new Map<string, number>();
  for (const { name, state } of all) {
    if ((state & PHASE_MASK) !== Phase.HELD) continue;
    const shared = state & SHARED;
    if (((modes.get(name) ?? SHARED) & shared) === 0 && modes.has(name)) return true;
    modes.set(name, shared);
  }
  return false;
}

type Describe = (id: number, name: string, isShared: boolean) => LockInfo;

function describer({ view }: ClaimTable): Describe {
  const known = new Map<number, Pick<LockInfo, 'clientId' | 'pid' | 'thread'>>();
  return (id, name, isShared) => {
    let client = known.get(id);
    if (client === undefined) {
      const info = view.participant(id);
      const { pid = 0, tid = 0, name: thread = '' } = info ?? {};
      client = { clientId: clientIdOf(pid, tid, id), pid, thread };
      known.set(id, client);
    }
    return { name, mode: isShared ? 'shared' : 'exclusive', ...client };
  };
}

/** A participant's id never comes back in its space, nor does the space while it lives. */
export function clientIdOf(pid: number, tid: number, id: number): string {
  return `${pid}-${tid}-${id}`;
}
