// One look at the machine, and what it says of a file.

import type fs from 'node:fs';
import type { CensusItem } from '../census.ts';
import { type Mappings, userName } from '../proc.ts';

export interface Look extends Mappings {
  readonly now: number;
  readonly dev: string | undefined;
  readonly openers: ReadonlyMap<string, readonly number[]>;
}

export type Facts = Omit<CensusItem, 'kind' | 'name'>;

/** What the kernel says of a file, and who maps it. */
export function factsOf(stat: fs.BigIntStats, { now, mapped, hidden }: Look): Facts {
  const inode = `${stat.dev}:${stat.ino}`;
  const uid = Number(stat.uid);
  return {
    size: Number(stat.size),
    residentSize: Number(stat.blocks) * 512,
    uid,
    gid: Number(stat.gid),
    user: userName(uid),
    mode: Number(stat.mode & 0o777n),
    modifiedAt: stat.mtime,
    ageMs: now - Number(stat.mtimeMs),
    inode,
    id: undefined,
    key: undefined,
    mappers: mapped.get(inode)?.mappers ?? [],
    hidden,
    isHeld: undefined,
    remark: undefined,
  };
}
