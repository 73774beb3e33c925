// A sample for programs: one line of JSON. What is not known is null.

import { modeOf } from '../ls/fields.ts';
import type { Row, Sample } from './sampling.ts';

export function jsonOf({ at, seconds, shm, totals }: Sample, rows: readonly Row[]): string {
  return JSON.stringify({
    at,
    seconds: seconds ?? null,
    shm: shm ?? null,
    totals,
    items: rows.map(itemOf),
  });
}

function itemOf({ item, vitals, rates }: Row): Record<string, unknown> {
  const { name, kind, size, residentSize, user, mode, inode, isHeld, mappers } = item;
  return {
    name,
    kind,
    size,
    residentSize: residentSize ?? null,
    user,
    mode: modeOf(mode),
    inode: inode ?? null,
    isHeld: isHeld ?? null,
    pids: mappers.map(({ pid }) => pid),
    participants: vitals === undefined ? null : { alive: vitals.alive, dead: vitals.dead },
    waiting: vitals?.waiting ?? null,
    troubles: vitals?.troubles ?? [],
    operationsPerSecond: rates?.operations ?? null,
    bytesPerSecond: rates?.bytes ?? null,
    waitsPerSecond: rates?.waits ?? null,
    objects: [...(rates?.objects.values() ?? [])].map(({ name, kind, operations, bytes }) => ({
      name,
      kind,
      operationsPerSecond: operations,
      bytesPerSecond: bytes ?? null,
    })),
  };
}
